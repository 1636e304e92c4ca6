/**
 * Before RAM sends a page it clears KVM's dirty log of the chunk around it, so
 * that the next sync finds new writes. After the last sync none comes, and each
 * clear write-protects memory for nothing while the guest waits. The final
 * query marks that sync as the last one. The thread that sends RAM holds the
 * BQL from there on: no display clears the log in between.
 */
import { plural } from '../../base/text.ts';
import type { Moment, Query, Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, violated } from '../rule.ts';
import { describeSwitchover, places } from '../shared.ts';

export const logClearInBlackout = defineRule({
  id: 'log-clear-in-blackout',
  severity: 'info',
  title: 'The dirty log is cleared after the final query',
  demands: 'After the sync of the final query no dirty log is cleared until the switchover is over.',
  why: 'Each clear costs downtime, and nothing reads the log any more.',
  needs: ['kvm_clear_dirty_log', 'qemu_savevm_query_pending'],
  qemu: { function: 'migration_bitmap_clear_dirty', versions: '10.1 and later; judged where final queries are' },
  limits:
    'Only KVM without a dirty ring clears a log. Logs of 8.0 to 11.0 do not tell whether they come from before 10.1.',
  bugs: [
    { commit: 'fd0377150d', what: 'the last round of RAM cleared the dirty log of all that it sent (fixed in 10.1)' },
  ],
  reads: ['kvm_clear_dirty_log'],
  begin: (migration) => {
    let last: Clears | undefined;
    return {
      kinds: ['final'],
      queryMade: (query) => {
        const { kind, switchover } = query;
        if (kind === 'final' && switchover !== undefined && last?.switchover !== switchover) {
          last = { switchover, query, count: 0, first: undefined, last: undefined };
        }
        return undefined;
      },
      event: ({ at, switchover }) => {
        if (last === undefined || last.switchover !== switchover || at.thread !== last.query.at.thread)
          return undefined;
        last.count += 1;
        last.first ??= at;
        last.last = at;
        return undefined;
      },
      switchover: (switchover) => {
        if (last?.switchover !== switchover.index || !migration.saw('kvm_clear_dirty_log')) return undefined;
        return judge(switchover, last);
      },
      end: () => {
        if (!migration.saw('kvm_clear_dirty_log')) return notApplicable('no kvm_clear_dirty_log in the log');
        return notApplicable('no final query was made in a switchover');
      },
    };
  },
});

/** The clears behind the first final query of a switchover. */
interface Clears {
  readonly switchover: number;
  readonly query: Query;
  count: number;
  first: Moment | undefined;
  last: Moment | undefined;
}

function judge(switchover: Switchover, { query, count, first, last }: Clears): Judgement {
  if (first === undefined) return pass('the dirty log was not cleared after the final query');
  const { ns: begin } = first;
  const end = last?.ns;
  const time = begin === undefined || end === undefined ? '' : ` within ${Math.round((end - begin) / 1000)} µs`;
  return violated({
    message: `${plural(count, 'clear')} of the dirty log${time} after the final query of a ${describeSwitchover(switchover)}`,
    expected: 'no kvm_clear_dirty_log between the final query and the end of the switchover',
    actual: `${count} of them`,
    evidence: [first.place, ...places(count > 1 ? last?.place : undefined, query.at.place)],
  });
}
