/** `analyze --charts DIR`. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLEAN, expectRefused, sharedPath, useWorkplace, VIOLATED } from './program.ts';

const work = useWorkplace();
const NAMES = ['downtime-0', 'pending-0', 'rounds-0', 'switchover-0'].flatMap((id) => [`${id}.png`, `${id}.svg`]);
const analyze = (...args: readonly string[]) => work.run(['analyze', '--no-db', '--no-html', ...args]);

describe('--charts DIR', () => {
  test('makes the folder, writes PNG and SVG, says so, and changes neither report nor exit code', () => {
    const without = analyze(VIOLATED);
    const run = analyze(VIOLATED, '--charts', 'a/b');
    expect(run.code).toBe(1);
    expect(run.stdout).toBe(without.stdout);
    expect(run.stderr).toBe(`${without.stderr}qtrace: wrote 4 charts as PNG and SVG to a/b\n`);
    expect(readdirSync(work.path('a/b')).sort()).toEqual(NAMES);
    expect(work.read('a/b/pending-0.svg')).toContain('final-missing');
    for (const name of NAMES) {
      const bytes = readFileSync(work.path('a/b', name));
      expect(bytes.length).toBeGreaterThan(1000);
      expect(bytes.subarray(0, 5).toString('latin1')).toBe(name.endsWith('.svg') ? '<?xml' : '\x89PNG\r');
    }
  });

  test('replaces its own charts, and --quiet says nothing of it', () => {
    analyze(VIOLATED, '--charts', 'c');
    writeFileSync(work.path('c/mine-0.svg'), work.read('c/rounds-0.svg'));
    const before = work.read('c/pending-0.svg');
    const run = analyze(CLEAN, '--charts', 'c', '--quiet');
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(work.read('c/pending-0.svg')).not.toBe(before);
    // One that this run has not would pass for its own; what is not qtrace's stays.
    expect(readdirSync(work.path('c')).sort()).toEqual(
      ['mine-0.svg', ...NAMES.filter((name) => !/^rounds/.test(name))].sort(),
    );
  });

  test.each(['pending-0.svg', 'downtime-0.png'])('does not replace a foreign %s, and writes nothing at all', (name) => {
    mkdirSync(work.path('c'));
    writeFileSync(work.path('c', name), 'my own drawing');
    expectRefused(analyze(CLEAN, '--charts', 'c'), /c\/(?:pending-0|downtime-0)\.\w+ is no chart of qtrace/);
    expect(readdirSync(work.path('c'))).toEqual([name]);
    expect(work.read(`c/${name}`)).toBe('my own drawing');
  });

  test('a file in the place of the folder, an empty value, a folder that can’t be made', () => {
    writeFileSync(work.path('file'), '');
    expectRefused(analyze(CLEAN, '--charts', 'file'), /file is no folder/);
    expectRefused(analyze(CLEAN, '--charts', ''), /--charts has an empty value/);
    expectRefused(analyze(CLEAN, '--charts', 'file/c'), /--charts file\/c can't be written/);
    expectRefused(analyze(CLEAN, '--charts', '/proc/c'), /--charts \/proc\/c can't be written/);
    symlinkSync('nowhere', work.path('link'));
    expectRefused(analyze(CLEAN, '--charts', 'link'), /link is no folder/);
  });

  test('an analysis that fails leaves no folder, and no report', () => {
    writeFileSync(work.path('empty.log'), 'nothing\n');
    expect(analyze('empty.log', '--charts', 'x/y', '-o', 'report.txt').code).toBe(2);
    expect(work.names()).toEqual(['empty.log']);
    expect(analyze('absent.log', '--charts', 'x/y').code).toBe(2);
    expect(work.names()).toEqual(['empty.log']);
    // A place that is refused costs the report, too.
    expect(analyze(CLEAN, '--charts', 'empty.log', '-o', 'report.txt').code).toBe(2);
    expect(work.names()).toEqual(['empty.log']);
  });

  test('a run with nothing to draw says so', () => {
    const log = sharedPath('traces', 'real', '11.1', 'unreachable@ts', 'src.log');
    if (log === undefined) return;
    const run = analyze(log, '--charts', 'c');
    expect(run.stderr).toBe('qtrace: no charts: the inputs show nothing that could be drawn\n');
  });

  test('the text report alone loads none of it', () => {
    const env = { NODE_DEBUG: 'module' };
    expect(work.run(['analyze', '--no-db', '--no-html', CLEAN], { env }).stderr).not.toMatch(
      /chartjs|chart\.js|napi-rs/,
    );
    expect(work.run(['analyze', '--no-db', CLEAN, '--charts', 'c'], { env }).stderr).toMatch(/chartjs-node-canvas/);
  });

  test('the picture does not depend on the fonts of the system', () => {
    analyze(VIOLATED, '--charts', 'one');
    // Of the canvas library: no search for the system's fonts.
    work.run(['analyze', '--no-db', VIOLATED, '--charts', 'two'], { env: { DISABLE_SYSTEM_FONTS_LOAD: '1' } });
    for (const name of NAMES) {
      expect(readFileSync(work.path('one', name)).equals(readFileSync(work.path('two', name))), name).toBe(true);
    }
    // Without a font every text is 0 wide, and the plot begins at the left edge.
    const axis = /text-anchor="end"><text x="([\d.]+)"/.exec(work.read('one/pending-0.svg'));
    expect(Number(axis?.[1])).toBeGreaterThan(40);
  });
});
