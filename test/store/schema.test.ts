import { expect, test } from 'vitest';
import { StoreWriter } from '../../src/store/writer.ts';
import { rows, useFolder, values } from './database-file.ts';
import { report } from './units.ts';

const file = useFolder();

/** Promised in the contract; further columns may follow. */
const PROMISED: Readonly<Record<string, readonly string[]>> = {
  queries:
    'id migration input line ns thread exact final precopy stopcopy postcopy total ack_collected ack_total bql syncs'.split(
      ' ',
    ),
  syncs: 'id migration query line start_ns end_ns dirty_pages'.split(' '),
  events: 'migration input line ns thread name args'.split(' '),
  event_counts: 'migration state name count'.split(' '),
};

const TABLES = [
  'bql_holds',
  'destination_loads',
  'destinations',
  'event_counts',
  'events',
  'evidence',
  'findings',
  'input_problems',
  'inputs',
  'measures',
  'messages',
  'migrations',
  'queries',
  'report',
  'states',
  'steps',
  'syncs',
  'verdicts',
];

async function emptyDatabase(): Promise<string> {
  const store = await StoreWriter.create(file('a.db'));
  store.finish(report());
  return file('a.db');
}

test('the database has the promised tables, all of them strict', async () => {
  const path = await emptyDatabase();
  const sql =
    "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict AND name NOT LIKE 'sqlite%' ORDER BY name";
  expect(await values(path, sql)).toEqual(TABLES);
});

test.each(Object.entries(PROMISED))('%s begins with the promised columns', async (table, columns) => {
  const path = await emptyDatabase();
  const names = await values(path, `SELECT name FROM pragma_table_info('${table}')`);
  expect(names.slice(0, columns.length)).toEqual(columns);
});

test('every view can be read', async () => {
  const path = await emptyDatabase();
  const views = await values(path, "SELECT name FROM sqlite_schema WHERE type = 'view'");
  expect(views.length).toBeGreaterThan(10);
  for (const view of views) await expect(rows(path, `SELECT * FROM ${String(view)}`)).resolves.toBeInstanceOf(Array);
});

test('the file is sound and says whose it is', async () => {
  const path = await emptyDatabase();
  expect(await values(path, 'PRAGMA integrity_check')).toEqual(['ok']);
  expect(await values(path, 'PRAGMA foreign_key_check')).toEqual([]);
  expect(await values(path, 'PRAGMA application_id')).toEqual([BigInt(0x71747263)]);
  expect(await values(path, 'PRAGMA user_version')).toEqual([1n]);
});
