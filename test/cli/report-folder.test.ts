/** Where analyze puts its page and its database, what it says of them, and what it never writes over. */
import { copyFileSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { CAN_BE_NOBODY, CLEAN, expectRefused, NOBODY, trace, useWorkplace, VIOLATED } from './program.ts';

const place = useWorkplace();

/** Everything beneath the default folder. */
function reports(): readonly string[] {
  return place.names().filter((name) => /^reports[\\/]/.test(name));
}

/** The database that the one line names, behind the page of the same name. */
function saidPlace(stderr: string): string | undefined {
  const [, page, database] = /^qtrace: wrote (\S+)\.html and (\S+)\.db[^\n]*\n$/.exec(stderr) ?? [];
  return page === database && database !== undefined ? `${database}.db` : undefined;
}

/** Both files of each name. */
function both(...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [`reports/${name}.db`, `reports/${name}.html`]).sort();
}

function inputsOf(db: string): unknown {
  return JSON.parse(place.run(['sql', db, 'SELECT name, digest FROM inputs ORDER BY id', '--format', 'json']).stdout);
}

describe('the default name', () => {
  test.each([
    ['runs/X/src.log', 'X-src'],
    ['runs/X/dst.log', 'X-dst'],
    ['runs/X/trace.log', 'X-trace'],
    ['runs/X/qemu.log', 'X-qemu'],
    ['runs/X/log', 'X-log'],
    ['runs/X/src.log.gz', 'X-src'],
    ['runs/X/other.log', 'other'],
    ['runs/X/guest-7.log', 'guest-7'],
    ['runs/a b/src.log', 'a b-src'],
    ['src.log', 'src'],
    ['./src.log', 'src'],
  ])('%s: reports/%s.db', (log, name) => {
    const path = place.path(log);
    mkdirSync(place.path('runs/X'), { recursive: true });
    mkdirSync(place.path('runs/a b'), { recursive: true });
    writeFileSync(path, log.endsWith('.gz') ? gzipSync(readFileSync(CLEAN)) : readFileSync(CLEAN));
    const run = place.run(['analyze', log]);
    expect(run.code).toBe(0);
    const said = `qtrace: wrote reports/${name}.html and reports/${name}.db; \`qtrace sql\` asks the database\n`;
    expect(run.stderr).toBe(said);
    expect(reports()).toEqual(both(name));
  });

  test('in the folder itself its own name counts, as that of any other', () => {
    mkdirSync(place.path('X'));
    copyFileSync(CLEAN, place.path('X/src.log'));
    place.run(['analyze', place.path('X/src.log')]);
    place.run(['analyze', '../X/src.log'], { cwd: place.path('X') });
    expect(reports()).toEqual(both('X-src'));
    expect(place.names()).toContain('X/reports/X-src.db');
    expect(place.names()).toContain('X/reports/X-src.html');
  });

  test('standard input', () => {
    expect(saidPlace(place.run(['analyze', '-'], { stdin: readFileSync(CLEAN, 'utf8') }).stderr)).toBe(
      'reports/stdin.db',
    );
  });

  test('of several traces the first one names it', () => {
    place.run(['analyze', VIOLATED, CLEAN]);
    expect(reports()).toEqual(both('thread-no-final-src'));
  });
});

describe('a report of another input is never written over', () => {
  test('it gets a number; the same input keeps its own', () => {
    const runs: (readonly string[])[] = [[CLEAN], [VIOLATED], [trace('11.1-precopy')]];
    const places = ['reports/a.db', 'reports/a-2.db', 'reports/a-3.db'];
    for (const round of [1, 2]) {
      for (const [at, [log = '']] of runs.entries()) {
        copyFileSync(log, place.path('a.log'));
        expect(saidPlace(place.run(['analyze', 'a.log']).stderr), `round ${round}`).toBe(places[at]);
      }
    }
    expect(reports()).toEqual(both('a', 'a-2', 'a-3'));
    expect(new Set(places.map((name) => JSON.stringify(inputsOf(name)))).size).toBe(3);
  });

  test.each(['a.db', 'a.html'])('nor is %s that is no report', (name) => {
    mkdirSync(place.path('reports'));
    writeFileSync(place.path('reports', name), 'mine');
    copyFileSync(CLEAN, place.path('a.log'));
    const run = place.run(['analyze', 'a.log']);
    expect(run.code).toBe(0);
    expect(place.read(`reports/${name}`)).toBe('mine');
    expect(run.stderr).toMatch(/^qtrace: [^\n]+\n$/);
    expect(saidPlace(run.stderr)).toBe('reports/a-2.db');
  });

  test('the same bytes again give the same rows', () => {
    const dump = (): string =>
      place.run(['sql', 'reports/thread-no-final-src.db', 'SELECT * FROM queries', '--format', 'csv']).stdout;
    place.run(['analyze', VIOLATED]);
    const first = dump();
    place.run(['analyze', VIOLATED]);
    expect(dump()).toBe(first);
    expect(first.split('\n').length).toBeGreaterThan(50);
  });
});

