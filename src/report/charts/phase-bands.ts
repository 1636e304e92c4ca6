/** The phases of a migration, as stretches behind a chart. */
import type { MigrationReport } from '../report.ts';
import type { Band } from './furniture.ts';
import { clean } from './label.ts';
import type { Paint } from './palette.ts';
import type { TimeAxis } from './scales.ts';
import type { Timeline } from './timeline.ts';

export interface PhaseBand {
  readonly name: string;
  readonly band: Band;
}

const PHASE_PAINT: Readonly<Record<string, { readonly text: string; readonly paint: Paint }>> = {
  setup: { text: 'setup', paint: '--chart-shade-1' },
  iterate: { text: 'iterations', paint: '--chart-shade-2' },
  postcopy: { text: 'postcopy', paint: '--chart-shade-4' },
  colo: { text: 'COLO', paint: '--chart-shade-4' },
  checkpoint: { text: 'checkpoint', paint: '--chart-shade-3' },
};
const SWITCHOVER = { text: 'switchover', paint: '--chart-shade-3' } as const;
const SWITCHOVER_PHASES = ['switchover', 'pre-switchover', 'device'];

export function phaseBands(migration: MigrationReport, timeline: Timeline, x: TimeAxis): readonly PhaseBand[] {
  return migration.phases.flatMap(({ name, startNs, endNs, lines }) => {
    const [from, to] = timeline.axis === 'line' ? lines : [startNs, endNs];
    if (from === null || to === null) return [];
    const known = SWITCHOVER_PHASES.includes(name) ? SWITCHOVER : PHASE_PAINT[name];
    const { text, paint } = known ?? { text: clean(name), paint: '--chart-shade-1' };
    return [{ name: text, band: { from: x.at(Number(from)), to: x.at(Number(to)), paint } }];
  });
}
