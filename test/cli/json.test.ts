/** The JSON of analyze against the contract: every key, its type, and when it is null. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bothSides } from '../replay/both-sides.ts';
import { CLEAN, trace, useWorkplace, VIOLATED } from './program.ts';

const place = useWorkplace();

/** Tells what is wrong with a value, as lines that begin with its path. */
type Check = (value: unknown, path: string) => readonly string[];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function when(holds: (value: unknown) => boolean, wanted: string): Check {
  return (value, path) => (holds(value) ? [] : [`${path} is ${JSON.stringify(value)}, not ${wanted}`]);
}

/** `promised` are the keys of the contract; `added` came later and must be named here. */
function object(promised: Readonly<Record<string, Check>>, added: Readonly<Record<string, Check>> = {}): Check {
  return (value, path) => {
    if (!isRecord(value)) return [`${path} is ${JSON.stringify(value)}, not an object`];
    const checks = { ...promised, ...added };
    const missing = Object.keys(checks).filter((key) => !(key in value));
    const unknown = Object.keys(value).filter((key) => !(key in checks));
    return [
      ...missing.map((key) => `${path}.${key} is missing`),
      ...unknown.map((key) => `${path}.${key} is not known to this test`),
      ...Object.entries(checks).flatMap(([key, check]) => (key in value ? check(value[key], `${path}.${key}`) : [])),
    ];
  };
}

function list(item: Check, most = Number.POSITIVE_INFINITY): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return [`${path} is ${JSON.stringify(value)}, not a list`];
    const long = value.length > most ? [`${path} has ${value.length} items, more than ${most}`] : [];
    return [...long, ...value.flatMap((member: unknown, index) => item(member, `${path}[${index}]`))];
  };
}

const orNull =
  (check: Check): Check =>
  (value, path) =>
    value === null ? [] : check(value, path);

const oneOf = (...values: readonly string[]): Check =>
  when((value) => typeof value === 'string' && values.includes(value), values.join('|'));

const text = when((value) => typeof value === 'string', 'a text');
const words = when((value) => typeof value === 'string' && value.trim() !== '', 'a text that says something');
const boolean = when((value) => typeof value === 'boolean', 'a boolean');
const count = when((value) => Number.isSafeInteger(value) && Number(value) >= 0, 'a count');
const lineNumber = when((value) => Number.isSafeInteger(value) && Number(value) >= 1, 'a line number');

/** A JSON number up to 2^53-1, a decimal string above. */
const exact = when((value) => {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  return typeof value === 'string' && /^\d+$/.test(value) && BigInt(value) > BigInt(Number.MAX_SAFE_INTEGER);
}, 'an integer, as a number up to 2^53-1 and as a text above');

/** The same, below zero, too. */
const signed: Check = (value, path) => exact(typeof value === 'string' ? value.replace(/^-/, '') : value, path);

const rawLine = object({ file: words, line: lineNumber, text });

const input = object(
  {
    name: words,
    bytes: exact,
    digest: object({
      kind: oneOf('sha256', 'sha256-ends'),
      hex: when((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value), '64 hexadecimal digits'),
    }),
    lines: count,
    events: count,
    format: words,
    side: oneOf('source', 'destination', 'unknown'),
    problems: list(object({ code: words, count, firstLine: count, text: words, hint: words }, { weakens: boolean })),
  },
  { messages: count },
);

const devices = object({
  totalNs: exact,
  devices: list(object({ idstr: text, instance: when(Number.isSafeInteger, 'a number'), durationNs: exact })),
  omitted: count,
});

const round = object({
  kind: oneOf('round', 'final'),
  count,
  file: words,
  line: lineNumber,
  ns: orNull(exact),
  estimateBytes: orNull(exact),
  exactBytes: orNull(exact),
  finalBytes: orNull(exact),
  dirtyPages: orNull(exact),
  syncs: count,
  exactNs: orNull(exact),
  thresholdBytes: orNull(exact),
});

const states = list(object({ state: words, line: lineNumber, ns: orNull(exact) }, { file: words }));
const outcome = oneOf('completed', 'cancelled', 'failed', 'aborted', 'running');

const destinationBlocks = {
  file: words,
  outcome,
  states,
  checkpoints: list(object({ from: words, to: words, durationNs: orNull(exact) })),
  iterable: devices,
  nonIterable: devices,
};

