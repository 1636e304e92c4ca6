/** Random reports, hostile text included, whose parts agree with each other as the builder's do. */
import fc from 'fast-check';
import type { LineReport, MigrationReport, Report, VerdictReport } from '../../src/report/report.ts';
import { buildReport } from './build.ts';

/** Marks a raw line: the only kind that may be longer than the page. */
export const RAW = 'RAW|';

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  // Code units, lone surrogates among them.
  {
    weight: 1,
    arbitrary: fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 })
      .map((codes) => String.fromCharCode(...codes)),
  },
  { weight: 1, arbitrary: fc.constantFrom('\u001b[31mred', '\u202eright', '</script>', 'a b  c\n', 'y'.repeat(5000)) },
);
const count = fc.nat({ max: 1_000_000 });
const lineNumber = fc.integer({ min: 1, max: 9_999_999 });
const uint64 = fc.oneof(
  fc.maxSafeNat(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }).map((value) => value.toString()),
);
const ns = fc.integer({ min: -1_000_000, max: 1e15 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const file = fc.oneof(fc.constantFrom('src.log', 'LOG.1234'), text);
const line: fc.Arbitrary<LineReport> = fc.record({ file, line: lineNumber, text: text.map((raw) => RAW + raw) });
const rule = fc.oneof(fc.constantFrom('final-missing', 'final-without-bql', 'total-not-sum'), text);

const problem = fc.record({
  ...{ code: text, count, firstLine: lineNumber, text, hint: text },
  weakens: fc.boolean(),
});

const input = fc.record({
  ...{ name: file, bytes: uint64, lines: count, events: count, format: text, messages: count },
  digest: fc.record({ kind: fc.constantFrom('sha256', 'sha256-ends'), hex: text }),
  side: fc.constantFrom('source', 'destination', 'unknown'),
  problems: fc.array(problem, { maxLength: 20 }),
});

const round = fc.record({
  ...{ kind: fc.constantFrom('round', 'final'), count, file, line: lineNumber, ns: maybe(ns), syncs: count },
  ...{ estimateBytes: maybe(uint64), exactBytes: maybe(uint64), finalBytes: maybe(uint64) },
  ...{ dirtyPages: maybe(uint64), thresholdBytes: maybe(uint64), exactNs: maybe(ns) },
});

const instance = fc.nat({ max: 0xffff_ffff });
const device = fc.record({ idstr: text, instance, durationNs: uint64 });
const block = fc.record({ totalNs: uint64, devices: fc.array(device, { maxLength: 12 }), omitted: count });
const downtime = fc.record({
  ...{ durationNs: uint64, start: line, end: line, iterable: block, nonIterable: block },
  checkpoints: fc.array(fc.record({ from: text, to: text, durationNs: uint64 }), { maxLength: 25 }),
});

const outcome = fc.constantFrom('completed', 'cancelled', 'failed', 'aborted', 'running');
const states = fc.array(fc.record({ state: text, file, line: lineNumber, ns: maybe(ns) }), { maxLength: 50 });
const blocks = {
  ...{ file, outcome, states, iterable: block, nonIterable: block },
  checkpoints: fc.array(fc.record({ from: text, to: text, durationNs: maybe(uint64) }), { maxLength: 25 }),
};
const range = { lowNs: maybe(uint64), highNs: maybe(uint64) };
const destination = fc.record({
  ...blocks,
  clock: maybe(fc.record({ ...range, pairs: count })),
  ties: fc.array(
    fc.record({
      bound: fc.constantFrom('low', 'high'),
      first: fc.constantFrom('source', 'destination'),
      ...{ source: line, destination: line },
    }),
    { maxLength: 2 },
  ),
  blackout: maybe(
    fc.record({
      ...{ ...range, from: line, to: line },
      steps: fc.array(fc.record({ from: text, to: text, ...range }), { maxLength: 25 }),
    }),
  ),
  noBlackout: maybe(text),
});

const migration: fc.Arbitrary<MigrationReport> = fc.record({
  index: fc.constant(0),
  kind: fc.constantFrom('precopy', 'postcopy', 'snapshot', 'background-snapshot', 'colo', 'unknown'),
  ...{ outcome, states },
  queries: fc.record({ estimate: count, exact: count, final: count, unspecified: count }),
  ...{ syncs: count, iterations: count, downtimeNs: maybe(uint64), finalTotalBytes: maybe(uint64) },
  phases: fc.array(
    fc.record({ name: text, startNs: maybe(ns), endNs: maybe(ns), lines: fc.tuple(lineNumber, lineNumber) }),
    { maxLength: 5 },
  ),
  rounds: fc.record({ rows: fc.array(round, { maxLength: 10 }), omitted: count, omittedAfter: fc.nat(10) }),
  downtime: maybe(downtime),
  steps: fc.constant({ rows: [], omitted: 0, omittedAfter: 0 }),
  measures: fc.constant([]),
  destination: maybe(destination),
  messages: fc.record({ lines: fc.array(line, { maxLength: 5 }), omitted: count }),
});

const finding = fc.record({
  ...{ message: text, expected: text, actual: text },
  evidence: fc.array(line, { minLength: 1, maxLength: 15 }),
});

function verdictOf(migrations: number): fc.Arbitrary<VerdictReport> {
  return fc.record({
    ...{ rule, reason: fc.oneof(text, fc.constant('internal fault: x')) },
    severity: fc.constantFrom('error', 'warning', 'info'),
    migration: fc.nat({ max: migrations - 1 }),
    verdict: fc.constantFrom('pass', 'violated', 'undecidable', 'not-applicable'),
    enable: fc.array(fc.oneof(fc.constantFrom('qemu_mutex_lock', '--qmp', 'ram_state_pending_sync'), text)),
    findings: fc.array(finding, { maxLength: 7 }),
    findingCount: fc.nat({ max: 100 }),
  });
}

export const arbitraryReport: fc.Arbitrary<Report> = fc
  .array(migration, { maxLength: 25, size: 'small' })
  .chain((migrations) =>
    fc.record({
      inputs: fc.array(input, { maxLength: 35, size: 'small' }),
      samples: fc.option(fc.record({ name: text, lines: count, samples: count, notUnderstood: count })),
      ...{ qtrace: text, ruleset: text },
      qemu: fc.constantFrom('7.2', '10.0', '11.1', 'thread', null),
      untiedDestinations: fc.array(fc.record({ ...blocks, reason: text, lines: fc.array(line, { maxLength: 8 }) }), {
        maxLength: 2,
      }),
      migrations: fc.constant(migrations.map((one, index) => ({ ...one, index }))),
      verdicts: migrations.length === 0 ? fc.constant([]) : fc.array(verdictOf(migrations.length), { maxLength: 60 }),
    }),
  )
  .map((parts) => buildReport(parts));
