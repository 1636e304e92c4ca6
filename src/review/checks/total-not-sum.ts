import type { CodeLine } from '../code/image.ts';
import type { Op, Path } from '../code/paths.ts';
import { defineCheck, finalEntries, remarkAt, when } from '../model/check.ts';
import { breachOf, type Holds } from '../model/compare.ts';
import { lineOf, madeAt } from '../model/guilt.ts';
import { callsChangedCore, type FunctionChange, type SeriesModel } from '../model/model.ts';
import { CORE_QUERY, isTotalStore } from '../model/names.ts';
import { behind } from '../model/orders.ts';
import { faultOf, leftIn } from '../model/totals.ts';
import type { Remark } from '../series.ts';

const sums = (path: Path): Holds => {
  const left = leftIn(path, isTotalStore);
  return left !== undefined && faultOf(left.value) !== undefined ? 'no' : 'yes';
};

export const totalNotSum = defineCheck({
  id: 'total-not-sum',
  what: 'What is stored as total_bytes is not precopy_bytes + stopcopy_bytes + postcopy_bytes.',
  why: 'The switchover is decided by the total: what is not in it is sent in the downtime all the same.',
  limits: 'A sum that a function makes which the series does not show is not judged.',
  run: (model) => [...wrongSum(model), ...toldBefore(model)],
});

function wrongSum(model: SeriesModel): readonly Remark[] {
  return finalEntries(model, (change) => !callsChangedCore(model, change)).flatMap((change) => {
    for (const id of ['exact', 'final', 'estimate'] as const) {
      const breach = breachOf(change.before(id), change.after(id), sums);
      const left = breach === undefined ? undefined : leftIn(breach.path, isTotalStore);
      const fault = left === undefined ? undefined : faultOf(left.value);
      if (breach === undefined || left === undefined || fault === undefined || !hasThreeParts(model)) continue;
      // It is told of the function that adds up.
      if (left.ops.every((op) => lineOf(op)?.file !== change.file)) continue;
      const sure = breach.conditions.length === 0;
      return remarkAt(model, placeOf(change, left.ops.map(lineOf)), {
        rule: 'total-not-sum',
        severity: sure ? 'error' : 'warning',
        confidence: sure ? 'certain' : 'possible',
        message: `The total is not the sum of its three parts any more${when(breach.conditions)}: ${faultText(fault)}.`,
        reason: `What total_bytes holds at the end of ${change.name}() is worked out from its assignments.`,
      });
    }
    return [];
  });
}

/** The event tells the total before it is summed up. */
function toldBefore(model: SeriesModel): readonly Remark[] {
  const isEvent = (op: Op): boolean => op.kind === 'call' && op.name === `trace_${CORE_QUERY}`;
  const isStore = (op: Op): boolean => op.kind === 'assign' && isTotalStore(op.target);
  const holds = (path: Path): Holds => (behind(path, isEvent, isStore) === undefined ? 'yes' : 'no');
  return finalEntries(model, ({ name }) => name === CORE_QUERY).flatMap((change) => {
    const breach = breachOf(change.before('exact'), change.after('exact'), holds);
    const event = breach?.path.ops.find(isEvent);
    if (breach === undefined || event === undefined || breach.conditions.length > 0) return [];
    return remarkAt(model, madeAt(change, event), {
      rule: 'total-not-sum',
      severity: 'error',
      confidence: 'certain',
      message: 'The event is written before the total is summed up: traces show a total that is none of its parts.',
      reason: `The order of the two in ${change.name}().`,
    });
  });
}

/** A base in which the answer has no stopcopy part yet sums up two. */
function hasThreeParts({ series }: SeriesModel): boolean {
  return series.patches.some(({ files }) =>
    files.some(({ hunks }) => hunks.some(({ lines }) => lines.some(({ text }) => /\bstopcopy_bytes\b/.test(text)))),
  );
}

function placeOf(change: FunctionChange, lines: readonly (CodeLine | undefined)[]): CodeLine | undefined {
  const part = change.changed.filter(({ text }) => /(?:precopy|stopcopy|postcopy|total)_bytes/.test(text));
  return lines.findLast((line) => line?.changed === true) ?? part[0] ?? change.changed[0];
}

function faultText({
  missing,
  wrong,
}: {
  readonly missing: readonly string[];
  readonly wrong: readonly string[];
}): string {
  const parts = [
    ...(missing.length > 0 ? [`${missing.map((part) => `${part}_bytes`).join(' and ')} left out`] : []),
    ...(wrong.length > 0 ? [`${wrong.map((part) => `${part}_bytes`).join(' and ')} not counted once`] : []),
  ];
  return parts.join(', ');
}
