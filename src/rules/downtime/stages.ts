/** What the downtime was spent on, in one line. */
import { formatDuration } from '../../base/units.ts';
import type { Downtime, Migration, Switchover } from '../../replay/run.ts';

const TOP_DEVICES = 3;

/** The end of a stage; the stage begins where the one before it ends. */
interface Mark {
  readonly stage: string;
  readonly ns: number | undefined;
}

/** `VM stop 400 us, ...; slowest: ram 3.000 ms, ...`; a stage whose end the log does not show is part of the next. */
export function describeDowntime(migration: Migration, downtime: Downtime, switchover: Switchover | undefined): string {
  const saves = [...migration.deviceSaves].sort((a, b) => b.durationNs - a.durationNs).slice(0, TOP_DEVICES);
  const slowest = saves.map(({ idstr, durationNs }) => `${idstr} ${formatDuration(durationNs)}`);
  const marks = [...marksOf(migration, switchover), { stage: lastStage(migration, switchover), ns: downtime.endNs }];
  const stages = stagesOf(marks, downtime);
  return [stages.join(', '), ...(slowest.length > 0 ? [`slowest: ${slowest.join(', ')}`] : [])].join('; ');
}

function marksOf(migration: Migration, switchover: Switchover | undefined): readonly Mark[] {
  const checkpoint = (name: string) => migration.checkpoints.find((one) => one.name === name)?.at.ns;
  const paused = migration.states.findIndex(({ state }) => state === 'pre-switchover');
  const state = (at: number) => (at < 0 ? undefined : migration.states[at]?.at.ns);
  return [
    { stage: 'VM stop', ns: checkpoint('src-vm-stopped') ?? state(paused) },
    { stage: 'pre-switchover', ns: paused < 0 ? undefined : state(paused + 1) },
    { stage: 'final query', ns: switchover?.finals[0]?.at.ns },
    { stage: 'RAM and other iterable modules', ns: checkpoint('src-iterable-saved') },
    { stage: 'devices', ns: checkpoint('src-non-iterable-saved') },
  ];
}

/** With a return path, precopy waits until the destination has loaded everything. */
function lastStage({ checkpoints }: Migration, switchover: Switchover | undefined): string {
  if (!checkpoints.some(({ name }) => name === 'src-non-iterable-saved')) return 'the rest';
  return switchover?.mode === 'postcopy' ? 'package and end' : 'return path and end';
}

function stagesOf(marks: readonly Mark[], { startNs, endNs }: Downtime): readonly string[] {
  const stages: string[] = [];
  let since = startNs;
  for (const { stage, ns } of marks) {
    if (ns === undefined || ns < since || ns > endNs) continue;
    stages.push(`${stage} ${formatDuration(ns - since)}`);
    since = ns;
  }
  return stages;
}
