import { plural } from '../../../base/text.ts';
import type { DeviceBlock, MigrationReport, Report } from '../../report.ts';
import { bytesWithUnit, duration, microseconds, seconds } from '../text/numbers.ts';
import { exactFields } from '../text/rounds.ts';
import type { Amount } from './amount.ts';
import { destination } from './destination.ts';
import { codeSpan, folded, inline, table } from './text.ts';

export function runs(report: Report, amount: Amount): readonly string[] {
  const violated = new Set(report.verdicts.filter(({ verdict }) => verdict === 'violated').map((one) => one.migration));
  const first = report.migrations.filter(({ index }) => violated.has(index));
  const others = report.migrations.filter(({ index }) => !violated.has(index));
  const shown = [...first, ...others].slice(0, amount.migrations).sort((a, b) => a.index - b.index);
  const omitted = report.migrations.length - shown.length;
  return [
    ...shown.flatMap((migration) => run(migration, report, amount)),
    ...(omitted > 0 ? [`${plural(omitted, 'more migration')} omitted.`] : []),
  ];
}

function run(migration: MigrationReport, report: Report, amount: Amount): readonly string[] {
  const { index, kind, outcome, queries, syncs, iterations, downtimeNs, finalTotalBytes } = migration;
  const counted = Object.entries(queries).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []));
  const facts = [
    `queries: ${counted.join(', ') || 'none'}`,
    plural(syncs, 'sync'),
    plural(iterations, 'iteration'),
    `downtime ${duration(downtimeNs)}`,
    `final total ${bytesWithUnit(finalTotalBytes)}`,
  ];
  const details = [...rounds(migration, report, amount), ...downtime(migration, amount)];
  return [
    `### Migration ${index}: ${kind === 'unknown' ? 'kind not shown' : kind}, ${outcome}`,
    `${facts.join('; ')}.`,
    ...states(migration, amount),
    ...destination(migration),
    ...(details.length > 0 ? [folded(`Migration ${index}: iterations and downtime`, details)] : []),
  ];
}

function states({ states: all }: MigrationReport, amount: Amount): readonly string[] {
  if (all.length === 0) return [];
  const room = Math.max(4, amount.rows);
  const items = all.slice(0, room).map(({ state, ns, line }) => `${codeSpan(state, 40)} ${seconds(ns)} (line ${line})`);
  return [`States, in seconds: ${items.join(', ')}${all.length > room ? `, ${all.length - room} omitted` : ''}.`];
}

function rounds(migration: MigrationReport, report: Report, amount: Amount): readonly string[] {
  const all = migration.rounds.rows;
  const half = Math.floor(amount.rows / 2);
  const rows = all.length <= amount.rows ? all : [...all.slice(0, half), ...all.slice(all.length - half)];
  if (rows.length === 0) return [];
  const fields = exactFields(rows, migration, report.qemu, 40);
  const omitted = migration.rounds.omitted + all.length - rows.length;
  const cells = rows.map((_, at) => fields.map((field) => inline(field.cells[at] ?? '')));
  return [
    table(
      fields.map(({ column }) => column.title),
      fields.map(({ column }) => column.align === 'right'),
      cells,
    ),
    ...(omitted > 0 ? [`${plural(omitted, 'row')} omitted in the middle.`] : []),
  ];
}

function downtime({ downtime: found }: MigrationReport, amount: Amount): readonly string[] {
  if (found === null || amount.rows === 0) return [];
  const steps = found.checkpoints.slice(0, amount.rows);
  const times = microseconds([...steps.map(({ durationNs }) => durationNs), found.durationNs]);
  const rows = steps.map(({ from, to }, at) => [codeSpan(from, 60), codeSpan(to, 60), times[at] ?? '']);
  return [
    table(['from', 'to', 'us'], [false, false, true], [...rows, ['**downtime**', '', times.at(-1) ?? '']]),
    ...devices('Iterable devices', found.iterable, amount),
    ...devices('Non-iterable devices', found.nonIterable, amount),
  ];
}

function devices(title: string, block: DeviceBlock, amount: Amount): readonly string[] {
  const shown = block.devices.slice(0, Math.min(10, amount.rows));
  if (shown.length === 0) return [];
  const times = microseconds([...shown.map(({ durationNs }) => durationNs), block.totalNs]);
  const count = block.devices.length + block.omitted;
  const rows = shown.map(({ idstr, instance }, at) => [`${codeSpan(idstr, 80)}:${instance}`, times[at] ?? '']);
  const rest = count > shown.length ? [[`${count - shown.length} omitted`, '']] : [];
  const sum = [`**all ${count}**`, times.at(-1) ?? ''];
  return [table([title, 'us'], [false, true], [...rows, ...rest, sum])];
}
