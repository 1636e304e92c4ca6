/**
 * Whoever listens to a migration (VFIO, virtio-net, vhost, spice) is told once
 * that it is done or that it failed, and of a failure before the guest runs
 * again. Under COLO a failover tells both, each once.
 */
import type { Moment } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, violated } from '../rule.ts';

const SETUP = 0;
const DONE = 2;
const FAILED = 3;

export const notifierRepeated = defineRule({
  id: 'notifier-repeated',
  severity: 'warning',
  title: 'The end of the migration is told twice, or a failure after the guest runs',
  demands: 'migration_call_notifiers tells done or failed once, and failed before the VM is started again.',
  why: 'A device that is told twice undoes its own recovery, and one that is told late has lost its backend while the guest uses it.',
  needs: ['migration_call_notifiers'],
  qemu: { function: 'migration_call_notifiers', versions: '11.1' },
  limits: 'Types 2 (done) and 3 (failed) are judged.',
  bugs: [
    { commit: '2bce143a7c', what: 'done or failed was told twice' },
    { commit: '6f5bc070fd', what: 'a failure was told after the VM had been started' },
  ],
  reads: ['migration_call_notifiers', 'runstate_set'],
  begin: () => {
    const told = new Map<number, Moment>();
    let running: Moment | undefined;
    return {
      event: ({ event, at, state }) => {
        if (event.name === 'runstate_set') {
          const { current_state_str: from, new_state_str: to } = event.args;
          if (to === 'running' && from === 'finish-migrate' && isOver(state)) running = at;
          return undefined;
        }
        if (event.name !== 'migration_call_notifiers') return undefined;
        const type = Number(event.args.type);
        if (type === SETUP) {
          // Where no state is logged two attempts look like one: each begins with this call.
          told.clear();
          running = undefined;
        }
        if (type !== DONE && type !== FAILED) return undefined;
        const before = told.get(type);
        told.set(type, at);
        if (before !== undefined) return repeated(type, at, before);
        return type === FAILED && running !== undefined && told.size === 1 ? late(at, running) : pass('told once');
      },
      end: () => notApplicable('no migration_call_notifiers tells the end'),
    };
  },
});

/** Under COLO the VM runs again, too, and nothing has failed. */
function isOver(state: string | undefined): boolean {
  return state === 'failing' || state === 'failed' || state === 'cancelling' || state === 'cancelled';
}

function repeated(type: number, at: Moment, before: Moment): Judgement {
  return violated({
    message: `the notifiers were told ${type === DONE ? 'done' : 'failed'} (type=${type}) twice`,
    expected: 'one call of each type at the end of a migration',
    actual: 'a second call',
    evidence: [at.place, before.place],
  });
}

function late(at: Moment, running: Moment): Judgement {
  return violated({
    message: 'the notifiers were told of the failure after the VM was started again',
    expected: 'migration_call_notifiers type=3 before the runstate goes back to running',
    actual: 'the VM runs before',
    evidence: [at.place, running.place],
  });
}
