/** The line of a patch that a remark belongs under. */
import type { CodeLine } from '../code/image.ts';
import type { Op, Path, Paths } from '../code/paths.ts';
import type { FunctionChange } from './model.ts';
import type { ScenarioId } from './scenarios.ts';

const ALL: readonly ScenarioId[] = ['final', 'exact', 'estimate', 'exact-in-postcopy', 'switchover'];

/** The line of an op; unseen code has none. */
export const lineOf = (op: Op | undefined): CodeLine | undefined =>
  op === undefined || op.kind === 'unseen' ? undefined : op.line;

/** Where the function lost an op that it had: the condition that now keeps it away, or the line that was deleted. */
export function lostAt(change: FunctionChange, path: Path, wanted: (op: Op) => boolean): CodeLine | undefined {
  return keptAwayAt(change, path, wanted) ?? deletedAt(change, wanted) ?? change.changed[0];
}

/** The changed branch of the path behind which the op stands on another path, or before which the path ends. */
function keptAwayAt(change: FunctionChange, path: Path, wanted: (op: Op) => boolean): CodeLine | undefined {
  const branches = path.ops.flatMap((op) => (op.kind === 'branch' && op.line.changed ? [op.line] : []));
  const place = ALL.map((id) => find(change.after(id), wanted)).find((line) => line !== undefined);
  const before = branches.filter((line) => place === undefined || !isBehind(line, place));
  const ending = path.ops.findLast(({ kind }) => kind === 'return');
  const ended =
    ending?.kind === 'return' && ending.line.changed
      ? before.findLast((line) => !isBehind(line, ending.line))
      : undefined;
  return ended ?? before.at(-1);
}

const isBehind = (a: CodeLine, b: CodeLine): boolean =>
  a.file === b.file && (a.hunk > b.hunk || (a.hunk === b.hunk && a.hunkLine > b.hunkLine));

/** The deleted line, or the directive that now leaves it out. */
export function deletedAt(change: FunctionChange, wanted: (op: Op) => boolean): CodeLine | undefined {
  const deleted = ALL.map((id) => find(change.before(id), (op) => wanted(op) && lineOf(op)?.changed === true));
  return deleted.find((line) => line !== undefined) ?? change.changed.find(({ text }) => text.startsWith('#'));
}

function find(paths: Paths | undefined, wanted: (op: Op) => boolean): CodeLine | undefined {
  for (const { ops } of paths?.paths ?? []) {
    const line = lineOf(ops.find(wanted));
    if (line !== undefined) return line;
  }
  return undefined;
}

/** The op's own line where the patch changed it, else the changed line nearest to it, else its own. */
export function madeAt(change: FunctionChange, op: Op): CodeLine | undefined {
  const own = lineOf(op);
  if (own === undefined || own.changed) return own;
  const near = change.changed
    .filter((line) => line.file === own.file && line.hunk === own.hunk)
    .sort((a, b) => Math.abs(a.hunkLine - own.hunkLine) - Math.abs(b.hunkLine - own.hunkLine))[0];
  return near ?? change.changed[0] ?? own;
}
