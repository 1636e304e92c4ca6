/** A stored run serves in place of its trace, and gives the same diff. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyze } from '../../src/analysis/analyze.ts';
import { planInputs } from '../../src/analysis/replay-inputs.ts';
import { UserError } from '../../src/base/errors.ts';
import { decodeFacts } from '../../src/diff/decode-facts.ts';
import type { DiffRun } from '../../src/diff/diff.ts';
import { jsonRenderer } from '../../src/report/renderers/json.ts';
import type { RunFacts } from '../../src/report/run-facts.ts';
import { RULES } from '../../src/rules/registry.ts';
import { readRun } from '../../src/store/read-run.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { type EmulationRequest, emulate } from '../emulator/emulated.ts';
import { compare } from './support.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qtrace-diff-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Sources {
  readonly trace: RunFacts;
  readonly report: RunFacts;
  readonly database: RunFacts;
}

async function sourcesOf(scenario: string, request: EmulationRequest): Promise<Sources> {
  const { lines, samples } = emulate(scenario, request);
  const [log, qmp, db] = ['src.log', 'qmp.jsonl', 'run.db'].map((name) => join(folder, name));
  if (log === undefined || qmp === undefined || db === undefined) throw new Error('no names');
  writeFileSync(log, `${lines.join('\n')}\n`);
  writeFileSync(qmp, `${samples.join('\n')}\n`);
  const plan = planInputs([log], qmp);
  const listener = await StoreWriter.create(db);
  const request_ = { paths: plan.files, qmp, band: undefined, rules: RULES, fullDigest: false, listener };
  const trace = await analyze({ ...request_, progress: () => undefined }, plan);
  listener.finish(trace);
  const json: unknown = JSON.parse(jsonRenderer.render(trace, { color: false, verbose: false }));
  return { trace, report: decodeFacts(json, 'report'), database: decodeFacts(await readRun(db), 'run.db') };
}

const runOf = (facts: RunFacts): DiffRun => ({ name: 'run', source: 'trace', facts });

describe.each([
  ['precopy', {}],
  ['precopy', { faults: ['no-final'] }],
  ['postcopy', { version: '10.0' }],
  ['colo', { events: ['probe', 'bql'] }],
  ['two-runs', { version: '7.2' }],
  ['unreachable', {}],
] satisfies [string, EmulationRequest][])('%s %j', (scenario, request) => {
  test('report and database hold the facts of the trace', async () => {
    const { trace, report, database } = await sourcesOf(scenario, request);
    expect(database).toEqual(report);
    const { qtrace, ruleset, qemu, verdicts } = trace;
    expect(report).toMatchObject({ qtrace, ruleset, qemu, verdicts });
    const kept = trace.migrations.map(({ index, kind, outcome, steps, measures }) => ({
      index,
      kind,
      outcome,
      steps,
      measures,
    }));
    expect(report.migrations).toEqual(kept);
  });

  test('and so give the same diff', async () => {
    const base = await sourcesOf('precopy', { seed: 5 });
    const head = await sourcesOf(scenario, request);
    const wanted = compare([runOf(base.trace)], [runOf(head.trace)]);
    expect(compare([runOf(base.report)], [runOf(head.report)])).toEqual(wanted);
    expect(compare([runOf(base.database)], [runOf(head.database)])).toEqual(wanted);
    expect(compare([runOf(base.trace)], [runOf(head.database)])).toEqual(wanted);
  });
});

test('steps that were left out are known to be left out', async () => {
  const { trace } = await sourcesOf('precopy', {});
  const [migration] = trace.migrations;
  if (migration === undefined) throw new Error('no migration');
  const steps = { ...migration.steps, omitted: 7, omittedAfter: 3 };
  const db = join(folder, 'cut.db');
  const writer = await StoreWriter.create(db);
  const { lines } = emulate('precopy');
  const log = join(folder, 'cut.log');
  writeFileSync(log, `${lines.join('\n')}\n`);
  const plan = planInputs([log], undefined);
  const request = { paths: plan.files, qmp: undefined, band: undefined, rules: RULES, fullDigest: false };
  const report = await analyze({ ...request, listener: undefined, progress: () => undefined }, plan);
  writer.finish({ ...report, migrations: report.migrations.map((one) => ({ ...one, steps })) });
  expect(decodeFacts(await readRun(db), 'cut.db').migrations[0]?.steps).toEqual(steps);
});

describe('what is no report', () => {
  test.each([
    [null, /the report is missing/],
    [[], /the report is missing/],
    [{}, /qtrace is no text/],
    [{ qtrace: '1', ruleset: 'x', qemu: '9.9' }, /qemu is unknown/],
    [
      {
        qtrace: '1',
        ruleset: 'x',
        qemu: null,
        inputs: [],
        migrations: [{ index: 0, kind: 'precopy', outcome: 'completed' }],
      },
      /steps is missing/,
    ],
  ])('%j is refused', (value, message) => {
    expect(() => decodeFacts(value, 'x.json')).toThrow(UserError);
    expect(() => decodeFacts(value, 'x.json')).toThrow(message);
  });

  test('any value is refused with a sentence or understood', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 5 }), (value) => {
        try {
          decodeFacts(value, 'x.json');
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(UserError);
        }
      }),
    );
  });

  test('a report of which one value was replaced, too', async () => {
    const { report } = await sourcesOf('precopy', { faults: ['no-final'] });
    const text = JSON.stringify(report);
    const values = [...text.matchAll(/(?<=[:[,])(?:"[^"]*"|-?\d+|null)(?=[,\]}])/g)];
    const junk = fc.constantFrom('null', '[]', '{}', '"x"', '-1', '1e300', 'true');
    fc.assert(
      fc.property(fc.nat(values.length - 1), junk, (at, other) => {
        const { index = 0, 0: old = '' } = values[at] ?? {};
        const changed: unknown = JSON.parse(`${text.slice(0, index)}${other}${text.slice(index + old.length)}`);
        try {
          const facts = decodeFacts(changed, 'x.json');
          compare([runOf(facts)], [runOf(report)]);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(UserError);
        }
      }),
    );
  });
});
