/**
 * The downtime in the three blocks of Peter Xu's downtime-parser.py, the form
 * in which downtime is discussed on qemu-devel.
 */
import { plural } from '../../../base/text.ts';
import type { DeviceBlock, DowntimeReport, MigrationReport } from '../../report.ts';
import { clip, paragraphs, rawLine, wrap } from './layout.ts';
import { duration, microseconds } from './numbers.ts';
import { LIMITS, type Page } from './page.ts';

const INDENT = '    ';
const STAGE_WIDTH = 32;
const DEVICE_WIDTH = 36;

export function downtimeSection(migration: MigrationReport, page: Page): readonly string[] {
  const { downtime } = migration;
  if (downtime === null) return migration.outcome === 'completed' ? wrap(whyNoBreakdown(migration), '  ', '    ') : [];
  const missing = [`${INDENT}for the time of each device: enable vmstate_downtime_save`];
  return paragraphs([
    [
      page.heading(`  Downtime ${duration(downtime.durationNs)}, from and to`),
      rawLine(downtime.start, INDENT),
      rawLine(downtime.end, INDENT),
    ],
    checkpointLines(downtime, page),
    deviceLines('Iterable device analysis', 'SAVE', downtime.iterable, page),
    deviceLines('Non-iterable device analysis', 'SAVE', downtime.nonIterable, page),
    hasDevices(downtime) ? [] : missing,
  ]);
}

export function whyNoBreakdown(migration: MigrationReport): string {
  if (migration.kind === 'colo') return 'no downtime: under COLO every checkpoint stops the VM';
  if (migration.kind === 'snapshot' || migration.kind === 'background-snapshot') {
    return 'no downtime: a snapshot has no switchover';
  }
  if (migration.states.every((state) => state.ns === null)) {
    return 'no downtime: the log has no time stamps (record with -msg timestamp=on)';
  }
  if (migration.downtimeNs === null) {
    return 'no downtime: the log does not show where it starts and ends (enable vmstate_downtime_checkpoint)';
  }
  return 'no downtime analysis: enable vmstate_downtime_checkpoint and vmstate_downtime_save';
}

function hasDevices(downtime: DowntimeReport): boolean {
  return downtime.iterable.devices.length + downtime.nonIterable.devices.length > 0;
}

function checkpointLines(downtime: DowntimeReport, page: Page): readonly string[] {
  const shown = downtime.checkpoints.slice(0, LIMITS.checkpoints);
  if (shown.length === 0) return [];
  const omitted = downtime.checkpoints.length - shown.length;
  const times = microseconds([...shown.map((step) => step.durationNs), downtime.durationNs]);
  const from = shown.map((step) => clip(step.from, STAGE_WIDTH));
  const to = shown.map((step) => clip(step.to, STAGE_WIDTH));
  const fromWidth = longest(from);
  const toWidth = longest(to);
  const timeWidth = longest(times);
  const line = (label: string, at: number): string =>
    `${INDENT}${label}: ${(times[at] ?? '').padStart(timeWidth)} (us)`;
  return [
    page.heading('  Checkpoints analysis'),
    ...shown.map((_, at) => line(`${(from[at] ?? '').padStart(fromWidth)} -> ${(to[at] ?? '').padStart(toWidth)}`, at)),
    ...(omitted > 0 ? [`${INDENT}(${omitted} omitted)`] : []),
    line('downtime'.padStart(fromWidth + toWidth + 4), shown.length),
  ];
}

export function deviceLines(title: string, work: 'SAVE' | 'LOAD', block: DeviceBlock, page: Page): readonly string[] {
  const shown = block.devices.slice(0, LIMITS.devices);
  if (shown.length === 0) return [];
  const omitted = block.omitted + block.devices.length - shown.length;
  const times = microseconds([...shown.map((device) => device.durationNs), block.totalNs]);
  const names = shown.map((device) => `${clip(device.idstr, DEVICE_WIDTH)}:${device.instance}`);
  const total = `total of ${plural(shown.length + omitted, 'device')}`;
  const lead = `Device ${work} of `;
  const nameWidth = Math.max(longest(names), total.length - lead.length);
  const timeWidth = longest(times);
  const took = (at: number): string => `took ${(times[at] ?? '').padStart(timeWidth)} (us)`;
  return [
    page.heading(`  ${title}`),
    ...names.map((name, at) => `${INDENT}${lead}${name.padStart(nameWidth)} ${took(at)}`),
    ...(omitted > 0 ? [`${INDENT}(${omitted} omitted)`] : []),
    `${INDENT}${total.padStart(nameWidth + lead.length)} ${took(shown.length)}`,
  ];
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length));
}