const destination = object({
  ...destinationBlocks,
  clock: orNull(object({ lowNs: orNull(signed), highNs: orNull(signed), pairs: count })),
  ties: list(
    object({
      bound: oneOf('low', 'high'),
      first: oneOf('source', 'destination'),
      source: rawLine,
      destination: rawLine,
    }),
    2,
  ),
  blackout: orNull(
    object({
      lowNs: orNull(exact),
      highNs: orNull(exact),
      from: rawLine,
      to: rawLine,
      steps: list(object({ from: words, to: words, lowNs: orNull(exact), highNs: orNull(exact) })),
    }),
  ),
  noBlackout: orNull(words),
});

const lineRange = when(
  (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger),
  '[a, b]',
);

const step = object({
  section: oneOf('setup', 'iterate', 'switchover', 'checkpoint', 'postcopy', 'end'),
  name: words,
  event: words,
  count,
  file: words,
  lines: lineRange,
  ns: orNull(exact),
  facts: when(
    (value) =>
      typeof value === 'object' && value !== null && Object.values(value).every((fact) => typeof fact === 'string'),
    'texts by name',
  ),
  totalBytes: orNull(exact),
  queries: orNull(object({ estimate: count, exact: count, unspecified: count })),
});

const migration = object(
  {
    index: count,
    kind: oneOf('precopy', 'postcopy', 'snapshot', 'background-snapshot', 'colo', 'unknown'),
    outcome,
    states,
    queries: object({ estimate: count, exact: count, final: count, unspecified: count }),
    syncs: count,
    iterations: count,
    downtimeNs: orNull(exact),
    finalTotalBytes: orNull(exact),
    phases: list(
      object({
        name: words,
        startNs: orNull(exact),
        endNs: orNull(exact),
        lines: lineRange,
      }),
    ),
  },
  {
    rounds: object({ rows: list(round), omitted: count, omittedAfter: count }),
    downtime: orNull(
      object({
        durationNs: exact,
        start: rawLine,
        end: rawLine,
        checkpoints: list(object({ from: words, to: words, durationNs: exact })),
        iterable: devices,
        nonIterable: devices,
      }),
    ),
    steps: object({ rows: list(step, 200), omitted: count, omittedAfter: count }),
    measures: list(object({ name: words, unit: oneOf('ns', 'bytes', 'bytes/s', 'count', '%'), value: orNull(signed) })),
    destination: orNull(destination),
    messages: object({ lines: list(rawLine, 20), omitted: count }),
  },
);

const verdict = object({
  rule: when((value) => typeof value === 'string' && /^[a-z]+(?:-[a-z]+)+$/.test(value), 'the id of a rule'),
  severity: oneOf('error', 'warning', 'info'),
  migration: count,
  verdict: oneOf('pass', 'violated', 'undecidable', 'not-applicable'),
  reason: text,
  enable: list(words),
  findingCount: count,
  findings: list(object({ message: words, expected: text, actual: text, evidence: list(rawLine) }), 20),
});

const report = object(
  {
    schema: oneOf('qtrace-report/1'),
    qtrace: when((value) => typeof value === 'string' && /^\d+\.\d+\.\d+$/.test(value), 'x.y.z'),
    ruleset: words,
    inputs: list(input),
    qemu: orNull(oneOf('7.2', '10.0', '11.1', 'thread')),
    migrations: list(migration),
    verdicts: list(verdict),
    summary: object({
      pass: count,
      violated: count,
      undecidable: count,
      notApplicable: count,
      worst: oneOf('error', 'warning', 'info', 'none'),
    }),
  },
  {
    samples: orNull(object({ name: words, lines: count, samples: count, notUnderstood: count })),
    untiedDestinations: list(object({ ...destinationBlocks, reason: words, lines: list(rawLine) })),
  },
);

interface Parsed {
  readonly inputs: readonly { readonly bytes: unknown; readonly side: string }[];
  readonly qemu: string | null;
  readonly samples: unknown;
  readonly migrations: readonly {
    readonly index: number;
    readonly queries: Readonly<Record<string, number>>;
    readonly states: readonly { readonly ns: unknown }[];
    readonly phases: readonly {
      readonly startNs: unknown;
      readonly endNs: unknown;
      readonly lines: readonly number[];
    }[];
    readonly downtimeNs: unknown;
    readonly finalTotalBytes: unknown;
    readonly messages: { readonly lines: readonly { readonly text: string }[] };
  }[];
  readonly verdicts: readonly {
    readonly rule: string;
    readonly migration: number;
    readonly verdict: string;
    readonly severity: string;
    readonly reason: string;
    readonly enable: readonly string[];
    readonly findingCount: number;
    readonly findings: readonly { readonly evidence: readonly { file: string; line: number; text: string }[] }[];
  }[];
  readonly summary: Readonly<Record<string, unknown>>;
}

