/** Every kind of chart, in the order of the page. */
import type { ChartKind } from './chart-kind.ts';
import { downtimeChart } from './kinds/downtime.ts';
import { pendingChart } from './kinds/pending.ts';
import { roundsChart } from './kinds/rounds.ts';
import { switchoverChart } from './kinds/switchover.ts';

export const CHART_KINDS: readonly ChartKind[] = [pendingChart, switchoverChart, roundsChart, downtimeChart];
