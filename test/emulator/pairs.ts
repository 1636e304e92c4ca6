/** The captures that have an emulated counterpart, and how to make it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Band } from '../../src/catalog/vocabulary.ts';
import { COMPARED_CAPTURES, type ComparedCapture } from '../../src/emulator/reference/captures.ts';
import { patchedCaptures, readLines, realCaptures, TRACES } from '../rules/captures.ts';
import { emulate, emulateThreads } from './emulated.ts';
import { bqlIn, differences, type Pairs, type Protocol, protocolOf, unionOf } from './steps.ts';

export const PAIRS = COMPARED_CAPTURES;

type Pair = Omit<ComparedCapture, 'differences'>;

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
const VARIANTS: readonly (readonly string[])[] = [
  [],
  ['link-bandwidth=80M'],
  ['dirty-rate=60M'],
  ['max-bandwidth=0', 'link-bandwidth=80M'],
  ['max-bandwidth=0', 'link-bandwidth=80M', 'dirty-rate=60M', 'downtime-limit=1'],
  ['working-set=11M', 'dirty-rate=90M', 'downtime-limit=5'],
  ['working-set=13M', 'dirty-rate=90M', 'downtime-limit=5'],
];

/** What happens once in some twenty runs happens here. */
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 2);

function variants(version: Band): readonly Pair[] {
  return VARIANTS.flatMap((set) =>
    SEEDS.map((seed) => ({
      capture: `${version} ${set} ${seed}`,
      version,
      scenario: 'precopy',
      set: ['quit=true', ...set],
      seed,
      faults: [],
    })),
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
  const { capture, scenario, version, set, seed, faults } = one;
  const known =
    emulations.get(capture) ??
    protocolOf(emulate(scenario, { version, set, seed, faults, events: ['all'] }).lines, shownIn(capture));
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
  const emulated = emulateThreads('precopy', { events: ['all'], set: ['quit=true'] }).find(isMigrationThread) ?? [];
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
