/**
 * The captured runs that wrote both logs at once: what the text log shows, the
 * binary one shows too, and the verdicts are the same.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { analyze } from '../../../src/analysis/analyze.ts';
import { planInputs } from '../../../src/analysis/replay-inputs.ts';
import type { TraceItem } from '../../../src/ingest/trace-item.ts';
import type { Report } from '../../../src/report/report.ts';
import { RULES } from '../../../src/rules/registry.ts';
import { metaOf, patchedCaptures, SKIPPED } from '../../rules/captures.ts';
import { violatedRules } from '../../rules/support.ts';
import { readPath } from '../support.ts';

const captures = patchedCaptures().filter(({ folder }) => existsSync(join(folder, 'src.trace')));

test.skipIf(captures.length === 0)(`there are such captures${SKIPPED}`, () => {
  expect(captures.length).toBeGreaterThanOrEqual(2);
});

/** What a text log prints for a NULL text, a record does not tell from an empty one. */
function textOf({ place }: TraceItem): string {
  return place.text.replace(/^\d{4}-\S+Z /, '').replaceAll('(null)', '');
}

async function report(...paths: readonly string[]): Promise<Report> {
  const request = { paths, qmp: undefined, band: undefined, rules: RULES, fullDigest: false } as const;
  return analyze({ ...request, listener: undefined, progress: () => undefined }, planInputs(paths, undefined));
}

const verdictsOf = ({ verdicts }: Report) =>
  verdicts.map(({ rule, verdict, findings }) => ({
    rule,
    verdict,
    lines: findings.flatMap(({ evidence }) => evidence.map(({ line }) => line)),
  }));

describe.each(captures)('$name', (capture) => {
  const path = (name: string): string => join(capture.folder, name);

  test('every line of the source’s text log, in the same order, and the same times to 2 ms', async () => {
    const text = await readPath(path('src.log'));
    const binary = await readPath(path('src.trace'));
    expect(binary.items.map(textOf)).toEqual(text.items.map(textOf));
    expect(binary.facts.problems).toEqual([]);
    const since = ({ items }: typeof text): readonly number[] =>
      items.map(({ timeNs }) => (timeNs ?? 0) - (items[0]?.timeNs ?? 0));
    const behind = since(text).map((ns, index) => Math.abs(ns - (since(binary)[index] ?? 0)));
    expect(Math.max(...behind)).toBeLessThan(2_000_000);
  });

  test('every line of the destination’s', async () => {
    const text = (await readPath(path('dst.log'))).items.map(textOf);
    const binary = (await readPath(path('dst.trace'))).items.map(textOf);
    // Recorded before the log file of -D was open.
    expect(binary.filter((line) => !text.includes(line))).toEqual([
      'runstate_set current_run_state 6 (prelaunch) new_state 1 (inmigrate)',
    ]);
    expect(binary.slice(1)).toEqual(text);
  });

  test('the verdicts are those of the text log, and those that the run must have', async () => {
    const binary = await report(path('src.trace'));
    expect(violatedRules(binary)).toEqual(metaOf(capture).rules);
    expect(verdictsOf(binary)).toEqual(verdictsOf(await report(path('src.log'))));
    expect(binary.qemu).toBe('thread');
  });

  test('with the table on the command line, and with both sides', async () => {
    const { inputs } = await report(path('trace-events-all'), path('src.trace'), path('dst.trace'));
    expect(inputs.map(({ name, side, format }) => ({ name, side, format }))).toEqual([
      { name: 'src.trace', side: 'source', format: 'simple-v4' },
      { name: 'dst.trace', side: 'destination', format: 'simple-v4' },
    ]);
  });

  test('without any table', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'qtrace-simple-'));
    try {
      const alone = join(folder, 'src.trace');
      copyFileSync(path('src.trace'), alone);
      expect(await readPath(alone)).toEqual(await readPath(path('src.trace')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
