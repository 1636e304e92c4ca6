/** The bytes of a log: the same as ever, and the same however the work is cut into slices. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BANDS } from '../../src/catalog/vocabulary.ts';
import { type LogForm, LogWriter } from '../../src/emulator/shell/log-writer.ts';
import { bundledScenario, SCENARIO_NAMES } from '../../src/emulator/shell/scenarios.ts';
import { Simulation } from '../../src/emulator/simulate.ts';
import { collect, configOf, type EmulationRequest, emulate } from './emulated.ts';
import { FAULT_IDS } from './expected.ts';

const PLACE = join(import.meta.dirname, '..', '..', 'fixtures', 'emulator', 'digests.txt');
const REWRITE = process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] === undefined;
const golden = existsSync(PLACE) ? readFileSync(PLACE, 'utf8').split('\n') : [];

const versionsOf = (scenario: string) => BANDS.filter((band) => bundledScenario(scenario)?.versions.includes(band));

const digest = (lines: readonly string[]): string =>
  createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);

function row(name: string, scenario: string, request: EmulationRequest): string {
  const { lines, samples } = emulate(scenario, request);
  return `${name} ${lines.length} ${digest(lines)} ${digest(samples)}`;
}

/** Every scenario and version, every fault once, and every form of a log. */
function rows(): readonly string[] {
  const scenarios = SCENARIO_NAMES.flatMap((scenario) =>
    versionsOf(scenario).map((version) => row(`${scenario} ${version}`, scenario, { version, events: ['all'] })),
  );
  const faults = FAULT_IDS.map((fault) => row(`postcopy ${fault}`, 'postcopy', { faults: [fault], events: ['all'] }));
  const forms = (['iso', 'tid', 'none'] as const).flatMap((prefix) =>
    (['recommended', 'core', 'probe', 'bql'] as const).map((events) =>
      row(`colo ${prefix} ${events}`, 'colo', { seed: 987_654_321_012, prefix, events: [events] }),
    ),
  );
  return [...scenarios, ...faults, ...forms, ''];
}

test('the digests are those of fixtures/emulator/digests.txt; `UPDATE_GOLDEN=1 npm test` rewrites it', () => {
  const now = rows();
  if (REWRITE) writeFileSync(PLACE, now.join('\n'));
  else expect(now).toEqual(golden);
});

function advanced(scenario: string, request: EmulationRequest, waits: number): readonly string[] {
  const config = configOf(scenario, request);
  const form: LogForm = { version: config.version, prefix: 'tid', shows: () => true };
  const all = collect();
  const outputs = { log: () => all.log, stderr: undefined, samples: all.log };
  const simulation = new Simulation(config, new LogWriter(form, outputs));
  let result = simulation.advance(waits);
  while (result === undefined) result = simulation.advance(waits);
  return all.lines();
}

/** Each wait hands the thread's turn back: the long way, from which the short one must not differ. */
const slowly = (scenario: string, request: EmulationRequest) => advanced(scenario, request, 1);
const atOnce = (scenario: string, request: EmulationRequest) => advanced(scenario, request, Number.POSITIVE_INFINITY);

describe.each(SCENARIO_NAMES)('%s', (scenario) => {
  test.each(
    versionsOf(scenario),
  )('%s: a thread that goes straight on prints what one that is woken prints', (version) => {
    const request = { version, seed: 5, set: ['vcpus=3', 'poll-interval=11'] };
    expect(atOnce(scenario, request)).toEqual(slowly(scenario, request));
  });
});

test('a migration that polls, with locks that others hold', () => {
  for (const version of BANDS) {
    const set = ['downtime-limit=0', 'dirty-rate=0', 'memory=32M', 'vcpus=4', 'poll-interval=1', 'end-at=700'];
    expect(atOnce('dirty-bitmaps', { version, set })).toEqual(slowly('dirty-bitmaps', { version, set }));
  }
});
