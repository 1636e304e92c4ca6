/** The protocol: its differences in words, then the two sequences side by side. */
import { plural } from '../../../base/text.ts';
import { wrap } from '../../../report/renderers/text/layout.ts';
import type { Page } from '../../../report/renderers/text/page.ts';
import type { Diff, PairReport, StepDiff } from '../../diff.ts';
import { type Cell, notShown, type SequenceRow, sequenceRows } from '../words/sequence.ts';
import { plain, plainClip } from './plain.ts';

const MAX_CHANGES = 20;
const MAX_PAIRS = 10;
const CELL = 46;
const SYMBOL: Readonly<Record<StepDiff['change'], string>> = {
  same: '|',
  changed: '*',
  'base-only': '<',
  'head-only': '>',
};

export function protocolSections(diff: Diff, page: Page): readonly (readonly string[])[] {
  const shown = diff.pairs.slice(0, MAX_PAIRS);
  const more = diff.pairs.length - shown.length;
  return [
    ...shown.flatMap((pair) => pairSections(diff, pair, page)),
    more > 0 ? [`${plural(more, 'more pair')} of migrations; --format json has their steps`] : [],
  ];
}

function pairSections(diff: Diff, pair: PairReport, page: Page): readonly (readonly string[])[] {
  const changes = diff.changes.filter((change) => change.pair === pair.pair);
  const own = diff.steps.filter((step) => step.pair === pair.pair);
  const both = plural(own.filter(({ notShown }) => !notShown).length, 'step');
  const same = `  the same ${both} in the same order${own.some(({ notShown }) => notShown) ? ', as far as both logs show them' : ''}`;
  const more = changes.length - MAX_CHANGES;
  const title = `Protocol${diff.pairs.length > 1 ? ` of migration ${pair.base.index} / ${pair.head.index}` : ''}`;
  const sentences = changes.slice(0, MAX_CHANGES).flatMap(({ text }) => wrap(plain(text), '  - ', '    '));
  const hidden = pair.pair === 0 ? notShown(diff) : [];
  const words = [
    page.heading(title),
    ...kindLines(pair),
    ...(changes.length === 0 ? [same] : sentences),
    ...(more > 0 ? [`  - ${plural(more, 'more change')}; --format json lists all`] : []),
    ...hidden.flatMap((line) => wrap(plain(line), '  ', '    ')),
  ];
  const rows = sequenceRows(diff, pair.pair, page.verbose);
  const differs = rows.some((row) => row.kind === 'step');
  return [words, differs ? sequenceLines(rows, page) : []];
}

function kindLines({ base, head }: PairReport): readonly string[] {
  const kinds = base.kind === head.kind && base.outcome === head.outcome;
  return kinds ? [] : [`  - base is ${base.kind}, ${base.outcome}; head is ${head.kind}, ${head.outcome}`];
}

function sequenceLines(rows: readonly SequenceRow[], page: Page): readonly string[] {
  return [`  ${'base'.padEnd(CELL)}   head`, ...rows.flatMap((row) => rowLines(row, page))];
}

function rowLines(row: SequenceRow, page: Page): readonly string[] {
  switch (row.kind) {
    case 'section':
      return [`  -- ${row.name} --`];
    case 'folded': {
      const span = row.count === 1 ? `'${row.from}'` : `'${row.from}' to '${row.to}'`;
      return [`  ... ${plural(row.count, 'equal step')}: ${plainClip(span, 70)}`];
    }
    case 'step':
      return stepLines(row.step, row.base, row.head, page);
  }
}

function stepLines(step: StepDiff, base: Cell | null, head: Cell | null, page: Page): readonly string[] {
  const symbol = step.notShown ? ' ' : SYMBOL[step.change];
  const line = `  ${cellText(base)} ${symbol} ${cellText(head)}`.trimEnd();
  const rules = step.rules.map((rule) => page.severity.error(`  ${''.padEnd(CELL)} ! ${plainClip(rule, 44)}`));
  return [line, ...rules];
}

function cellText(cell: Cell | null): string {
  if (cell === null) return ''.padEnd(CELL);
  const line = plainClip(cell.line, 16);
  return `${plainClip(cell.text, CELL - line.length - 1).padEnd(CELL - line.length - 1)} ${line}`;
}
