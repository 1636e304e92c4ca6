/** The rows of the chart of the downtime: its stages, the devices, and the other side where its log is given. */
import { plural } from '../../base/text.ts';
import type { DestinationReport, DeviceBlock, DowntimeReport } from '../report.ts';
import { clean } from './label.ts';
import { sayDuration } from './say.ts';

export type Group = 'downtime' | 'stage' | 'iterable' | 'device' | 'destination';

export interface Row {
  readonly group: Group;
  readonly label: string;
  readonly ns: number;
  /** Where it is not known exactly: from here to `ns`. */
  readonly lowNs?: number;
}

/** A real run has four to nine. */
const MAX_STAGES = 16;

/** `devices`: so many are named, the longest ones. */
export function rowsOf(
  downtime: DowntimeReport,
  destination: DestinationReport | null,
  devices: number,
): readonly Row[] {
  const stages = downtime.checkpoints
    .slice(0, MAX_STAGES)
    .map(({ to, durationNs }): Row => ({ group: 'stage', label: `to ${clean(to)}`, ns: Number(durationNs) }));
  const iterable = Math.max(1, Math.floor(devices / 4));
  return [
    { group: 'downtime', label: 'downtime', ns: Number(downtime.durationNs) },
    ...stages,
    ...deviceRows(downtime.iterable, 'iterable', iterable),
    ...deviceRows(downtime.nonIterable, 'device', devices - iterable),
    ...(destination === null ? [] : destinationRows(destination, iterable)),
  ];
}

function destinationRows(
  { checkpoints, iterable, nonIterable, blackout }: DestinationReport,
  loads: number,
): readonly Row[] {
  const group = 'destination' as const;
  const stages = checkpoints
    .slice(0, MAX_STAGES)
    .flatMap(({ to, durationNs }): Row[] =>
      durationNs === null ? [] : [{ group, label: `to ${clean(to)}`, ns: Number(durationNs) }],
    );
  const loaded = [...iterable.devices, ...nonIterable.devices]
    .map(({ idstr, instance, durationNs }): Row => {
      return { group, label: `load of ${clean(idstr)}:${instance}`, ns: Number(durationNs) };
    })
    .sort((a, b) => b.ns - a.ns);
  const { lowNs = null, highNs = null } = blackout ?? {};
  const stood: readonly Row[] =
    highNs === null
      ? []
      : [{ group, label: 'stop here to run there', ns: Number(highNs), lowNs: Math.max(0, Number(lowNs)) }];
  return [...stages, ...loaded.slice(0, loads), ...stood];
}

/** Those beyond the limit, and those that took no time, are one row. */
function deviceRows(block: DeviceBlock, group: Group, limit: number): readonly Row[] {
  const shown = block.devices.filter(({ durationNs }) => Number(durationNs) > 0).slice(0, limit);
  const rest = block.devices.length + block.omitted - shown.length;
  const rows = shown.map(
    ({ idstr, instance, durationNs }): Row => ({
      group,
      label: `${clean(idstr)}:${instance}`,
      ns: Number(durationNs),
    }),
  );
  const restNs = Number(block.totalNs) - rows.reduce((sum, { ns }) => sum + ns, 0);
  if (rest === 0 || restNs <= 0) return rows;
  return [...rows, { group, label: plural(rest, 'other device'), ns: restNs }];
}

export function sayRow({ ns, lowNs }: Row): string {
  return lowNs === undefined ? sayDuration(ns) : `${sayDuration(lowNs)} to ${sayDuration(ns)}`;
}
