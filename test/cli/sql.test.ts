import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { runSql, type SqlOptions } from '../../src/cli/commands/sql.ts';
import { NewDatabase } from '../../src/store/database.ts';
import { useFolder } from '../store/database-file.ts';

const file = useFolder();
let db = '';

beforeEach(async () => {
  db = file('a.db');
  const database = await NewDatabase.create(db);
  database.exec(`INSERT INTO event_counts VALUES (0, 'active', 'vm_stop', 2), (NULL, NULL, 'a"b,c', 12)`);
  database.finish();
});

async function printed(query: string, format: SqlOptions['format'] = 'table'): Promise<string> {
  let text = '';
  const code = await runSql({ db, query, format }, (piece) => {
    text += piece;
  });
  expect(code).toBe(0);
  return text;
}

describe('table', () => {
  test('columns line up, numbers to the right', async () => {
    expect(await printed('SELECT name, migration, count FROM event_counts')).toBe(
      [
        'name     migration  count',
        '-------  ---------  -----',
        'vm_stop          0      2',
        'a"b,c         NULL     12',
        '(2 rows)\n',
      ].join('\n'),
    );
  });

  test('no rows', async () => {
    expect(await printed('SELECT name FROM event_counts WHERE 0')).toBe('name\n----\n(0 rows)\n');
  });

  test('what could steer a terminal is made visible', async () => {
    expect(await printed("SELECT char(27) || '[2J' || char(10) AS t")).toContain('\\x1b[2J\\x0a\n(1 row)');
  });

  test('a long value does not spread the other rows, and is whole', async () => {
    const lines = (await printed("SELECT 'a' AS t, 1 AS n UNION ALL SELECT printf('%.*c', 300, 'x'), 2")).split('\n');
    expect(lines[2]).toBe(`${'a'.padEnd(60)}  1`);
    expect(lines[3]).toBe(`${'x'.repeat(300)}  2`);
  });

  test('any number of rows is printed', async () => {
    const text = await printed(
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n',
    );
    expect(text.split('\n').slice(-4)).toEqual(['4999', '5000', '(5000 rows)', '']);
  });
});

test('csv quotes by RFC 4180 and tells NULL from an empty text', async () => {
  const query = `SELECT name, migration AS "mig,ration", '' AS e, 'x' || char(10) AS l FROM event_counts`;
  expect(await printed(query, 'csv')).toBe('name,"mig,ration",e,l\nvm_stop,0,"","x\n"\n"a""b,c",,"","x\n"\n');
});

describe('json', () => {
  test('rows are objects', async () => {
    const query = `SELECT name, migration, 0.5 AS r, x'00ff' AS b, 1 AS name FROM event_counts`;
    expect(JSON.parse(await printed(query, 'json'))).toEqual([
      { name: 'vm_stop', migration: 0, r: 0.5, b: '00FF', name_2: 1 },
      { name: 'a"b,c', migration: null, r: 0.5, b: '00FF', name_2: 1 },
    ]);
  });

  test('no rows', async () => {
    expect(await printed('SELECT 1 WHERE 0', 'json')).toBe('[]\n');
  });

  test('integers are exact', async () => {
    const query =
      'SELECT 9007199254740991 AS a, 9007199254740992 AS b, 9223372036854775807 AS c, -9223372036854775807 AS d';
    expect(JSON.parse(await printed(query, 'json'))).toEqual([
      { a: 2 ** 53 - 1, b: '9007199254740992', c: '9223372036854775807', d: '-9223372036854775807' },
    ]);
  });
});

test('rows are printed as they come, in bounded pieces', async () => {
  let pieces = 0;
  let longest = 0;
  const query =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i, printf('%.*c', 100, 'x') FROM n";
  const before = process.memoryUsage().rss;
  await runSql({ db, query, format: 'csv' }, (piece) => {
    pieces += 1;
    longest = Math.max(longest, piece.length);
  });
  expect(pieces).toBeGreaterThan(400);
  expect(longest).toBeLessThan(70_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
});

describe('errors are UserErrors of one sentence', () => {
  const expectRefused = async (path: string, query: string, message: RegExp | string): Promise<void> => {
    const attempt = runSql({ db: path, query, format: 'table' }, () => {});
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toBeInstanceOf(UserError);
  };

  test.each([
    "INSERT INTO event_counts VALUES (0, 'x', 'y', 1)",
    "INSERT INTO event_counts VALUES (0, 'x', 'y', 1) RETURNING name",
    'WITH x AS (SELECT 1) DELETE FROM event_counts',
    'DROP TABLE queries',
    "ATTACH 'other.db' AS other",
    "VACUUM INTO 'other.db'",
    'PRAGMA journal_mode = WAL',
    'PRAGMA user_version = 5',
    'PRAGMA query_only = OFF',
    'BEGIN',
  ])('%s', async (query) => {
    await expectRefused(db, query, /^only a query that reads is allowed/);
  });

  test.each([
    ['SELECT 1; SELECT 2', /more than one statement/],
    ['-- nothing', /no statements/],
    [' \n', /^the query is empty/],
    ['SELEC 1', /^the query failed: near "SELEC": syntax error$/],
    ['SELECT * FROM querys', /^the query failed: no such table: querys; the database has .*queries, .*v_finals/],
    ['SELECT ?', /^the query failed: /],
    ['SELECT abs(-9223372036854775807 - 1)', /^the query failed: integer overflow$/],
    ["SELECT load_extension('x')", /^the query failed: not authorized$/],
  ])('%s', async (query, message) => {
    await expectRefused(db, query, message);
  });

  test('files that are no database', async () => {
    writeFileSync(file('a.log'), 'migrate_set_state new state setup\n'.repeat(100));
    mkdirSync(file('folder'));
    await expectRefused(file('none.db'), 'SELECT 1', `${file('none.db')}: no such database`);
    await expectRefused(file('a.log'), 'SELECT 1', `${file('a.log')} is not an SQLite database`);
    await expectRefused(file('folder'), 'SELECT 1', `${file('folder')} is not an SQLite database`);
    await expectRefused(`${db}/x`, 'SELECT 1', /cannot be read: .*ENOTDIR/);
  });

  test('a PRAGMA that shows something is a query', async () => {
    expect(await printed("PRAGMA table_info('states')")).toContain('thread');
  });
});