function analyze(...args: readonly string[]): {
  readonly parsed: Parsed;
  readonly raw: unknown;
  readonly text: string;
} {
  const { stdout, stderr } = place.run(['analyze', '--no-db', '--no-html', '--format', 'json', ...args]);
  expect(stderr).toBe('');
  return { parsed: JSON.parse(stdout), raw: JSON.parse(stdout), text: stdout };
}

const LOGS = [
  trace('7.2-precopy'),
  trace('10.0-postcopy'),
  trace('11.1-precopy'),
  CLEAN,
  VIOLATED,
  trace('thread-no-bql-assert'),
  trace('thread-no-bql-assert', 'stderr.txt'),
  trace('thread-skip-dirty-bytes'),
];

describe.each(LOGS.map((log) => [log.split(/[\\/]/).slice(-2).join('/'), log] as const))('%s', (_, log) => {
  test('has the keys of the contract, each of its type', () => {
    expect(report(analyze(log).raw, '$')).toEqual([]);
  });

  test('one verdict per rule and migration; the summary counts them', () => {
    const { migrations, verdicts, summary } = analyze(log).parsed;
    const pairs = verdicts.map(({ rule, migration }) => `${migration} ${rule}`);
    expect(new Set(pairs).size).toBe(pairs.length);
    expect(pairs.length).toBe(migrations.length * new Set(verdicts.map(({ rule }) => rule)).size);
    const number = (wanted: string): number => verdicts.filter(({ verdict }) => verdict === wanted).length;
    expect(summary).toMatchObject({
      pass: number('pass'),
      violated: number('violated'),
      undecidable: number('undecidable'),
      notApplicable: number('not-applicable'),
    });
    const violated = verdicts.filter(({ verdict }) => verdict === 'violated').map(({ severity }) => severity);
    expect(summary['worst']).toBe(['error', 'warning', 'info'].find((level) => violated.includes(level)) ?? 'none');
  });

  test('undecidable says why and names what would decide; violated has findings, no other verdict has', () => {
    for (const each of analyze(log).parsed.verdicts) {
      if (each.verdict !== 'pass') expect(each.reason, each.rule).not.toBe('');
      if (each.verdict === 'undecidable') expect(each.enable, each.rule).not.toEqual([]);
      expect(each.findingCount > 0, each.rule).toBe(each.verdict === 'violated');
      expect(each.findings.length, each.rule).toBe(Math.min(20, each.findingCount));
    }
  });

  test('evidence is raw lines of the input', () => {
    const lines = readFileSync(log, 'utf8').split('\n');
    for (const { findings } of analyze(log).parsed.verdicts) {
      for (const { evidence } of findings) {
        expect(evidence.length).toBeGreaterThan(0);
        for (const { line, text: shown } of evidence) expect(shown).toBe(lines[line - 1]);
      }
    }
  });

  test('migrations are numbered from 0, their times count from their first event', () => {
    const { migrations } = analyze(log).parsed;
    expect(migrations.map(({ index }) => index)).toEqual(migrations.map((_each, index) => index));
    for (const { states, phases } of migrations) {
      const times = states.map(({ ns }) => Number(ns));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      for (const { lines } of phases) expect(lines[0]).toBeLessThanOrEqual(lines[1] ?? 0);
    }
  });
});

describe('what the input does not show is null', () => {
  const write = (name: string, log: string, edit: (line: string) => string | undefined): string => {
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    writeFileSync(place.path(name), `${lines.flatMap((line) => edit(line) ?? []).join('\n')}\n`);
    return name;
  };

  test('without time stamps every time is null, and nothing else changes its type', () => {
    const log = write('bare.log', CLEAN, (line) => line.replace(/^\S+Z /, ''));
    const { parsed, raw } = analyze(log);
    expect(report(raw, '$')).toEqual([]);
    const [migrated] = parsed.migrations;
    expect(migrated?.states.length).toBeGreaterThan(2);
    expect(migrated?.states.map(({ ns }) => ns)).toEqual(migrated?.states.map(() => null));
    for (const phase of migrated?.phases ?? []) expect([phase.startNs, phase.endNs]).toEqual([null, null]);
    expect(migrated?.downtimeNs).toBeNull();
    expect(migrated?.finalTotalBytes).toBe(0);
  });

  test('no final query: no final total; no end in the log: no downtime', () => {
    expect(analyze(VIOLATED).parsed.migrations[0]?.finalTotalBytes).toBeNull();
    const cut = write('cut.log', CLEAN, (line) => (/src-downtime-end|state completed/.test(line) ? undefined : line));
    expect(analyze(cut).parsed.migrations[0]?.downtimeNs).toBeNull();
  });

  test('an unknown version is null', () => {
    const { parsed } = analyze(trace('thread-no-bql-assert', 'stderr.txt'));
    expect(parsed.qemu).toBeNull();
  });

  test('no query and no sync is 0, for these are counts of what the log shows', () => {
    const { parsed } = analyze(trace('thread-no-bql-assert', 'stderr.txt'));
    expect(parsed.migrations).toMatchObject([
      { queries: { estimate: 0, exact: 0, final: 0, unspecified: 0 }, syncs: 0 },
    ]);
  });
});

