/**
 * An attempt that ends with the VM running switches the dirty log off, and the
 * next one switches it on again. An attempt that finds it on prints no
 * global_dirty_changed: then the one before has not cleaned up.
 */
import { defineRule, type Judgement, notApplicable, pass, violated } from '../rule.ts';

export const dirtyLogLeftOn = defineRule({
  id: 'dirty-log-left-on',
  severity: 'warning',
  title: 'An attempt begins with the dirty log of the one before still on',
  demands: 'A migration that ends with the VM running switches the dirty log off.',
  why: 'The guest goes on paying for dirty logging, and the next attempt asserts or starts from an old bitmap.',
  needs: ['global_dirty_changed', 'savevm_state_setup', 'runstate_set'],
  qemu: { function: 'memory_global_dirty_log_start', versions: 'all' },
  limits: 'Two attempts must be in one log, with the VM seen running before the second.',
  bugs: [
    { commit: 'a5c90c61a1', what: 'a second migration after a cancelled one failed an assertion on the dirty log' },
  ],
  reads: ['global_dirty_changed', 'savevm_state_setup', 'migration_thread_setup_complete'],
  begin: (migration) => {
    const before = migration.dirtyLogBefore;
    let inSetup = false;
    let switchedOn = false;
    return {
      event: ({ event, at }): Judgement | undefined => {
        if (event.name === 'savevm_state_setup') inSetup = true;
        if (event.name === 'global_dirty_changed') switchedOn ||= (Number(event.args.bitmask) & 1) === 1;
        if (event.name !== 'migration_thread_setup_complete' || !inSetup || !migration.startSeen) return undefined;
        if (switchedOn) return pass('the setup switched the dirty log on');
        if (before === undefined) return undefined;
        return violated({
          message: 'the attempt began with the dirty log still on',
          expected: 'global_dirty_changed bitmask 0x0 at the end of the attempt before',
          actual: 'the setup of this one did not switch it on',
          evidence: [before, at.place],
        });
      },
      end: () => notApplicable('the log does not show an attempt behind another'),
    };
  },
});
