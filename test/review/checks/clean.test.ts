import { describe, expect, test } from 'vitest';
import { CLEAN } from './clean.ts';
import { review } from './patches.ts';

describe('a patch that keeps the protocol', () => {
  test.each(CLEAN.map((one) => [one.name, one] as const))('%s', async (_, { edits, questions = [] }) => {
    const { remarks, diff } = await review(edits);
    const asked = remarks.filter(({ rule }) => questions.includes(rule));
    expect(
      remarks.filter((remark) => !asked.includes(remark)),
      diff,
    ).toEqual([]);
    expect(
      asked.filter(({ severity }) => severity === 'error'),
      diff,
    ).toEqual([]);
  });
});
