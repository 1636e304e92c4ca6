/** What holds for every report, whatever a guest wrote into the trace. */
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visible } from '../../src/base/text.ts';
import { RENDERERS } from '../../src/report/renderers/registry.ts';
import { textRenderer } from '../../src/report/renderers/text.ts';
import type { Report, VerdictReport } from '../../src/report/report.ts';
import { arbitraryReport, RAW } from './arbitrary.ts';

const RUNS = { numRuns: 100 };
const PLAIN = { color: false, verbose: false };

function countOf(report: Report, verdict: VerdictReport['verdict']): number {
  return report.verdicts.filter((one) => one.verdict === verdict).length;
}

/** The number before `words` in the verdict, undefined where it does not say it. */
function said(head: string, words: RegExp): number | undefined {
  const number = new RegExp(`(\\d+) ${words.source}`).exec(head)?.[1];
  return number === undefined ? undefined : Number(number);
}

describe('text', () => {
  test('every line but the raw ones fits 100 columns, and none hides anything', () => {
    fc.assert(
      fc.property(arbitraryReport, fc.boolean(), (report, verbose) => {
        const lines = textRenderer.render(report, { color: false, verbose }).split('\n');
        expect(lines.filter((line) => line.length > 100 && !line.includes(RAW))).toEqual([]);
        expect(lines.filter((line) => visible(line) !== line)).toEqual([]);
        expect(lines.at(-1)).toBe('');
      }),
      RUNS,
    );
  });

  test('the verdict counts what the verdicts say', () => {
    fc.assert(
      fc.property(arbitraryReport, (report) => {
        const head = (textRenderer.render(report, PLAIN).split('\n\n')[0] ?? '').replaceAll(/\n +/g, ' ');
        const violated = countOf(report, 'violated');
        const holding = countOf(report, 'pass');
        const undecided = countOf(report, 'undecidable');
        expect(said(head, /violations? \(/)).toBe(violated > 0 ? violated : undefined);
        expect(said(head, /(?:could not be decided|dut(?:y|ies) undecided)/)).toBe(
          undecided > 0 ? undecided : undefined,
        );
        const kept = violated > 0 ? /other dut(?:y|ies) holds?/ : /(?:of \d+ duties hold|dut(?:y|ies) holds?)/;
        expect(said(head, kept)).toBe(holding > 0 ? holding : undefined);
        expect(head.includes('no violation found')).toBe(violated === 0 && holding > 0);
      }),
      RUNS,
    );
  });

  test('the sections count what the verdicts say', () => {
    fc.assert(
      fc.property(arbitraryReport, (report) => {
        const text = textRenderer.render(report, PLAIN);
        const numberAt = (line: RegExp): number => Number(line.exec(text)?.[1] ?? 0);
        expect(numberAt(/^Not decided \((\d+)\)$/m)).toBe(countOf(report, 'undecidable'));
        expect(numberAt(/^(\d+) dut(?:y holds|ies hold)\b/m)).toBe(countOf(report, 'pass'));
        expect(numberAt(/^(\d+) dut(?:y does|ies do) not apply\b/m)).toBe(countOf(report, 'not-applicable'));
        const shown = text.match(/^ {2}\[\d+\] /gm)?.length ?? 0;
        expect(shown + numberAt(/^ {2}(\d+) more violations? omitted/m)).toBe(countOf(report, 'violated'));
      }),
      RUNS,
    );
  });

  test('colour changes nothing but the colour', () => {
    fc.assert(
      fc.property(arbitraryReport, fc.boolean(), (report, verbose) => {
        const colored = textRenderer.render(report, { color: true, verbose });
        expect(stripVTControlCharacters(colored)).toBe(textRenderer.render(report, { color: false, verbose }));
      }),
      RUNS,
    );
  });
});

test('json gives the report back', () => {
  fc.assert(
    fc.property(arbitraryReport, (report) => {
      const json = RENDERERS.find((renderer) => renderer.id === 'json')?.render(report, PLAIN) ?? '';
      expect(JSON.parse(json)).toEqual(report);
      expect(json).not.toMatch(/\p{Surrogate}/u);
    }),
    RUNS,
  );
});