describe('byte counts', () => {
  const withFinalTotal = (total: string): unknown => {
    const edited = readFileSync(CLEAN, 'utf8').replace(
      /(exact=1, final=1, precopy=)\d+(, stopcopy=\d+, postcopy=\d+, total=)\d+/,
      `$1${total}$2${total}`,
    );
    writeFileSync(place.path('wide.log'), edited);
    const { parsed, raw } = analyze('wide.log');
    expect(report(raw, '$')).toEqual([]);
    return parsed.migrations[0]?.finalTotalBytes;
  };

  test.each([
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', '9007199254740992'],
    ['9007199254740993', '9007199254740993'],
    ['18446744073709551615', '18446744073709551615'],
  ])('%s is exact', (total, expected) => {
    expect(withFinalTotal(total)).toBe(expected);
  });
});

test('the samples are null without --qmp, and counted with it', () => {
  const log = trace('thread-skip-dirty-bytes');
  const qmp = trace('thread-skip-dirty-bytes', 'qmp.jsonl');
  expect(analyze(log).parsed.samples).toBeNull();
  const { raw, parsed } = analyze(log, '--qmp', qmp);
  expect(report(raw, '$')).toEqual([]);
  const lines = readFileSync(qmp, 'utf8').trimEnd().split('\n').length;
  expect(parsed.samples).toMatchObject({ name: 'qmp.jsonl', lines, notUnderstood: 0 });
});

test('with the destination’s log, tied or not, the shape is the same', () => {
  for (const [name, lines] of Object.entries(bothSides({ aheadMs: -Date.UTC(2026, 10, 23) }))) {
    writeFileSync(place.path(name), `${lines.join('\n')}\n`);
  }
  const tied = analyze('src.log', 'dst.log');
  expect(report(tied.raw, '$')).toEqual([]);
  expect(tied.raw).toMatchObject({ migrations: [{ destination: { file: 'dst.log' } }], untiedDestinations: [] });
  const alone = analyze('dst.log');
  expect(report(alone.raw, '$')).toEqual([]);
  expect(alone.raw).toMatchObject({ migrations: [], untiedDestinations: [{ file: 'dst.log' }] });
});

test('the digest and the size are those of the file', async () => {
  const { createHash } = await import('node:crypto');
  const bytes = readFileSync(CLEAN);
  expect(analyze(CLEAN).parsed.inputs[0]).toMatchObject({
    bytes: bytes.length,
    digest: { kind: 'sha256', hex: createHash('sha256').update(bytes).digest('hex') },
  });
});

test('the counts of queries are those of the log', () => {
  const log = readFileSync(VIOLATED, 'utf8');
  const lines = (pattern: RegExp): number => [...log.matchAll(pattern)].length;
  expect(analyze(VIOLATED).parsed.migrations[0]).toMatchObject({
    queries: {
      estimate: lines(/query_pending exact=0, final=0/g),
      exact: lines(/query_pending exact=1, final=0/g),
      final: 0,
      unspecified: 0,
    },
    syncs: lines(/migration_bitmap_sync_end/g),
  });
});

test('hostile text stays exact, and no control character gets out', () => {
  const hostile = 'qemu-system-x86_64: warning: \u001b[2J\u2028"\\</script>';
  writeFileSync(
    place.path('hostile.log'),
    readFileSync(CLEAN, 'utf8').replace(/^(\S+ )(?=migrate_set_state new state device)/m, `$1${hostile}\n$1`),
  );
  const { text: output, parsed } = analyze('hostile.log');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal must not see them
  expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  expect(output.endsWith('}\n')).toBe(true);
  const shown = parsed.migrations.flatMap(({ messages }) => messages.lines.map((line) => line.text));
  expect(shown).toEqual([expect.stringContaining(hostile)]);
});
