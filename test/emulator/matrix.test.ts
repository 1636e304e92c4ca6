/**
 * Every fault in every kind of migration and version that has its place,
 * judged by qtrace's own rules: it shows under the rules that it is to show
 * under, and under no other. And without a fault nobody is accused.
 */
import { describe, expect, test } from 'vitest';
import type { Band } from '../../src/catalog/vocabulary.ts';
import { type FaultId, faultNamed } from '../../src/emulator/faults/registry.ts';
import type { EventSet } from '../../src/emulator/shell/event-sets.ts';
import { bundledScenario, SCENARIO_NAMES } from '../../src/emulator/shell/scenarios.ts';
import { judge, violatedRules } from '../rules/support.ts';
import { type EmulationRequest, emulate } from './emulated.ts';
import { EXPECTED, FAULT_IDS, POSTED } from './expected.ts';

interface Case {
  readonly fault: FaultId;
  readonly scenario: string;
  readonly version: Band;
  readonly rules: readonly string[];
}

function casesOf(fault: FaultId): readonly Case[] {
  const { precopy, postcopy, colo, other } = EXPECTED[fault];
  const scenarios = [
    ...(precopy === undefined ? [] : [{ scenario: 'precopy', rules: precopy }]),
    ...(postcopy === undefined ? [] : [{ scenario: 'postcopy', rules: postcopy }]),
    ...(colo === undefined ? [] : [{ scenario: 'colo', rules: colo }]),
    ...(other === undefined ? [] : [other]),
  ];
  const versions = faultNamed(fault)?.versions ?? [];
  return scenarios.flatMap(({ scenario, rules }) => versions.map((version) => ({ fault, scenario, version, rules })));
}

const CASES = FAULT_IDS.flatMap(casesOf);

async function judged(scenario: string, request: EmulationRequest) {
  const { lines, samples, result } = emulate(scenario, request);
  return { report: await judge(lines, { qmp: samples }), result };
}

describe.each(CASES)('$fault in $scenario of $version', ({ fault, scenario, version, rules }) => {
  test('shows under its rules and no other, when every event is on', async () => {
    const { report, result } = await judged(scenario, { version, faults: [fault], events: ['probe', 'bql'] });
    expect([...result.reachedFaults]).toEqual([fault]);
    expect([...new Set(violatedRules(report))].sort()).toEqual([...rules].sort());
  });

  test('shows under no other rule with the recommended events', async () => {
    const { report } = await judged(scenario, { version, faults: [fault] });
    expect(violatedRules(report).filter((rule) => !rules.includes(rule))).toEqual([]);
    for (const rule of rules) {
      const verdicts = report.verdicts.filter((one) => one.rule === rule).map(({ verdict }) => verdict);
      expect(
        verdicts.some((verdict) => verdict === 'violated' || verdict === 'undecidable'),
        rule,
      ).toBe(true);
    }
  });
});

describe.each(['precopy', 'postcopy', 'colo'] as const)('the patch as posted: %s', (scenario) => {
  test('violates what it leaves out, when every event is on', async () => {
    const { report } = await judged(scenario, { version: 'thread', asPosted: true, events: ['probe', 'bql'] });
    expect([...new Set(violatedRules(report))].sort()).toEqual([...POSTED[scenario]].sort());
  });

  test('with the recommended events nothing else', async () => {
    const { report } = await judged(scenario, { version: 'thread', asPosted: true });
    const others = violatedRules(report).filter((rule) => !POSTED[scenario].some((own) => own === rule));
    expect(others).toEqual([]);
  });
});

test('final-skips-module is a warning', async () => {
  const { report } = await judged('precopy', { faults: ['final-skips-module'] });
  const found = report.verdicts.filter(({ rule, verdict }) => rule === 'final-skips-module' && verdict === 'violated');
  expect(found.map(({ severity }) => severity)).toEqual(['warning']);
});

test.each(['11.1', 'thread'] as const)('%s: late-log-clear is a remark', async (version) => {
  const verdictsOf = async (faults: readonly FaultId[]) => {
    const { report } = await judged('precopy', { version, faults, events: ['all'] });
    return report.verdicts.filter(({ rule }) => rule === 'log-clear-in-blackout');
  };
  expect((await verdictsOf([])).map(({ verdict }) => verdict)).toEqual(['pass']);
  const faulty = await verdictsOf(['late-log-clear']);
  expect(faulty.map(({ verdict, severity }) => [verdict, severity])).toEqual([['violated', 'info']]);
});

describe('a fault that the run never comes to', () => {
  const FAULTY = FAULT_IDS.filter((fault) => faultNamed(fault)?.versions.some((version) => version === '11.1'));

  test.each(['cancel', 'unreachable', 'snapshot'])('accuses nobody in %s', async (scenario) => {
    const never = FAULTY.filter(
      (fault) => !['exact-no-sync', 'estimate-sync', 'skip-dirty-bytes', 'wrong-total'].includes(fault),
    );
    const { report, result } = await judged(scenario, { faults: never, events: ['probe', 'bql'] });
    expect(result.reachedFaults.size).toBe(0);
    expect(violatedRules(report)).toEqual([]);
  });

  test('precopy-no-sync in postcopy, and the other way round', async () => {
    for (const [scenario, fault] of [
      ['postcopy', 'precopy-no-sync'],
      ['precopy', 'postcopy-no-sync'],
    ] as const) {
      const { report, result } = await judged(scenario, { faults: [fault], events: ['probe', 'bql'] });
      expect(result.reachedFaults.size).toBe(0);
      expect(violatedRules(report)).toEqual([]);
    }
  });
});

const SETS: readonly (readonly EventSet[])[] = [
  ['core'],
  ['recommended'],
  ['probe'],
  ['bql'],
  ['probe', 'bql'],
  ['all'],
];

describe.each(SCENARIO_NAMES)('%s without a fault', (scenario) => {
  const versions = bundledScenario(scenario)?.versions ?? [];

  test.each(versions)('%s: nobody is accused, whatever is switched on', async (version) => {
    for (const events of SETS) {
      const { report } = await judged(scenario, { version, events });
      expect(violatedRules(report), events.join('+')).toEqual([]);
      const found = report.qemu;
      expect([version, null], events.join('+')).toContain(found);
    }
  });
});
