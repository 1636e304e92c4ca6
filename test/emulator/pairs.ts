/** The captures that have an emulated counterpart, and how to make it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Band } from '../../src/catalog/vocabulary.ts';
import { patchedCaptures, readLines, realCaptures, TRACES } from '../rules/captures.ts';
import { emulate, emulateThreads } from './emulated.ts';
import { bqlIn, differences, type Pairs, type Protocol, protocolOf, unionOf } from './steps.ts';

export interface Pair {
  readonly capture: string;
  readonly version: Band;
  readonly scenario: string;
  readonly set: readonly string[];
  /** The capture goes on with another migration from the second such event on. */
  readonly cutAtSecond?: string;
  readonly seed?: number;
}

const QUIT = 'quit=true';

const pair = (capture: string, version: Band, scenario: string, ...set: readonly string[]): Pair => ({
  capture,
  version,
  scenario,
  set: [QUIT, ...set],
});

export const PAIRS: readonly Pair[] = [
  pair('real/11.1/precopy-iter@ts', '11.1', 'precopy'),
  pair(
    'real/11.1/precopy-idle@ts',
    '11.1',
    'precopy',
    'max-bandwidth=0',
    'dirty-rate=0',
    'working-set=0',
    'used-memory=448K',
  ),
  pair('real/11.1/postcopy@ts', '11.1', 'postcopy'),
  pair('real/11.1/cancel@ts', '11.1', 'cancel'),
  pair('real/11.1/cancel-then-ok@ts', '11.1', 'two-runs'),
  pair('real/11.1/switchover-pause@ts', '11.1', 'pause-before-switchover'),
  pair('real/11.1/switchover-fail@ts', '11.1', 'failure-at-switchover'),
  pair('real/11.1/dst-killed@ts', '11.1', 'failure'),
  { ...pair('real/11.1/unreachable@ts', '11.1', 'unreachable', 'quit=false'), cutAtSecond: 'qmp_enter_migrate ' },
  pair('real/11.1/colo@ts', '11.1', 'colo'),
  { ...pair('real/11.1/savevm@ts', '11.1', 'snapshot', 'quit=false'), cutAtSecond: 'qmp_enter_snapshot_save' },
  pair('real/11.1/background-snapshot@ts', '11.1', 'background-snapshot'),
  pair('real/11.1/dirty-bitmaps@ts', '11.1', 'dirty-bitmaps'),
  pair('real/10.0.13/precopy-iter@ts', '10.0', 'precopy'),
  pair('real/10.0.13/postcopy@ts', '10.0', 'postcopy'),
  // This one is cancelled while it waits, as the captured one was.
  { ...pair('real/10.0.13/cancel@ts', '10.0', 'cancel'), seed: 2 },
  pair('real/7.2/precopy-iter@ts', '7.2', 'precopy'),
  pair('real/7.2/postcopy@ts', '7.2', 'postcopy'),
  { ...pair('real/7.2/savevm@ts', '7.2', 'snapshot', 'quit=false'), cutAtSecond: 'qmp_enter_snapshot_save' },
  pair('patched/clean-precopy-x', 'thread', 'precopy', 'memory=128M', 'return-path=true'),
  pair(
    'patched/clean-postcopy',
    'thread',
    'postcopy',
    'memory=128M',
    'working-set=16M',
    'downtime-limit=1',
    'link-bandwidth=2G',
  ),
  pair('patched/clean-cancel', 'thread', 'cancel', 'memory=128M', 'return-path=true'),
];

const PROBES =
  /^(?:ram_state_pending_sync|qemu_savevm_query_pending_bql|migration_bitmap_sync_stage|mig_dirty_bytes_total_update)$/;

function linesOf({ capture, cutAtSecond }: Pair): readonly string[] {
  const lines = readLines(join(TRACES, capture, 'src.log'));
  if (cutAtSecond === undefined) return lines;
  const places = lines.flatMap((line, index) => (line.includes(cutAtSecond) ? [index] : []));
  return lines.slice(0, places[1]);
}

/** The events that the capture was made with. */
function shownIn(capture: string): (event: string) => boolean {
  // What has no folder is emulated only.
  if (!capture.includes('/')) return () => true;
  const file = join(TRACES, capture, 'events.txt');
  const names = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [...patchedEvents()];
  const known = new Set(names.map((name) => name.trim()));
  const probes = capture.endsWith('-x');
  return (event) => (PROBES.test(event) ? probes : known.has(event));
}

