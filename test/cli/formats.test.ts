/** The formats of analyze, as the program writes them. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLEAN, useWorkplace, VIOLATED } from './program.ts';

const place = useWorkplace();
const ONLY = ['--no-db', '--no-html'];

const BEGINNINGS = [
  ['text', /^qtrace: 1 violation/],
  ['json', /^\{\n {2}"schema": "qtrace-report\/1"/],
  ['html', /^<!DOCTYPE html>\n/],
  ['markdown', /^## 1 violation/],
  ['sarif', /^\{\n {2}"\$schema": "[^"]*sarif/],
  ['junit', /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="qtrace"/],
] as const;

describe.each(BEGINNINGS)('--format %s', (format, beginning) => {
  test('on standard output, in a file, the same each time', () => {
    const run = place.run(['analyze', ...ONLY, '--format', format, VIOLATED]);
    expect(run).toMatchObject({ code: 1, stderr: '' });
    expect(run.stdout).toMatch(beginning);
    expect(run.stdout.endsWith('\n')).toBe(true);
    place.run(['analyze', ...ONLY, '--format', format, '-o', 'out', VIOLATED]);
    expect(place.read('out')).toBe(run.stdout);
    expect(place.names()).toEqual(['out']);
  });

  test('no path of the machine stands in it', () => {
    expect(place.run(['analyze', ...ONLY, '--format', format, VIOLATED]).stdout).not.toContain('/fixtures/');
  });

  test('standard input', () => {
    const run = place.run(['analyze', ...ONLY, '--format', format, '-'], { stdin: readFileSync(VIOLATED, 'utf8') });
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(beginning);
  });
});

test('the page of a file has the lines around the proof, that of standard input has none', () => {
  const linesOf = (page: string): number => page.match(/<li value=/g)?.length ?? 0;
  const page = place.run(['analyze', ...ONLY, '--format', 'html', VIOLATED]).stdout;
  const piped = place.run(['analyze', ...ONLY, '--format', 'html', '-'], { stdin: readFileSync(VIOLATED, 'utf8') });
  expect(linesOf(page) - linesOf(piped.stdout)).toBe(12);
  expect(piped.stdout).toContain('<mark>');
});

test('a warning fails its case of JUnit where --fail-on says so', () => {
  const log = place.path('slow.log');
  const made = place.run(['emulate', 'precopy', '--fault', 'final-skips-module', '-o', log]);
  expect(made.code).toBe(0);
  const failures = (...options: readonly string[]): string | undefined => {
    const { stdout } = place.run(['analyze', ...ONLY, '--format', 'junit', ...options, log]);
    return /failures="(\d+)"/.exec(stdout)?.[1];
  };
  expect(failures()).toBe('0');
  expect(Number(failures('--fail-on', 'warning'))).toBeGreaterThan(0);
});

test('a format that there is none of is refused', () => {
  expect(place.run(['analyze', '--format', 'pdf', CLEAN])).toMatchObject({ code: 2, stdout: '' });
});
