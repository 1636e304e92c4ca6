/** The figures, as benchstat prints them. */
import { layoutTable } from '../../../report/columns.ts';
import { wrap } from '../../../report/renderers/text/layout.ts';
import type { Page } from '../../../report/renderers/text/page.ts';
import type { Diff, MetricDiff } from '../../diff.ts';
import { amount, deltaOf, percentOf, pText, sideAmount } from '../words/amounts.ts';
import { shownMetrics } from '../words/summary.ts';
import { plainClip } from './plain.ts';

const MAX_PAIRS = 10;

export function metricsSection(diff: Diff, page: Page): readonly (readonly string[])[] {
  return diff.pairs.slice(0, MAX_PAIRS).map((pair) => {
    const metrics = shownMetrics(diff, pair.pair);
    if (metrics.length === 0) return [];
    const of = diff.pairs.length > 1 ? ` of migration ${pair.base.index} / ${pair.head.index}` : '';
    const different = metrics.filter(({ delta }) => delta !== 0);
    const equal = metrics.filter(({ delta }) => delta === 0);
    return [
      page.heading(`Metrics${of}`),
      ...wrap(explanation(metrics), '  '),
      ...(different.length > 0 ? table(different) : []),
      ...equalLines(equal, different.length),
    ];
  });
}

function explanation(metrics: readonly MetricDiff[]): string {
  if (!metrics.some(({ p }) => p !== null)) {
    return 'one run on a side (n): the difference is what it is, and says nothing about the next run';
  }
  const tested = metrics.filter(({ p }) => p !== null).length;
  const few = metrics.some(({ base, head }) => [base, head].some(({ n, low }) => n > 1 && low === null));
  return [
    `median +- 95 % interval; ~ is noise; p of the Mann-Whitney U test, corrected for ${tested} metrics`,
    ...(few ? ['+-inf: fewer than 6 runs give no 95 % interval'] : []),
  ].join('; ');
}

function table(metrics: readonly MetricDiff[]): readonly string[] {
  const grouped = metrics.some(({ p }) => p !== null);
  const columns = [
    { title: 'metric', align: 'left' },
    { title: 'base', align: 'right' },
    { title: 'head', align: 'right' },
    ...(grouped ? [] : [{ title: 'difference', align: 'right' } as const]),
    { title: 'change', align: 'right' },
    { title: 'n', align: 'left' },
  ] as const;
  const rows = metrics.map((metric) => [
    plainClip(metric.title, 32),
    sideAmount(metric.base, metric.unit),
    sideAmount(metric.head, metric.unit),
    ...(grouped ? [] : [deltaOf(metric)]),
    grouped && !metric.significant ? (metric.p === null ? '-' : '~') : percentOf(metric),
    `${grouped && metric.p !== null ? `(${pText(metric)} ` : '('}n=${metric.base.n}+${metric.head.n})`,
  ]);
  return layoutTable(columns, rows, '  ');
}

function equalLines(equal: readonly MetricDiff[], different: number): readonly string[] {
  if (equal.length === 0) return [];
  const names = equal.map((metric) => `${metric.title} ${amount(metric.head.median, metric.unit)}`);
  const title = different === 0 ? 'all equal: ' : 'equal: ';
  return wrap(`${title}${names.join(', ')}`, '  ', '    ');
}
