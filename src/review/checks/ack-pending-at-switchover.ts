import type { CodeLine } from '../code/image.ts';
import type { Path, Paths } from '../code/paths.ts';
import { defineCheck, entries, remarkAt } from '../model/check.ts';
import { everyPath } from '../model/compare.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { isMigration } from '../model/names.ts';
import type { Remark } from '../series.ts';

export const ackPendingAtSwitchover = defineCheck({
  id: 'ack-pending-at-switchover',
  what: 'The switchover no longer waits for, or no longer fails on, acks that are still missing.',
  why: 'A device on the destination is not ready yet: its load takes the downtime, or fails.',
  limits: 'A condition counts as one on acks by its name only.',
  run: (model) => [...ignored(model), ...noLongerFails(model)],
});

const IS_ACK = /can_switchover|switchover_ack|acks?_pending|pending_acks?|_acks?(?:_num|_count)?$/i;
/** A wait for the ack, or a check of what the final query has collected. */
const acks = (paths: Paths | undefined): readonly string[] => [
  ...new Set((paths?.paths ?? []).flatMap(({ decisions }) => [...decisions.keys()]).filter((key) => IS_ACK.test(key))),
];

function ignored(model: SeriesModel): readonly Remark[] {
  return entries(model, ({ path }) => isMigration(path)).flatMap((change) => {
    const [pre, post] = [change.before('switchover'), change.after('switchover')];
    if (pre === undefined || post === undefined || post.truncated || pre.truncated) return [];
    if (acks(pre).length === 0 || acks(post).length > 0 || addsAck(model, change)) return [];
    const line = change.changed.find(({ text }) => IS_ACK.test(text));
    return remarkAt(model, line ?? change.changed[0], {
      rule: 'ack-pending-at-switchover',
      severity: 'error',
      confidence: 'likely',
      message:
        'Whether switchover acks are still missing is not looked at here any more: the migration goes on though a device of the destination is not ready.',
      reason: `${change.name}() decided on it before, and the series adds no such condition elsewhere.`,
    });
  });
}

function addsAck({ changes }: SeriesModel, than: FunctionChange): boolean {
  const isAdded = ({ text, ...line }: CodeLine): boolean =>
    IS_ACK.test(text) && line.changed && /\bif\b|=|\?/.test(text);
  return changes.some(
    ({ name, changed, new: fresh }) =>
      name !== than.name && fresh !== undefined && changed.some((line) => isAdded(line) && !isDeleted(than, line)),
  );
}

const isDeleted = (change: FunctionChange, line: CodeLine): boolean => change.changed.includes(line);

/** The condition is still there, and does not stop the switchover any more. */
function noLongerFails(model: SeriesModel): readonly Remark[] {
  return entries(model, ({ path, inQuery }) => !inQuery && isMigration(path)).flatMap((change) => {
    const [pre, post] = [change.before('switchover'), change.after('switchover')];
    if (pre === undefined || post === undefined || pre.truncated || post.truncated) return [];
    for (const key of acks(pre)) {
      for (const is of [true, false]) {
        const stops = (path: Path): boolean => path.returns && endsBehind(path, key);
        const before = taking(pre, key, is);
        const after = taking(post, key, is);
        if (before.paths.length === 0 || after.paths.length === 0) continue;
        if (!everyPath(before, stops) || !everyPath(after, (path) => !stops(path))) continue;
        const line =
          change.changed.find(({ text }) => /return|goto|error_setg|warn_report/.test(text)) ?? change.changed[0];
        return remarkAt(model, line, {
          rule: 'ack-pending-at-switchover',
          severity: 'error',
          confidence: 'certain',
          message: 'With acks still missing the switchover does not fail here any more, it goes on.',
          reason: `${change.name}() returned on this condition before (${key}).`,
        });
      }
    }
    return [];
  });
}

const taking = (paths: Paths, key: string, is: boolean): Paths => ({
  ...paths,
  paths: paths.paths.filter(({ decisions }) => decisions.get(key) === is),
});

/** The return is a changed or early one: unseen code does not follow it. */
function endsBehind({ ops, decisions }: Path, key: string): boolean {
  return decisions.has(key) && ops.at(-1)?.kind === 'return';
}
