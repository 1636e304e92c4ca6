/**
 * QEMU 8.2 to 9.2 ends the downtime of a postcopy migration twice: at the
 * switchover, and again when the migration completes. Newer ones still do when
 * the first downtime was below 1 ms: migration_downtime_end() takes 0 ms for
 * unset. The second one is wrong; whoever reads the checkpoints takes the first.
 */
import type { Moment, ProtocolEvent } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, violated } from '../rule.ts';

export const downtimeEndRepeated = defineRule({
  id: 'downtime-end-repeated',
  severity: 'warning',
  title: 'The end of the downtime is traced twice',
  demands: 'A migration has one src-downtime-end: where the source has handed the guest over.',
  why: 'A tool that takes the last one reports a postcopy downtime that is as long as the whole postcopy phase.',
  needs: ['vmstate_downtime_checkpoint'],
  qemu: { function: 'migration_downtime_end', versions: '8.2 and later' },
  limits:
    'Only the first end counts as the downtime here. Newer versions trace a second one only where the first downtime was below 1 ms: query-migrate then reports the second.',
  bugs: [{ commit: '812145fcf7', what: 'up to 9.2 postcopy ended the downtime again at its completion' }],
  reads: ['vmstate_downtime_checkpoint'],
  begin: (migration) => {
    let end: Moment | undefined;
    return {
      event: ({ event, at, switchover }) => {
        if (event.name !== 'vmstate_downtime_checkpoint') return undefined;
        const { checkpoint } = event.args;
        if (checkpoint === 'src-downtime-start') end = undefined;
        if (checkpoint !== 'src-downtime-end' || migration.kind === 'colo') return undefined;
        const first = end;
        end ??= at;
        return first === undefined ? pass('the downtime ended once') : repeated(first, at, switchover);
      },
      end: () => notApplicable('the log shows no src-downtime-end'),
    };
  },
});

function repeated(first: Moment, second: Moment, switchover: ProtocolEvent['switchover']): Judgement | undefined {
  if (switchover !== undefined) return undefined;
  return violated({
    message: 'src-downtime-end was traced again after the downtime had ended',
    expected: 'one src-downtime-end behind src-downtime-start',
    actual: 'a second one, without a src-downtime-start in between',
    evidence: [second.place, first.place],
  });
}
