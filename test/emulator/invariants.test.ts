/** The invariants of real logs: over every scenario, version and a few seeds of the emulator, and over the real logs themselves. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BANDS, type Band } from '../../src/catalog/vocabulary.ts';
import { bundledScenario, SCENARIO_NAMES } from '../../src/emulator/shell/scenarios.ts';
import { patchedCaptures, readLines, realCaptures, SKIPPED, TRACES, TRACES_MISSING } from '../rules/captures.ts';
import { emulate } from './emulated.ts';
import { INVARIANTS, Tally } from './invariants.ts';
import { type ProtocolLog, readLog } from './protocol-log.ts';

const SEEDS = [1, 2, 3];

/** Further runs of a scenario: paused guests, several vCPUs, failures, more modules. */
const VARIATIONS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  precopy: [
    ['running=false'],
    ['vcpus=4', 'return-path=true'],
    ['multifd=true'],
    ['postcopy-ram=true'],
    ['max-bandwidth=0'],
    ['dirty-rate=0', 'working-set=0', 'used-memory=448K', 'max-bandwidth=0'],
    ['fail-at=setup'],
    ['fail-at=iterate'],
    ['fail-at=switchover'],
    ['fail-at=completion'],
    ['device-time=40'],
  ],
  postcopy: [
    ['postcopy-preempt=true'],
    ['pause-before-switchover=true', 'continue-at=3000'],
    ['dirty-bitmaps=true', 'bitmaps=2'],
    ['fail-at=package'],
    ['fail-at=postcopy', 'resume-at=3000'],
    ['link-latency=5', 'load-time=60'],
  ],
  'postcopy-recover': [['dirty-bitmaps=true', 'bitmaps=1']],
  'dirty-bitmaps': [['bitmap-size=17M', 'give-up-after=1500']],
  colo: [['break-at=4200'], ['break-at=2000']],
};

const hasDevices = (scenario: string): boolean =>
  bundledScenario(scenario)?.config.runs.some(({ modules }) =>
    modules.some(({ kind }) => kind === 'vfio' || kind === 'cmma'),
  ) === true;

/** One by one: all of them together would not fit into memory. */
function* emulatedLogs(version: Band): Generator<ProtocolLog> {
  for (const scenario of SCENARIO_NAMES) {
    if (bundledScenario(scenario)?.versions.includes(version) !== true) continue;
    for (const set of [[], ...(VARIATIONS[scenario] ?? [])]) {
      for (const seed of set.length === 0 ? SEEDS : [1]) {
        const { lines } = emulate(scenario, { version, seed, set, events: ['all'] });
        yield readLog(`${scenario} ${set} seed ${seed}`, version, lines, hasDevices(scenario));
      }
    }
  }
}

/** Logs of one process, whole from its start. */
const WHOLE = /@(?:ts|plain|rec|mutex)$|patched\/(?:clean-\w+|simple-clean-precopy)(?:-x)?$/;
const BROKEN = /rotate|shared|trace-on-late/;

function* realLogs(version: Band): Generator<ProtocolLog> {
  const folder = { '7.2': 'real/7.2/', '10.0': 'real/10.0.13/', '11.1': 'real/11.1/', thread: 'patched/' }[version];
  for (const { name } of [...realCaptures(), ...patchedCaptures()]) {
    if (!name.startsWith(folder) || !WHOLE.test(name) || BROKEN.test(name)) continue;
    yield readLog(name, version, readLines(join(TRACES, name, 'src.log')));
  }
}

function talliesOver(logs: Iterable<ProtocolLog>): ReadonlyMap<string, Tally> {
  const tallies = new Map(INVARIANTS.map(({ id }) => [id, new Tally()]));
  for (const log of logs) {
    for (const { id, check } of INVARIANTS) check(log, tallies.get(id) ?? new Tally());
  }
  return tallies;
}

const appliedTo = (tallies: readonly ReadonlyMap<string, Tally>[], id: string): number =>
  tallies.reduce((sum, tally) => sum + (tally.get(id)?.applied ?? 0), 0);

describe('emulated', () => {
  const tallies = BANDS.map((version) => talliesOver(emulatedLogs(version)));

  test.each(INVARIANTS.map(({ id, words }) => [id, words]))('%s: %s', (id) => {
    for (const tally of tallies) expect(tally.get(id)?.broken).toEqual([]);
    expect(appliedTo(tallies, id)).toBeGreaterThan(10);
  });
});

describe.skipIf(TRACES_MISSING)(`real${SKIPPED}`, () => {
  const tallies = TRACES_MISSING ? [] : BANDS.map((version) => talliesOver(realLogs(version)));

  test.each(INVARIANTS.map(({ id, words }) => [id, words]))('%s: %s', (id) => {
    for (const tally of tallies) expect(tally.get(id)?.broken).toEqual([]);
    expect(appliedTo(tallies, id)).toBeGreaterThan(2);
  });
});
