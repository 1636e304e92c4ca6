import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { NewDatabase } from '../../src/store/database.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { useFolder, values } from './database-file.ts';
import { migration, query, report } from './units.ts';

const file = useFolder();

function names(): readonly string[] {
  return readdirSync(file('')).sort();
}

/** A finished database with one query of line 10, to be left alone by what fails later. */
async function earlierDatabase(): Promise<string> {
  const store = await StoreWriter.create(file('a.db'));
  store.query(query(0), migration(0));
  store.finish(report());
  return file('a.db');
}

function load(store: StoreWriter, rows: number): void {
  for (let index = 0; index < rows; index += 1) store.query(query(index), migration(0));
}

describe('complete or absent', () => {
  test('the database appears when it is finished, and not before', async () => {
    const store = await StoreWriter.create(file('a.db'));
    load(store, 1000);
    expect(names()).toEqual([`.a.db.${process.pid}.tmp`]);
    store.finish(report());
    expect(names()).toEqual(['a.db']);
    store.abort();
    expect(await values(file('a.db'), 'SELECT count(*) FROM queries')).toEqual([1000n]);
  });

  test('an aborted one leaves nothing, and an earlier one as it was', async () => {
    const path = await earlierDatabase();
    const before = readFileSync(path);
    const store = await StoreWriter.create(path);
    load(store, 1000);
    store.abort();
    store.abort();
    expect(names()).toEqual(['a.db']);
    expect(readFileSync(path)).toEqual(before);
  });

  test('a finished one replaces an earlier one, behind a symbolic link too', async () => {
    await earlierDatabase();
    symlinkSync(file('a.db'), file('link.db'));
    const store = await StoreWriter.create(file('link.db'));
    load(store, 50);
    store.finish(report());
    expect(names()).toEqual(['a.db', 'link.db']);
    expect(await values(file('a.db'), 'SELECT count(*) FROM queries')).toEqual([50n]);
  });

  test('a row that SQLite refuses leaves nothing and stays a fault', async () => {
    const path = await earlierDatabase();
    const store = await StoreWriter.create(path);
    store.query(query(0), migration(0));
    expect(() => {
      store.query(query(0), migration(0));
      store.finish(report());
    }).toThrow(/UNIQUE/);
    expect(names()).toEqual(['a.db']);
    expect(await values(path, 'SELECT count(*) FROM queries')).toEqual([1n]);
  });

  test('a full disk is said in one sentence and leaves nothing', async () => {
    const database = await NewDatabase.create(file('a.db'));
    database.exec('PRAGMA max_page_count = 60');
    const store = new StoreWriter(database);
    const full =
      /a\.db cannot be written: the disk is full; free some space or choose another place, for nothing of it was kept$/;
    expect(() => load(store, 100_000)).toThrow(full);
    expect(names()).toEqual([]);
  });

  test('the folder is made', async () => {
    const store = await StoreWriter.create(file('reports/new/a.db'));
    store.finish(report());
    expect(existsSync(file('reports/new/a.db'))).toBe(true);
  });

  test('what killed processes left of it is removed, what others are writing is not', async () => {
    const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
    const others = [`.a.db.${process.ppid}.tmp`, `.b.db.${dead}.tmp`, '.a.db.x.tmp'];
    for (const name of [...others, `.a.db.${dead}.tmp`, `.a.db.${process.pid}.tmp`]) writeFileSync(file(name), 'x');
    const store = await StoreWriter.create(file('a.db'));
    store.finish(report());
    expect(names()).toEqual([...others, 'a.db'].sort());
  });
});

describe('what cannot be written is a UserError', () => {
  const expectRefused = async (path: string, message: RegExp): Promise<void> => {
    const attempt = StoreWriter.create(path);
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toBeInstanceOf(UserError);
  };

  test('a file in the place of a folder', async () => {
    writeFileSync(file('reports'), '');
    await expectRefused(
      file('reports/a.db'),
      /reports\/a\.db cannot be written: its folder cannot be made; choose another place$/,
    );
  });

  test('a folder that takes no files', async () => {
    await expectRefused('/proc/a.db', /^\/proc\/a\.db cannot be written: /);
  });

  test('anything that is not a database of qtrace is left as it is', async () => {
    writeFileSync(file('src.log'), 'migrate_set_state new state setup\n');
    mkdirSync(file('folder'));
    for (const path of [file('src.log'), file('folder'), '/dev/null']) await expectRefused(path, /was left as it is/);
    expect(readFileSync(file('src.log'), 'latin1')).toMatch(/^migrate/);
  });

  test('a driver that is not built', async () => {
    vi.doMock('better-sqlite3', () => ({
      default: class {
        constructor() {
          throw new Error('Could not locate the bindings file. Tried:\n → build/better_sqlite3.node');
        }
      },
    }));
    await expectRefused(file('a.db'), /npm rebuild better-sqlite3/);
    vi.doUnmock('better-sqlite3');
  });
});

describe('a process that ends in the middle', () => {
  /** Inside node_modules, where the driver is found. */
  let folder = '';
  let program = '';

  beforeAll(async () => {
    folder = mkdtempSync('node_modules/.qtrace-test-');
    program = join(folder, 'interrupted.mjs');
    const entryPoints = [join(import.meta.dirname, 'interrupted.ts')];
    await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s leaves nothing and dies by it', async (signal) => {
    const path = await earlierDatabase();
    const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(names()).toEqual([`.a.db.${child.pid}.tmp`, 'a.db']);
    const ended = new Promise((resolve) => child.once('exit', (_code, by) => resolve(by)));
    child.kill(signal);
    expect(await ended).toBe(signal);
    expect(names()).toEqual(['a.db']);
    expect(await values(path, 'SELECT count(*) FROM queries')).toEqual([1n]);
  });

  test.each([
    ['throw', 1],
    ['exit', 3],
  ])('by %s leaves nothing', (how, status) => {
    expect(spawnSync(process.execPath, [program, file('a.db'), how]).status).toBe(status);
    expect(names()).toEqual([]);
  });
});
