/** What package.json promises, and that it installs the same everywhere. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../../src/base/version.ts';

const ROOT = join(import.meta.dirname, '..', '..');

interface Package {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
}

const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const own: Package = JSON.parse(read('package.json'));
const lock: {
  packages: Readonly<Record<string, { version?: string; dependencies?: Readonly<Record<string, string>> }>>;
} = JSON.parse(read('package-lock.json'));
const wanted = { ...own.dependencies, ...own.devDependencies };

test('the version of the program is that of the package, in the lock file too', () => {
  expect(VERSION).toBe(own.version);
  expect(lock.packages['']?.version).toBe(own.version);
});

describe('dependencies', () => {
  test.each(Object.entries(wanted))('%s is pinned exactly: %s', (name, version) => {
    if (version.startsWith('file:')) {
      expect(existsSync(join(ROOT, version.slice('file:'.length), 'package.json')), version).toBe(true);
      return;
    }
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
  });

  test('what src imports is a dependency, and no development one', () => {
    const found = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const files = found.stdout.split('\n').filter((file) => file.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(50);
    const imported = files
      .filter((file) => existsSync(join(ROOT, file)))
      .flatMap((file) => [...read(file).matchAll(/(?:from |import\()'([^.')][^']*)'/g)].map(([, name = '']) => name))
      .filter((name) => !name.startsWith('node:'));
    expect([...new Set(imported)].filter((name) => !(name in own.dependencies))).toEqual([]);
  });

  test('npm ci finds the lock file in order', (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'qtrace-npm-'));
    try {
      for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(ROOT, name), join(folder, name));
      cpSync(join(ROOT, 'src/shims'), join(folder, 'src/shims'), { recursive: true });
      const run = spawnSync('npm', ['ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund'], {
        cwd: folder,
        encoding: 'utf8',
        timeout: 50_000,
      });
      const offline = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|network|ENOTCACHED/.test(run.stderr);
      if (offline) context.skip('no registry within reach');
      expect(run.stderr).not.toMatch(/EUSAGE|EINTEGRITY|not in sync|Missing:|Invalid:/);
      expect(run.status, run.stderr).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the entry', () => {
  test('is the built program and can be started', () => {
    expect(own.bin).toEqual({ qtrace: 'dist/qtrace.js' });
    expect(statSync(join(ROOT, 'dist/qtrace.js')).mode & 0o111).toBe(0o111);
    expect(read('dist/qtrace.js')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  const programOf = (id: string): string =>
    new RegExp(`'(${id}-\\w+)'`).exec(read('dist/qtrace.js'))?.[1] ?? `no ${id} in the entry`;

  test.each(['analyze', 'main'])('V8 takes the code that the build has compiled of %s', (id) => {
    const name = programOf(id);
    const filename = join(ROOT, 'dist', `${name}.cjs`);
    const cachedData = readFileSync(join(ROOT, 'dist', `${name}.cache`));
    // In a process of its own: another setting of the engine, made by any test, would be reason enough to refuse it.
    const script = `const [, filename, cache] = process.argv; const { readFileSync } = require('node:fs');
      const { Script } = require('node:vm'); const source = readFileSync(filename, 'latin1');
      console.log(new Script(source, { filename, cachedData: readFileSync(cache) }).cachedDataRejected);`;
    const run = spawnSync(process.execPath, ['-e', script, filename, join(ROOT, 'dist', `${name}.cache`)]);
    expect(cachedData.length).toBeGreaterThan(100_000);
    expect(`${run.stdout}`.trim()).toBe('false');
  });

  test('the main job reads no code of the other commands', () => {
    expect(read(`dist/${programOf('main')}.cjs`)).toContain('src/cli/commands/review.ts');
    expect(read(`dist/${programOf('analyze')}.cjs`)).not.toMatch(/"src\/(review|diff|emulator)\//);
  });

  test('says its version through npm, and nothing else on standard output', () => {
    const run = spawnSync('npm', ['run', '--silent', 'qtrace', '--', '--version'], { cwd: ROOT, encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout).toBe(`${own.version}\n`);
  });

  test('takes paths from where npm was called', () => {
    const folder = mkdtempSync(join(tmpdir(), 'qtrace-npm-'));
    try {
      copyFileSync(join(ROOT, 'fixtures/traces/11.1-precopy/src.log'), join(folder, 'here.log'));
      const args = [
        '--prefix',
        ROOT,
        'run',
        '--silent',
        'qtrace',
        '--',
        'analyze',
        '--no-db',
        '--no-html',
        '--quiet',
        'here.log',
      ];
      const run = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
      expect(run.stdout).toMatch(/^qtrace: no violation found/);
      expect(run.status, run.stderr).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('the commands of CI exist', () => {
    for (const [, name = ''] of read('.ci/run').matchAll(/for check in ([a-z ]+);/g)) {
      for (const check of name.split(' ')) expect(Object.keys(own.scripts)).toContain(check);
    }
    expect(Object.keys(own.scripts)).toEqual(expect.arrayContaining(['build', 'test', 'typecheck', 'lint']));
    expect(statSync(join(ROOT, '.ci/run')).mode & 0o111).toBe(0o111);
  });
});
