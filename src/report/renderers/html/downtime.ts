/** The downtime in the blocks of downtime-parser.py: the checkpoints, and each device. */
import { capital } from '../../../base/text.ts';
import type { DeviceBlock, DowntimeReport, MigrationReport } from '../../report.ts';
import { whyNoBreakdown } from '../text/downtime.ts';
import { duration, microseconds } from '../text/numbers.ts';
import { html, type Markup, type Piece } from './markup.ts';
import { plainLines } from './raw-lines.ts';
import { type Sheet, shortened } from './sheet.ts';
import { dataTable } from './table.ts';

/** The largest ones; the others are folded away. */
const SEEN_AT_ONCE = 10;

export function downtimePart(migration: MigrationReport, sheet: Sheet): Piece {
  const { downtime } = migration;
  if (downtime === null) {
    return migration.outcome === 'completed'
      ? html`<p class="muted">${capital(whyNoBreakdown(migration))}.</p>\n`
      : undefined;
  }
  const hasDevices = downtime.iterable.devices.length + downtime.nonIterable.devices.length > 0;
  return html`<h4>Downtime ${duration(downtime.durationNs)}</h4>
${plainLines([downtime.start, downtime.end], sheet)}<div class="side">
${checkpointTable(downtime, sheet)}${deviceTables('saved', downtime, sheet)}</div>
${hasDevices ? undefined : html`<p class="muted">For the time of each device enable vmstate_downtime_save.</p>\n`}`;
}

function checkpointTable({ checkpoints, durationNs }: DowntimeReport, sheet: Sheet): Piece {
  const steps = sheet.first(checkpoints, sheet.room.steps, 'steps of the downtime');
  if (steps.length === 0) return undefined;
  const times = microseconds([...steps.map((step) => step.durationNs), durationNs]);
  return dataTable({
    caption: 'Downtime from checkpoint to checkpoint',
    columns: [{ title: 'from' }, { title: 'to' }, { title: 'us', numeric: true }],
    rows: steps.map(({ from, to }, at) => [shortened(from, 60), shortened(to, 60), times[at]]),
    omitted: checkpoints.length - steps.length,
    total: ['downtime', '', times.at(-1)],
  });
}

interface DeviceBlocks {
  readonly iterable: DeviceBlock;
  readonly nonIterable: DeviceBlock;
}

export function deviceTables(work: 'saved' | 'loaded', { iterable, nonIterable }: DeviceBlocks, sheet: Sheet): Piece {
  return [
    deviceTable(`Iterable devices, ${work}`, iterable, sheet),
    deviceTable(`Non-iterable devices, ${work}`, nonIterable, sheet),
  ];
}

function deviceTable(caption: string, block: DeviceBlock, sheet: Sheet): Piece {
  const devices = sheet.first(block.devices, sheet.room.devices, 'devices');
  if (devices.length === 0) return undefined;
  const times = microseconds([...devices.map(({ durationNs }) => durationNs), block.totalNs]);
  const count = block.devices.length + block.omitted;
  const columns = [{ title: 'device' }, { title: 'us', numeric: true }];
  const rows = devices.map(({ idstr, instance }, at): readonly Piece[] => [device(idstr, instance), times[at]]);
  const seen = rows.slice(0, SEEN_AT_ONCE);
  const folded = rows.slice(seen.length);
  const omitted = count - devices.length;
  const first = dataTable({
    ...{ caption, columns, rows: seen },
    omitted: folded.length > 0 ? 0 : omitted,
    total: [`all ${count}`, times.at(-1)],
  });
  if (folded.length === 0) return first;
  return html`<div>
${first}<details>
<summary>${count - seen.length} smaller ones</summary>
${dataTable({ caption: `${caption}: the smaller ones`, columns, rows: folded, omitted })}</details>
</div>
`;
}

function device(idstr: string, instance: number): Markup {
  return html`${shortened(idstr, 80)}:${instance}`;
}
