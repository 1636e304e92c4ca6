/** Whatever is simulated: the same again gives the same bytes, and a run without faults accuses nobody. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BANDS, type Band } from '../../src/catalog/vocabulary.ts';
import { FAILURE_POINTS } from '../../src/emulator/config.ts';
import { faultNamed } from '../../src/emulator/faults/registry.ts';
import { bundledScenario, SCENARIO_NAMES } from '../../src/emulator/shell/scenarios.ts';
import { judge, violatedRules } from '../rules/support.ts';
import { type EmulationRequest, emulate } from './emulated.ts';
import { FAULT_IDS, rulesOf } from './expected.ts';

describe.each(SCENARIO_NAMES)('%s', (scenario) => {
  test('one seed, one log; another seed, another log', () => {
    for (const version of bundledScenario(scenario)?.versions ?? []) {
      const first = emulate(scenario, { version, events: ['all'], seed: 7 });
      const again = emulate(scenario, { version, events: ['all'], seed: 7 });
      expect(again.lines).toEqual(first.lines);
      expect(again.samples).toEqual(first.samples);
      expect(emulate(scenario, { version, events: ['all'], seed: 8 }).lines).not.toEqual(first.lines);
    }
  });
});

const MEBIBYTE = 2 ** 20;

/** Settings that any scenario may get. */
const settings = fc.record({
  memory: fc.integer({ min: 16, max: 512 }).map((size) => `memory=${size}M`),
  working: fc.integer({ min: 0, max: 64 }).map((size) => `working-set=${size}M`),
  dirty: fc.integer({ min: 0, max: 80 * MEBIBYTE }).map((rate) => `dirty-rate=${rate}`),
  bandwidth: fc.integer({ min: 30, max: 400 }).map((rate) => `max-bandwidth=${rate}M`),
  limit: fc.integer({ min: 1, max: 600 }).map((limit) => `downtime-limit=${limit}`),
  vcpus: fc.integer({ min: 1, max: 4 }).map((count) => `vcpus=${count}`),
  running: fc.constantFrom('running=true', 'running=true', 'running=true', 'running=false'),
  returnPath: fc.boolean().map((on) => `return-path=${on}`),
  latency: fc.integer({ min: 0, max: 20 }).map((latency) => `link-latency=${latency}`),
  load: fc.integer({ min: 0, max: 100 }).map((time) => `load-time=${time}`),
  quit: fc.boolean().map((on) => `quit=${on}`),
  // Postcopy by command or not at all, and pauses, whatever the scenario.
  postcopy: fc.constantFrom('postcopy-ram=false', 'postcopy-ram=true'),
  start: fc.constantFrom('start-postcopy=false', 'start-postcopy=true', 'start-postcopy=900'),
  pause: fc.boolean().map((on) => `pause-before-switchover=${on}`),
  // Some never end, and some spin.
  end: fc.integer({ min: 100, max: 6000 }).map((time) => `end-at=${time}`),
  link: fc.constantFrom('break-at=false', 'break-at=false', 'break-at=800'),
  fails: fc.constantFrom(...[...FAILURE_POINTS, 'never', 'never', 'never', 'never'].map((at) => `fail-at=${at}`)),
  device: fc.constantFrom('device-time=0', 'device-time=30'),
  cmma: fc.constantFrom('load-time=4', 'cmma-attributes=30000'),
  ring: fc.constantFrom('dirty-ring=false', 'dirty-ring=true'),
  // An end for those that would not converge.
  cancel: fc.integer({ min: 0, max: 6000 }).map((time) => `cancel-at=${time}`),
});

const run = fc.record({
  scenario: fc.constantFrom(...SCENARIO_NAMES),
  version: fc.constantFrom(...BANDS),
  seed: fc.nat(),
  events: fc.constantFrom(['recommended'] as const, ['probe', 'bql'] as const, ['all'] as const),
  settings,
});

/** Verdicts on a run; undefined when there is no migration to read. */
async function judged(scenario: string, request: EmulationRequest) {
  const { lines, samples, result } = emulate(scenario, request);
  // Refused at once, or over before it began.
  if (!lines.some((line) => line.includes('migrate_set_state'))) return undefined;
  const report = await judge(lines, { qmp: samples });
  expect(report.verdicts.filter(({ reason }) => reason.startsWith('internal fault'))).toEqual([]);
  return { violated: violatedRules(report), reached: result.reachedFaults };
}

const hasScenario = (version: Band, scenario: string): boolean =>
  bundledScenario(scenario)?.versions.includes(version) === true;

/** Of each property; QTRACE_RUNS=5000 for a long one. */
const PARTS = 4;
const RUNS = Number(process.env['QTRACE_RUNS'] ?? 400);
const RUNS_PER_PART = Math.ceil(RUNS / PARTS);
const TIMEOUT_MS = 60_000 + RUNS_PER_PART * 1_000;

// In parts, so that one does not take longer than a test may.
describe.each(Array.from({ length: PARTS }, (_, index) => index + 1))('property, part %d', (part) => {
  test(
    'nobody is accused of a run without faults',
    async () => {
      await fc.assert(
        fc.asyncProperty(run, async ({ scenario, version, seed, events, settings: chosen }) => {
          if (!hasScenario(version, scenario)) return;
          const verdicts = await judged(scenario, { version, seed, events, set: Object.values(chosen) });
          expect(verdicts?.violated ?? []).toEqual([]);
        }),
        { numRuns: RUNS_PER_PART, seed: part },
      );
    },
    TIMEOUT_MS,
  );

  test(
    'a fault shows under no rule but its own, and under none when the run never comes to it',
    async () => {
      await fc.assert(
        fc.asyncProperty(run, fc.constantFrom(...FAULT_IDS), async (one, fault) => {
          const { scenario, version, seed, events, settings: chosen } = one;
          const hasPlace = faultNamed(fault)?.versions.some((band) => band === version) === true;
          if (!hasScenario(version, scenario) || !hasPlace) return;
          const set = Object.values(chosen);
          const verdicts = await judged(scenario, { version, seed, events, set, faults: [fault] });
          if (verdicts === undefined) return;
          const own = verdicts.reached.has(fault) ? rulesOf(fault) : [];
          expect(verdicts.violated.filter((rule) => !own.includes(rule))).toEqual([]);
        }),
        { numRuns: RUNS_PER_PART, seed: part },
      );
    },
    TIMEOUT_MS,
  );
});
