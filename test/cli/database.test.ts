/** The database of analyze: the tables and columns that people's scripts rest on, and that nothing of the log is lost. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLEAN, sharedPath, trace, useWorkplace, VIOLATED } from './program.ts';

const place = useWorkplace();

type Row = Readonly<Record<string, unknown>>;

function ask(query: string, db = 'own.db'): readonly Row[] {
  const run = place.run(['sql', db, query, '--format', 'json']);
  expect(run.stderr).toBe('');
  const rows: Row[] = JSON.parse(run.stdout);
  return rows;
}

/** The first column of the first row. */
function value(query: string): unknown {
  return Object.values(ask(query)[0] ?? {})[0];
}

function analyze(...args: readonly string[]): void {
  const run = place.run(['analyze', '--quiet', '--no-html', '--db', 'own.db', ...args]);
  expect([0, 1]).toContain(run.code);
}

/** By the contract, which may be added to and never taken from. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  inputs: [],
  migrations: [],
  queries: [
    ...['id', 'migration', 'input', 'line', 'ns', 'thread', 'exact', 'final', 'precopy', 'stopcopy', 'postcopy'],
    ...['total', 'ack_collected', 'ack_total', 'bql', 'syncs'],
  ],
  syncs: ['id', 'migration', 'query', 'line', 'start_ns', 'end_ns', 'dirty_pages'],
  states: [],
  events: ['migration', 'input', 'line', 'ns', 'thread', 'name', 'args'],
  event_counts: ['migration', 'state', 'name'],
  bql_holds: [],
  verdicts: [],
  findings: [],
  evidence: [],
};

test('tables and columns of the contract', () => {
  analyze(CLEAN);
  const tables = ask("SELECT name FROM sqlite_schema WHERE type = 'table'").map(({ name }) => name);
  expect(tables).toEqual(expect.arrayContaining(Object.keys(COLUMNS)));
  for (const [table, columns] of Object.entries(COLUMNS)) {
    const found = ask(`PRAGMA table_xinfo('${table}')`).map(({ name }) => name);
    expect(found, table).toEqual(expect.arrayContaining([...columns]));
    expect(found.length, table).toBeGreaterThan(1);
  }
});

test('every view answers', () => {
  analyze(VIOLATED);
  const views = ask("SELECT name FROM sqlite_schema WHERE type = 'view'").map(({ name }) => String(name));
  expect(views.length).toBeGreaterThan(3);
  for (const view of views) ask(`SELECT * FROM ${view}`);
  expect(ask('SELECT DISTINCT rule FROM v_violations')).toEqual([{ rule: 'final-missing' }]);
});

test('no trace of how it was made', () => {
  analyze(CLEAN);
  expect(place.names()).toEqual(['own.db']);
  expect(value('PRAGMA integrity_check')).toBe('ok');
  expect(ask('PRAGMA foreign_key_check')).toEqual([]);
  expect(readFileSync(place.path('own.db')).includes(Buffer.from(place.path()))).toBe(false);
});

const QUERY = /(?<![\w])(?:qemu_savevm_query_pending|migrate_pending(?:_estimate|_exact)?) \D*\d/;

const lab = (...names: readonly string[]) => sharedPath('traces', ...names);
const LOGS = [
  ['7.2-precopy', trace('7.2-precopy')],
  ['10.0-postcopy', trace('10.0-postcopy')],
  ['11.1-precopy', trace('11.1-precopy')],
  ['11.1-precopy-idle', CLEAN],
  ['thread-no-final', VIOLATED],
  ['thread-no-bql-assert', trace('thread-no-bql-assert')],
  ['thread-skip-dirty-bytes', trace('thread-skip-dirty-bytes')],
  ['lab: COLO', lab('real', '11.1', 'colo@ts', 'src.log')],
  ['lab: snapshots', lab('real', '11.1', 'savevm@ts', 'src.log')],
  ['lab: two migrations', lab('real', '11.1', 'cancel-then-ok@ts', 'src.log')],
  ['lab: dirty bitmaps', lab('real', '11.1', 'dirty-bitmaps@ts', 'src.log')],
  ['lab: mutex events', lab('real', '11.1', 'precopy-iter@mutex', 'src.log')],
] as const;

describe.each(LOGS)('%s', (_, log) => {
  test.skipIf(log === undefined)('every query, sync and event of the log is in it', () => {
    analyze(log ?? '');
    const lines = readFileSync(log ?? '', 'utf8').split('\n');
    const having = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;

    expect(value('SELECT count(*) FROM queries')).toBe(having(QUERY));
    expect(value('SELECT coalesce(sum(estimates + exacts + finals + unspecified), 0) FROM migrations')).toBe(
      having(QUERY),
    );
    expect(value('SELECT count(*) FROM syncs WHERE end_ns IS NOT NULL')).toBe(having(/\bmigration_bitmap_sync_end\b/));
    expect(value('SELECT count(*) FROM states')).toBe(having(/\bmigrate_set_state\b/));

    const counted = ask('SELECT name, sum(count) AS count FROM event_counts GROUP BY name');
    expect(counted.length).toBeGreaterThan(5);
    for (const { name, count } of counted)
      expect(count, String(name)).toBe(having(new RegExp(`\\b${String(name)}\\b`)));
    expect(value('SELECT sum(count) FROM event_counts')).toBe(value('SELECT sum(events) FROM inputs'));
  });
});

describe('rows', () => {
  test('a query row is its line', () => {
    analyze(VIOLATED);
    const lines = readFileSync(VIOLATED, 'utf8').split('\n');
    const rows = ask('SELECT line, exact, final, precopy, stopcopy, postcopy, total FROM queries ORDER BY id');
    expect(rows.length).toBeGreaterThan(50);
    for (const row of rows) {
      expect(lines[Number(row['line']) - 1]).toContain(
        `exact=${row['exact']}, final=${row['final']}, precopy=${row['precopy']}, stopcopy=${row['stopcopy']}, ` +
          `postcopy=${row['postcopy']}, total=${row['total']}`,
      );
    }
  });

  test('events that come with every round are counted, the others are rows', () => {
    analyze(VIOLATED);
    const rows = ask('SELECT DISTINCT name FROM events').map(({ name }) => name);
    expect(rows).toContain('vmstate_downtime_checkpoint');
    expect(rows).not.toContain('qemu_savevm_query_pending');
    const sections = "name = 'savevm_section_start'";
    const inside = '(SELECT min(line) FROM queries) AND (SELECT max(line) FROM queries)';
    expect(value(`SELECT sum(count) FROM event_counts WHERE ${sections} AND state = 'active'`)).toBeGreaterThan(20);
    expect(value(`SELECT count(*) FROM events WHERE ${sections} AND line BETWEEN ${inside}`)).toBe(0);
    expect(value(`SELECT count(*) FROM events WHERE ${sections}`)).toBeGreaterThan(0);
  });

  test('who held the lock is NULL when it is not shown, and 1 or 0 when it is', () => {
    analyze(CLEAN);
    expect(ask('SELECT DISTINCT bql FROM queries')).toEqual([{ bql: null }]);
    analyze(trace('thread-skip-dirty-bytes'));
    expect(ask('SELECT DISTINCT bql FROM queries WHERE final = 1')).toEqual([{ bql: 1 }]);
    expect(ask('SELECT DISTINCT bql FROM queries WHERE final = 0')).toEqual([{ bql: 0 }]);
  });

  test('times are NULL without stamps', () => {
    writeFileSync(place.path('bare.log'), readFileSync(CLEAN, 'utf8').replaceAll(/^\S+Z /gm, ''));
    analyze('bare.log');
    for (const table of ['queries', 'states', 'events']) {
      expect(value(`SELECT count(*) FROM ${table}`), table).toBeGreaterThan(0);
      expect(value(`SELECT count(ns) FROM ${table}`), table).toBe(0);
    }
    expect(value('SELECT count(start_ns) + count(end_ns) FROM syncs')).toBe(0);
  });

  test('64-bit values are exact', () => {
    const [precopy, total] = ['9223372036854775807', '18446744073709551615'];
    const wide = readFileSync(CLEAN, 'utf8').replace(
      /(exact=1, final=1, precopy=)\d+(, stopcopy=\d+, postcopy=\d+, total=)\d+/,
      (_match, before: string, between: string) => `${before}${precopy}${between}${total}`,
    );
    writeFileSync(place.path('wide.log'), wide);
    analyze('wide.log');
    expect(ask('SELECT precopy, total FROM queries WHERE final = 1')).toEqual([{ precopy, total }]);
  });

  test('verdicts, findings and evidence are those of the report', () => {
    const report: {
      verdicts: {
        rule: string;
        verdict: string;
        findings: { evidence: { file: string; line: number; text: string }[] }[];
      }[];
    } = JSON.parse(place.run(['analyze', '--db', 'own.db', '--format', 'json', VIOLATED]).stdout);
    expect(ask('SELECT rule, verdict FROM verdicts ORDER BY id')).toEqual(
      report.verdicts.map(({ rule, verdict }) => ({ rule, verdict })),
    );
    expect(ask('SELECT file, line, text FROM evidence ORDER BY id')).toEqual(
      report.verdicts.flatMap(({ findings }) => findings.flatMap(({ evidence }) => evidence)),
    );
  });
});

test('sql prints a table, csv or json', () => {
  analyze(VIOLATED);
  const query = 'SELECT kind, outcome FROM migrations';
  expect(place.run(['sql', 'own.db', query]).stdout).toBe(
    'kind     outcome\n-------  ---------\nprecopy  completed\n(1 row)\n',
  );
  expect(place.run(['sql', 'own.db', query, '--format', 'csv']).stdout).toBe('kind,outcome\nprecopy,completed\n');
  expect(ask(query)).toEqual([{ kind: 'precopy', outcome: 'completed' }]);
});

test('sql changes nothing', () => {
  analyze(CLEAN);
  const before = readFileSync(place.path('own.db'));
  for (const query of ['DELETE FROM queries', "ATTACH 'x.db' AS x", 'VACUUM', 'PRAGMA user_version = 9', 'SELEC']) {
    const run = place.run(['sql', 'own.db', query]);
    expect(run, query).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/^qtrace: [^\n]+\n$/);
  }
  expect(readFileSync(place.path('own.db'))).toEqual(before);
  expect(place.names()).toEqual(['own.db']);
});
