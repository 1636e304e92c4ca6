/**
 * After a migration the guest lives on the other host. The source stays in the
 * runstate postmigrate, and QEMU refuses to migrate from there.
 */
import type { Moment } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, selfEvident } from '../rule.ts';

export const migratedInPostmigrate = defineRule({
  id: 'migrated-in-postmigrate',
  severity: 'warning',
  title: 'A VM that has been migrated away is migrated again',
  demands: 'A migration does not start from the runstate postmigrate.',
  why: 'The guest already runs elsewhere: what is sent is old, and its disks may belong to the other host.',
  needs: ['runstate_set'],
  qemu: { function: 'migrate_prepare', versions: 'all' },
  limits: 'Seen where the switchover leaves postmigrate for finish-migrate.',
  bugs: [{ commit: '36d0fe6516', what: 'a migration in postmigrate was not refused' }],
  reads: ['runstate_set'],
  begin: () => ({
    event: ({ event, at }) => {
      if (event.name !== 'runstate_set' || event.args.new_state_str !== 'finish-migrate') return undefined;
      const from = event.args.current_state_str;
      return from === 'postmigrate' ? again(at) : pass(`the VM was ${from} before its switchover`);
    },
    end: () => notApplicable('the log shows no switchover'),
  }),
});

function again({ place }: Moment): Judgement {
  return selfEvident({
    message: 'the switchover began in the runstate postmigrate',
    expected: 'a VM that was not migrated away before',
    actual: 'current_run_state postmigrate',
    evidence: [place],
  });
}
