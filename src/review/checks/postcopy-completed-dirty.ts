import type { Paths } from '../code/paths.ts';
import { defineCheck, entries, remarkAt } from '../model/check.ts';
import { ITERATION } from '../model/names.ts';
import { PARTS, partsNamed } from '../model/totals.ts';

export const postcopyCompletedDirty = defineCheck({
  id: 'postcopy-completed-dirty',
  what: 'Postcopy ends when a part of what is pending is sent.',
  why: 'Pages that the other parts count are never sent: the destination waits for them for ever, or reads old memory.',
  limits: 'Only a figure that is tested for zero by itself is read, in the functions of the iteration.',
  run: (model) =>
    entries(model, ({ name }) => ITERATION.test(name)).flatMap((change) => {
      const [before, after] = [zerosIn(change.before('switchover')), zerosIn(change.after('switchover'))];
      const part = after.find((one) => one !== 'total' && !before.includes(one));
      const isWhole = after.includes('total') || PARTS.every((one) => after.includes(one));
      if (part === undefined || !before.includes('total') || isWhole) return [];
      const line = change.changed.find(({ text }) => text.includes(`${part}_bytes`));
      return remarkAt(model, line ?? change.changed[0], {
        rule: 'postcopy-completed-dirty',
        severity: 'error',
        confidence: 'likely',
        message: `Postcopy ends here when ${part}_bytes is 0, whatever the other parts are: pages that they count are never sent.`,
        reason: `${change.name}() tested the total before.`,
      });
    }),
});

/** The figures that a condition tests alone. */
function zerosIn(paths: Paths | undefined): readonly string[] {
  const keys = new Set((paths?.paths ?? []).flatMap(({ decisions }) => [...decisions.keys()]));
  return [...keys].flatMap((key) => (/^[\w.@]+$/.test(key) ? partsNamed(key) : []));
}
