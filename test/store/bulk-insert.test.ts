/** What goes in comes out, whatever the rows of a batch have in common. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BulkInsert } from '../../src/store/bulk-insert.ts';
import type { Cell } from '../../src/store/database.ts';
import { NewDatabase, openReadOnly } from '../../src/store/database.ts';
import { inFolder } from '../ingest/support.ts';

const KINDS = ['id', 'same', 'any', 'count', 'any', 'count'] as const;
const TABLE =
  'CREATE TABLE t (id INTEGER PRIMARY KEY, thread INTEGER, flag INTEGER, bytes ANY, text TEXT, more ANY) STRICT';

interface Row {
  readonly thread: number | null;
  readonly flag: number | null;
  readonly bytes: number | string | null;
  readonly text: string | null;
  readonly more: number | string | null;
}

async function loaded(rows: readonly Row[]): Promise<readonly unknown[]> {
  return inFolder({}, async (path) => {
    const database = await NewDatabase.create(path('a.db'));
    database.exec(TABLE);
    const insert = new BulkInsert(database, 't', KINDS);
    for (const [index, { thread, flag, bytes, text, more }] of rows.entries()) {
      insert.id(index + 1);
      insert.same(1, thread);
      insert.any(flag);
      insert.count(bytes);
      insert.any(text);
      insert.count(more);
      insert.end();
    }
    insert.flush();
    database.finish();
    const connection = await openReadOnly(path('a.db'));
    try {
      const told = 'id, thread, flag, bytes, typeof(bytes), text, more, typeof(more)';
      return connection.prepare(`SELECT ${told} FROM t ORDER BY id`).raw().all();
    } finally {
      connection.close();
    }
  });
}

/** Both, for a count above INTEGER's range is kept as text. */
const kept = (cell: Cell) => [cell, cell === null ? 'null' : typeof cell === 'string' ? 'text' : 'integer'];

function expected(rows: readonly Row[]): readonly unknown[] {
  return rows.map(({ thread, flag, bytes, text, more }, index) => {
    return [index + 1, thread, flag, ...kept(bytes), text, ...kept(more)];
  });
}

const flag = fc.constantFrom(0, 1, null, 2, -7);
const count = fc.constantFrom(0, 1, null, 5, 2 ** 40, Number.MAX_SAFE_INTEGER, '9223372036854775808');
const text = fc.constantFrom('', 'active', "it's", '{"a":1}', '0', null, 'a\nb', 'x'.repeat(200), 'é');
const row = fc.record({ thread: fc.constantFrom(null, 7, 70_000), flag, bytes: count, text, more: count });

/** Rows that are the same many times, but for one column. */
const rows = fc
  .array(fc.tuple(row, fc.integer({ min: 1, max: 100 }), fc.constantFrom('flag', 'bytes', 'none')), { maxLength: 8 })
  .map((runs) =>
    runs.flatMap(([one, times, differing]) =>
      Array.from({ length: times }, (_, at): Row => (differing === 'none' ? one : { ...one, [differing]: at })),
    ),
  );

test('property: every row comes out as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(rows, async (some) => {
      expect(await loaded(some)).toEqual(expected(some));
    }),
    { numRuns: 60 },
  );
});

test('so many different batches that no more statements are made for them', async () => {
  const names = Array.from({ length: 1100 }, (_, at) => `name ${at}`);
  const some = names.flatMap((name): Row[] =>
    Array.from({ length: 32 }, (_, at) => ({ thread: 1, flag: at, bytes: 0, text: name, more: null })),
  );
  expect(await loaded(some)).toEqual(expected(some));
});
