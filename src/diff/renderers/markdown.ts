/** The diff for a tracker or a merge request: tables, every text of a trace escaped. */
import { visible } from '../../base/text.ts';
import type { Diff, PairReport, RuleDiff } from '../diff.ts';
import type { DiffRenderer } from './renderer.ts';
import { changeText, sideAmount } from './words/amounts.ts';
import { type Cell, notShown, type SequenceRow, sequenceRows } from './words/sequence.ts';
import { headlineOf, pairNotes, placeText, shownMetrics, sideText, verdictText } from './words/summary.ts';

const MAX_CHANGES = 30;
const MAX_LINE = 500;

export const markdownDiff: DiffRenderer = {
  id: 'markdown',
  render: (diff, { verbose }) => {
    const sections = [
      `## qtrace diff: ${quoted(headlineOf(diff))}`,
      list([
        `base: ${quoted(sideText(diff.base, diff.pairs, 'base'))}`,
        `head: ${quoted(sideText(diff.head, diff.pairs, 'head'))}`,
        ...[...diff.notes, ...pairNotes(diff)].map(quoted),
        ...diff.gate.failures.map((failure) => `**fails**: ${quoted(failure)}`),
        ...diff.gate.remarks.map(quoted),
      ]),
      rulesPart(diff),
      ...diff.pairs.flatMap((pair) => [protocolPart(diff, pair, verbose), metricsPart(diff, pair)]),
    ];
    return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
  },
};

/** As text, whatever it holds: no markup, no link, nobody is mentioned. */
function quoted(text: string): string {
  const shown = visible(text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}...` : text);
  return shown
    .replace(/[\\`*_[\]~|]/g, '\\$&')
    .replace(/[&<>@]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll('://', '&#58;//')
    .replace(/www\./gi, (found) => `${found.slice(0, -1)}&#46;`);
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}

function rulesPart(diff: Diff): string {
  const changed = diff.rules.filter(({ change }) => change !== 'unchanged');
  if (changed.length === 0) return '### Rules\n\nNo rule changed.';
  const rows = changed.map((rule) => [
    rule.change,
    quoted(rule.rule),
    rule.severity,
    quoted(verdictText(rule, 'base')),
    quoted(verdictText(rule, 'head')),
    quoted([reasonOf(rule), placeOf(rule, diff)].filter((part) => part !== '').join('; ')),
  ]);
  const evidence = changed.flatMap(({ change, rule, findings }) =>
    change === 'newly-violated'
      ? (findings[0]?.evidence ?? [])
          .slice(0, 6)
          .map(({ file, line, text }) => `${quoted(rule)}, ${quoted(`${file}:${line}`)}: ${quoted(text)}`)
      : [],
  );
  const columns = ['change', 'rule', 'severity', 'base', 'head', 'why'];
  return `### Rules\n\n${table(columns, rows)}${evidence.length > 0 ? `\n\n${list(evidence)}` : ''}`;
}

function placeOf(rule: RuleDiff, diff: Diff): string {
  return rule.change === 'newly-violated' ? placeText(rule, diff) : '';
}

function reasonOf({ findings, headReason }: RuleDiff): string {
  return findings[0]?.message ?? headReason;
}

function protocolPart(diff: Diff, pair: PairReport, verbose: boolean): string {
  const changes = diff.changes.filter((change) => change.pair === pair.pair);
  const title = `### Protocol${diff.pairs.length > 1 ? ` of migration ${pair.base.index} / ${pair.head.index}` : ''}`;
  const words = changes.slice(0, MAX_CHANGES).map(({ text }) => quoted(text));
  const more = changes.length > MAX_CHANGES ? [`${changes.length - MAX_CHANGES} more`] : [];
  const hidden = pair.pair === 0 ? notShown(diff).map(quoted) : [];
  const intro = changes.length === 0 ? ['The same steps in the same order.'] : [];
  const rows = sequenceRows(diff, pair.pair, verbose);
  const sequence = rows.some(({ kind }) => kind === 'step') ? table(['base', '', 'head'], rows.map(rowCells)) : '';
  return [title, ...intro, list([...words, ...more, ...hidden]), sequence].filter((part) => part !== '').join('\n\n');
}

function rowCells(row: SequenceRow): readonly string[] {
  switch (row.kind) {
    case 'section':
      return [`*${row.name}*`, '', ''];
    case 'folded':
      return [quoted(`... ${row.count} equal: ${row.from} to ${row.to}`), '', ''];
    case 'step': {
      const rules = row.step.rules.map((rule) => `**${quoted(rule)}**`).join(', ');
      const change = row.step.change === 'same' || row.step.notShown ? '' : row.step.change;
      return [cellText(row.base), [change, rules].filter((part) => part !== '').join(' '), cellText(row.head)];
    }
  }
}

function cellText(cell: Cell | null): string {
  return cell === null ? '' : quoted(`${cell.text} ${cell.line}`);
}

function metricsPart(diff: Diff, { pair }: PairReport): string {
  const metrics = shownMetrics(diff, pair);
  if (metrics.length === 0) return '';
  const grouped = metrics.some(({ p }) => p !== null);
  const note = grouped
    ? 'Median with its 95 % interval; ~ is noise; p is corrected for the number of metrics.'
    : 'One run on a side: nothing is tested.';
  const rows = metrics.map((metric) => [
    quoted(metric.title),
    quoted(sideAmount(metric.base, metric.unit)),
    quoted(sideAmount(metric.head, metric.unit)),
    quoted(changeText(metric)),
    `n=${metric.base.n}+${metric.head.n}`,
  ]);
  return `### Metrics\n\n${note}\n\n${table(['metric', 'base', 'head', 'change', 'n'], rows)}`;
}
