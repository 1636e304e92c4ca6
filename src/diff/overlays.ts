/** The charts of a diff: of each pair of migrations the two runs whose steps are shown, in one picture. */
import type { Chart } from '../report/charts/chart.ts';
import { overlayChart } from '../report/charts/overlay.ts';
import type { Timeline } from '../report/charts/timeline.ts';
import type { Diff, DiffRun, MigrationName } from './diff.ts';

const MAX_CHARTS = 8;

/** A stored run has no timeline, and no chart. */
export async function drawOverlays(
  { pairs }: Pick<Diff, 'pairs'>,
  runs: { readonly base: readonly DiffRun[]; readonly head: readonly DiffRun[] },
): Promise<readonly Chart[]> {
  const charts: Chart[] = [];
  for (const { pair, base, head } of pairs.slice(0, MAX_CHARTS)) {
    const [before, after] = [timelineOf(runs.base, base), timelineOf(runs.head, head)];
    const chart = before && after && (await overlayChart(pair, before, after));
    if (chart !== undefined) charts.push(chart);
  }
  return charts;
}

function timelineOf(runs: readonly DiffRun[], { run, index }: MigrationName): Timeline | undefined {
  const found = runs.find(({ name }) => name === run);
  return found?.timelines?.find(({ migration }) => migration === index);
}