describe('where', () => {
  test('--out-dir, made if need be', () => {
    const run = place.run(['analyze', '--out-dir', 'some/where', CLEAN]);
    expect(saidPlace(run.stderr)).toBe('some/where/11.1-precopy-idle-src.db');
    const name = 'some/where/11.1-precopy-idle-src';
    expect(place.names()).toEqual(['some', 'some/where', `${name}.db`, `${name}.html`]);
  });

  test('--db, which is replaced by the next one', () => {
    for (const log of [CLEAN, VIOLATED]) {
      const run = place.run(['analyze', '--no-html', '--db', 'own.db', log]);
      expect(run.stderr).toMatch(/^qtrace: wrote own\.db[^\n]*\n$/);
    }
    expect(place.names()).toEqual(['own.db']);
    expect(JSON.stringify(inputsOf('own.db'))).toContain('src.log');
    expect(statSync(place.path('own.db')).mode & 0o777).toBe(0o644);
  });

  test.each([
    ['--no-db', '--no-html'],
    ['--no-db', '--no-html', '--quiet'],
  ])('%s %s %s: nothing is written, nothing said', (...options) => {
    const run = place.run(['analyze', ...options, CLEAN]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(place.names()).toEqual([]);
  });

  test('--quiet writes it without a word', () => {
    expect(place.run(['analyze', '--quiet', CLEAN]).stderr).toBe('');
    expect(reports()).toEqual(both('11.1-precopy-idle-src'));
  });

  test('--no-db leaves the page, --no-html the database', () => {
    expect(place.run(['analyze', '--no-db', CLEAN]).stderr).toBe('qtrace: wrote reports/11.1-precopy-idle-src.html\n');
    expect(reports()).toEqual(['reports/11.1-precopy-idle-src.html']);
    expect(place.run(['analyze', '--no-html', CLEAN]).stderr).toMatch(
      /^qtrace: wrote reports\/11\.1-precopy-idle-src\.db; [^\n]*\n$/,
    );
    expect(reports()).toEqual(both('11.1-precopy-idle-src'));
  });

  test('the two never have different names', () => {
    mkdirSync(place.path('reports'));
    writeFileSync(place.path('reports/a.db'), 'mine');
    copyFileSync(CLEAN, place.path('a.log'));
    expect(place.run(['analyze', '--no-db', 'a.log']).stderr).toBe('qtrace: wrote reports/a-2.html\n');
    expect(saidPlace(place.run(['analyze', 'a.log']).stderr)).toBe('reports/a-2.db');
  });

  test('--format html -o writes no second page, and the same bytes', () => {
    const run = place.run(['analyze', '--no-db', '--format', 'html', '-o', 'own.html', VIOLATED]);
    expect(run).toMatchObject({ code: 1, stdout: '', stderr: '' });
    expect(place.names()).toEqual(['own.html']);
    place.run(['analyze', '--no-db', VIOLATED]);
    expect(place.read('reports/thread-no-final-src.html')).toBe(place.read('own.html'));
    expect(place.run(['analyze', '--no-db', '--no-html', '--format', 'html', VIOLATED]).stdout).toBe(
      place.read('own.html'),
    );
  });

  test('--mail makes the page small, wherever it is written', () => {
    place.run(['analyze', '--no-db', '--mail', VIOLATED]);
    const page = readFileSync(place.path('reports/thread-no-final-src.html'));
    expect(page.length).toBeLessThanOrEqual(28_000);
    expect(page.includes('To fit a mailing list, this page leaves out')).toBe(true);
    expect(page.includes('final-missing-0')).toBe(true);
  });
});

describe('a default folder that cannot be written costs one line and not the verdict', () => {
  const expectVerdicts = (options: { uid?: number } = {}): void => {
    for (const [log, code] of [
      [CLEAN, 0],
      [VIOLATED, 1],
    ] as const) {
      const before = place.names();
      const run = place.run(['analyze', log], options);
      expect(run.code).toBe(code);
      expect(run.stdout).toMatch(/^qtrace: /);
      expect(run.stderr).toMatch(/^qtrace: no HTML and no database: [^\n]+\n$/);
      expect(place.names()).toEqual(before);
    }
  };

  test('a file of that name', () => {
    writeFileSync(place.path('reports'), '');
    expectVerdicts();
  });

  test.skipIf(!CAN_BE_NOBODY)('no right to make it', () => {
    expectVerdicts({ uid: NOBODY });
  });

  test.skipIf(!CAN_BE_NOBODY)('no right to write into it', () => {
    mkdirSync(place.path('reports'));
    expectVerdicts({ uid: NOBODY });
  });

  test('a folder in which no program can make one', () => {
    symlinkSync('/proc', place.path('reports'));
    const run = place.run(['analyze', CLEAN], { timeout: 10_000 });
    expect(run).toMatchObject({ code: 0, signal: null });
    expect(run.stderr).toMatch(/^qtrace: no HTML and no database: [^\n]+\n$/);
    const named = place.run(['analyze', '--out-dir', '/proc/qtrace', CLEAN], { timeout: 10_000 });
    expectRefused(named, /^\/proc\/qtrace\/\S+ cannot be written: /);
  });
});

test('what a killed qtrace left behind is removed', () => {
  mkdirSync(place.path('reports'));
  writeFileSync(place.path('reports/.a.db.999999999.tmp'), 'x');
  writeFileSync(place.path('reports/.a.html.999999999.tmp'), 'x');
  copyFileSync(CLEAN, place.path('a.log'));
  place.run(['analyze', 'a.log']);
  expect(reports()).toEqual(both('a'));
});
