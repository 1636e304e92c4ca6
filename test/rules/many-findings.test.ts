/** However often a duty is broken: all are counted, the first ones shown, in order, and the report stays small. */
import { expect, test } from 'vitest';
import { RENDERERS } from '../../src/report/renderers/registry.ts';
import { precopyRun, query } from './runs.ts';
import { reportOn, verdictOf, violatedRules } from './support.ts';

const COUNT = 1_000_000;

test('a million findings', async () => {
  const wrong = `${query(0, 0, { precopy: 4096, total: 5 })}\n`;
  const [first = '', ...rest] = precopyRun();
  const setup = [first, ...rest.slice(0, 7)].join('\n');
  const log = `${setup}\n${wrong.repeat(COUNT)}${rest.slice(7).join('\n')}\n`;
  const report = await reportOn({ 'src.log': Buffer.from(log) });
  const { findings, findingCount } = verdictOf(report, 'total-not-sum');
  expect(findingCount).toBe(COUNT);
  expect(findings.map(({ evidence }) => evidence[0]?.line)).toEqual(
    Array.from({ length: 20 }, (_, index) => 9 + index),
  );
  expect(violatedRules(report)).toEqual(['total-not-sum']);
  for (const renderer of RENDERERS) {
    expect(renderer.render(report, { color: false, verbose: true }).length).toBeLessThan(100_000);
  }
}, 120_000);
