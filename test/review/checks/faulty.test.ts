import { describe, expect, test } from 'vitest';
import { FAULTY } from './faulty.ts';
import { lineOf, review } from './patches.ts';

describe('a faulty patch is remarked on at its guilty line', () => {
  test.each(FAULTY.map((one) => [`${one.rule}: ${one.name}`, one] as const))('%s', async (_, {
    edits,
    rule,
    severity = 'error',
    at,
  }) => {
    const reviewed = await review(edits);
    const found = reviewed.remarks.filter((remark) => remark.rule === rule);
    expect(
      found.map((remark) => remark.severity),
      reviewed.diff + JSON.stringify(reviewed.remarks, null, 1),
    ).toContain(severity);
    const lines = found.map((remark) => lineOf(reviewed, remark));
    expect(
      lines.some((line) => at.split('|').some((part) => line.includes(part))),
      lines.join('\n'),
    ).toBe(true);
  });
});
