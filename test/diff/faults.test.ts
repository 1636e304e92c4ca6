/** Every fault against its clean twin: named by its rules, and shown at the step where it was done. */
import { describe, expect, test } from 'vitest';
import type { DiffRun } from '../../src/diff/diff.ts';
import type { FaultId } from '../../src/emulator/faults/registry.ts';
import type { EmulationRequest } from '../emulator/emulated.ts';
import { EXPECTED, FAULT_IDS } from '../emulator/expected.ts';
import { type Compared, compare, emulatedRun } from './support.ts';

const EVENTS: EmulationRequest = { events: ['probe', 'bql'], seed: 3 };

/** The step that each fault does wrong; `iterations` where it is one of the rounds. */
const STEP: Readonly<Record<FaultId, RegExp>> = {
  'no-bql': /^final query$/,
  'no-bql-assert': /^(?:final query|assertion failed)$/,
  'handler-takes-bql': /^(?:final query|assertion failed)$/,
  'handler-drops-bql': /^(?:final query|sync)$/,
  'no-final': /^(?:final query|sync)$/,
  'double-final': /^final query$/,
  'final-before-stop': /^final query$/,
  'final-estimate': /^final query$/,
  'precopy-no-sync': /^final query$/,
  'postcopy-no-sync': /^final query$/,
  'exact-no-sync': /^iterations$/,
  'estimate-sync': /^iterations$/,
  'skip-dirty-bytes': /^(?:final query|iterations)$/,
  'wrong-total': /^(?:final query|iterations|queries of postcopy)$/,
  'last-stage-false': /^final query$/,
  'query-after-final': /^(?:estimate|exact) query$/,
  'sync-after-final': /^sync$/,
  'postcopy-sync-again': /^queries of postcopy$|^sync$/,
  'final-skips-module': /^final query$/,
  'ack-ignored': /^final query$/,
  'decide-on-estimate': /^(?:decision|iterations)$/,
  // Of no rule of severity error.
  'late-log-clear': /^$/,
};

const CASES = FAULT_IDS.flatMap((fault) => {
  const { precopy, postcopy, colo, other } = EXPECTED[fault];
  return [
    ...(precopy === undefined ? [] : [{ fault, scenario: 'precopy', rules: precopy }]),
    ...(postcopy === undefined ? [] : [{ fault, scenario: 'postcopy', rules: postcopy }]),
    ...(colo === undefined ? [] : [{ fault, scenario: 'colo', rules: colo }]),
    ...(other === undefined ? [] : [{ fault, ...other }]),
  ];
});

const clean = new Map<string, DiffRun>();

async function cleanRun(scenario: string): Promise<DiffRun> {
  const run = clean.get(scenario) ?? (await emulatedRun(scenario, EVENTS));
  clean.set(scenario, run);
  return run;
}

function newErrors({ rules }: Compared): readonly string[] {
  const errors = rules.filter(({ change, severity }) => change === 'newly-violated' && severity === 'error');
  return [...new Set(errors.map(({ rule }) => rule))].sort();
}

describe.each(CASES)('$fault in $scenario', ({ fault, scenario, rules }) => {
  test('is newly violated, at its step', async () => {
    const faulty = await emulatedRun(scenario, { ...EVENTS, faults: [fault] });
    const diff = compare([await cleanRun(scenario)], [faulty]);
    expect(newErrors(diff)).toEqual([...rules].sort());
    const newly = diff.rules.filter((one) => one.change === 'newly-violated');
    for (const { step, rule, severity } of newly) {
      if (severity !== 'error') continue;
      const found = step === null ? undefined : diff.steps[step];
      expect((found?.head ?? found?.base)?.name, rule).toMatch(STEP[fault]);
      expect(found?.rules).toContain(rule);
    }
  });

  test('is fixed the other way round', async () => {
    const faulty = await emulatedRun(scenario, { ...EVENTS, faults: [fault] });
    const diff = compare([faulty], [await cleanRun(scenario)]);
    expect(newErrors(diff)).toEqual([]);
    const fixed = diff.rules.filter(({ change }) => change === 'fixed').map(({ rule }) => rule);
    expect(fixed).toEqual(expect.arrayContaining([...rules]));
  });
});

/** Nobody can see these in the sequence: only a line's number, or who looks on, is wrong, or the event is not among those that were switched on. */
const INVISIBLE: ReadonlySet<FaultId> = new Set([
  'skip-dirty-bytes',
  'wrong-total',
  'final-skips-module',
  'ack-ignored',
  'late-log-clear',
]);

test.each(CASES.filter(({ fault }) => !INVISIBLE.has(fault)))('$fault in $scenario shows in words', async ({
  fault,
  scenario,
}) => {
  const faulty = await emulatedRun(scenario, { ...EVENTS, faults: [fault] });
  const diff = compare([await cleanRun(scenario)], [faulty]);
  expect(diff.changes.length).toBeGreaterThan(0);
});
