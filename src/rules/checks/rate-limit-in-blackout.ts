/**
 * Between the decision and the end of the downtime nothing may wait for
 * bandwidth: the guest stands still. The window runs from the later one of
 * src-downtime-start and the decision, for under CPR the VM is stopped before
 * the first iteration.
 */
import type { Moment } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, violated } from '../rule.ts';

export const rateLimitInBlackout = defineRule({
  id: 'rate-limit-in-blackout',
  severity: 'warning',
  title: 'The rate limit is in force while the guest stands still',
  demands: 'From the stop of the VM to the end of the downtime the migration thread does not wait for its rate limit.',
  why: 'Every wait, of up to 100 ms, adds to the downtime.',
  needs: ['migration_rate_limit_pre', 'vmstate_downtime_checkpoint'],
  qemu: { function: 'migration_rate_limit', versions: '8.2 and later' },
  limits: 'Both ends of the downtime and the decision must be in the log.',
  bugs: [{ commit: '40004007e6', what: 'the rate limit stayed on in the blackout of postcopy' }],
  reads: ['migration_rate_limit_pre', 'vmstate_downtime_checkpoint', 'migration_thread_low_pending', 'postcopy_start'],
  begin: (migration) => {
    let started: Moment | undefined;
    let decided = false;
    let first: Moment | undefined;
    let count = 0;
    // 8.2 to 9.2 end the downtime of postcopy once more, with waits in between that are right.
    const close = (from: Moment): Judgement | undefined => {
      started = undefined;
      // With the event off nothing shows a wait.
      return migration.saw('migration_rate_limit_pre') ? judge(first, count, from) : undefined;
    };
    return {
      awaits: () => started !== undefined,
      event: ({ event, at }) => {
        switch (event.name) {
          case 'migration_thread_low_pending':
          case 'postcopy_start':
            decided = true;
            count = 0;
            first = undefined;
            return undefined;
          case 'migration_rate_limit_pre':
            count += 1;
            first ??= at;
            return undefined;
          case 'vmstate_downtime_checkpoint':
            if (event.args.checkpoint === 'src-downtime-start') {
              started = at;
              count = 0;
              first = undefined;
            }
            if (event.args.checkpoint !== 'src-downtime-end' || started === undefined || !decided) return undefined;
            return close(started);
          default:
            return undefined;
        }
      },
      end: () =>
        migration.saw('migration_rate_limit_pre')
          ? notApplicable('the log does not show the downtime from its start to its end')
          : notApplicable('the log shows no wait for the rate limit'),
    };
  },
});

function judge(first: Moment | undefined, count: number, started: Moment): Judgement {
  if (first === undefined) return pass('nothing waited for bandwidth in the blackout');
  return violated({
    message: `the migration thread waited ${count} time${count === 1 ? '' : 's'} for its rate limit in the blackout`,
    expected: 'no migration_rate_limit_pre between src-downtime-start and src-downtime-end',
    actual: `${count} of them`,
    evidence: [first.place, started.place],
  });
}
