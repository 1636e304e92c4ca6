/** Trace text is a guest's: it comes out visible and bounded. */
import { describe, expect, test } from 'vitest';
import { jsonRenderer } from '../../src/report/renderers/json.ts';
import { textRenderer } from '../../src/report/renderers/text.ts';
import type { Report } from '../../src/report/report.ts';
import { buildReport } from './build.ts';
import { reportFull } from './full.ts';

const PLAIN = { color: false, verbose: true };

describe('text', () => {
  test.each([
    ['a control character', 'x\u0007y', 'x\\x07y'],
    ['an ANSI escape', '\u001b[2Jx', '\\x1b[2Jx'],
    ['a C1 escape', '\u009b2J', '\\x9b2J'],
    ['a right-to-left override', 'a\u202eb', 'a\\u202eb'],
    ['a lone surrogate', 'a\ud800b', 'a\\ud800b'],
    ['a line end', 'a\nb\rc\u2028d', 'a\\x0ab\\x0dc\\u2028d'],
    ['markup', '</script>', '</script>'],
  ])('%s is visible', (_, text, expected) => {
    const rendered = textRenderer.render(reportFull(text), PLAIN);
    expect(rendered).toContain(`${expected}:79: ${expected}\n`);
    expect(rendered.replaceAll(/[\n -~]/g, '')).toBe('');
  });

  test('a line of 1000 characters stands whole, a longer one is marked', () => {
    const lineOf = (length: number): Report => reportFull('z'.repeat(length));
    expect(textRenderer.render(lineOf(1000), PLAIN)).toContain(`: ${'z'.repeat(1000)}\n`);
    expect(textRenderer.render(lineOf(1001), PLAIN)).toContain(`: ${'z'.repeat(1000)} [... 1 more]\n`);
  });

  test.each(['', 'a'])('a word of emoji after %j is never cut inside one', (before) => {
    const rendered = textRenderer.render(reportFull(before + '\ud83d\ude00'.repeat(120)), PLAIN);
    expect(rendered).not.toMatch(/\p{Surrogate}/u);
  });

  test.each(['z', '\u0000', '\ud83d\ude00'])('10 MB of %j stay bounded and quick', (character) => {
    const started = performance.now();
    const rendered = textRenderer.render(reportFull(character.repeat(10_000_000 / character.length)), PLAIN);
    expect(rendered.length).toBeLessThan(100_000);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('json', () => {
  test('keeps everything exactly, escaped where JSON must', () => {
    const text = 'x\u0000\u001b\u2028\ud800</script>';
    const json = jsonRenderer.render(reportFull(text), PLAIN);
    expect(json).toContain('"x\\u0000\\u001b\u2028\\ud800</script>"');
    expect(JSON.parse(json)).toEqual(reportFull(text));
  });

  test('two spaces, keys as built, a line end', () => {
    const json = jsonRenderer.render(buildReport(), PLAIN);
    expect(json.startsWith('{\n  "schema": "qtrace-report/1",\n  "qtrace": "0.1.0",\n  "ruleset"')).toBe(true);
    expect(json.endsWith('\n}\n')).toBe(true);
  });

  test('a value that is not shown is null', () => {
    expect(jsonRenderer.render(buildReport(), PLAIN)).toContain('"downtimeNs": null,\n');
  });
});