let patched: ReadonlySet<string> | undefined;

/** The patched captures do not say what was switched on: whatever one of them shows. */
function patchedEvents(): ReadonlySet<string> {
  if (patched !== undefined) return patched;
  const logs = readdirSync(join(TRACES, 'patched')).map((name) => join(TRACES, 'patched', name, 'src.log'));
  const names = logs.filter((log) => existsSync(log)).flatMap((log) => readLines(log).map(eventName));
  patched = new Set(names);
  return patched;
}

function eventName(line: string): string {
  return /^\S+Z (\w+)/.exec(line)?.[1] ?? '';
}

/** Captures of the version with every event of low rate, to know more of what may follow what. */
function realRounds(version: Band): Pairs {
  const compared = PAIRS.filter((one) => one.version === version);
  const folder = version === 'thread' ? 'patched/' : `real/${version === '10.0' ? '10.0.13' : version}/`;
  const complete = version === 'thread' ? /precopy|postcopy|cancel/ : /@(?:ts|plain|mutex)$/;
  const others = [...realCaptures(), ...patchedCaptures()].filter(
    ({ name }) => name.startsWith(folder) && complete.test(name),
  );
  return unionOf([
    ...compared.map(realProtocol),
    ...others.map(({ name, inputs }) => protocolOf(inputs.flatMap(readLines), shownIn(name))),
  ]);
}

/** Runs with other timing: the link or the limit decides when a section ends, the guest when one is the last. */
function variants(version: Band): readonly Pair[] {
  const sets = [[], ['max-bandwidth=0', 'link-bandwidth=80M'], ['link-bandwidth=80M'], ['dirty-rate=60M']];
  return sets.flatMap((set) =>
    [2, 3].map((seed) => ({ ...pair(`${version} ${set} ${seed}`, version, 'precopy', ...set), seed })),
  );
}

const rounds = new Map<Band, { readonly real: Pairs; readonly emulated: Pairs }>();

function roundsOf(version: Band) {
  const known = rounds.get(version) ?? {
    real: realRounds(version),
    emulated: unionOf([...PAIRS, ...variants(version)].filter((one) => one.version === version).map(emulatedProtocol)),
  };
  rounds.set(version, known);
  return known;
}

const protocols = new Map<string, Protocol>();

function realProtocol(one: Pair): Protocol {
  const known = protocols.get(one.capture) ?? protocolOf(linesOf(one), shownIn(one.capture));
  protocols.set(one.capture, known);
  return known;
}

const emulations = new Map<string, Protocol>();

function emulatedProtocol(one: Pair): Protocol {
  const { capture, scenario, version, set, seed = 1 } = one;
  const known =
    emulations.get(capture) ??
    protocolOf(emulate(scenario, { version, set, seed, events: ['all'] }).lines, shownIn(capture));
  emulations.set(capture, known);
  return known;
}

export function differencesOf(one: Pair): readonly string[] {
  return differences(realProtocol(one), emulatedProtocol(one), roundsOf(one.version));
}

/** Where the migration thread of 11.1 takes and releases the BQL: a capture with one log per thread, and the emulated one. */
export function lockDifferences(): readonly string[] {
  const capture = 'real/11.1/precopy-iter@mutextid';
  const folder = join(TRACES, capture);
  const logs = readdirSync(folder).filter((name) => name.startsWith('src.log.'));
  const real = logs.map((name) => readLines(join(folder, name))).find(isMigrationThread) ?? [];
  const emulated = emulateThreads('precopy', { events: ['all'], set: [QUIT] }).find(isMigrationThread) ?? [];
  const known = shownIn(capture);
  const protocols = [real, emulated].map((lines) =>
    protocolOf(lines, (event) => known(event) || event.startsWith('qemu_mutex_'), bqlIn(lines)),
  );
  const [a, b] = protocols;
  if (a === undefined || b === undefined) return ['no log'];
  const rounds = roundsOf('11.1');
  return differences(a, b, { real: unionOf([a]), emulated: rounds.emulated });
}

const isMigrationThread = (lines: readonly string[]): boolean =>
  lines.some((line) => line.includes('qemu_savevm_query_pending'));
