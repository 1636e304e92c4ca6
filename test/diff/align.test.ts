import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { align, alignSteps } from '../../src/diff/align.ts';
import type { StepReport, StepSection } from '../../src/report/report.ts';

const same = (a: string, b: string): number => (a === b ? 1 : 0);

describe('align', () => {
  test('what both have stands side by side', () => {
    expect(align([...'abcd'], [...'axcd'], same)).toEqual([
      ['a', 'a'],
      ['b', undefined],
      [undefined, 'x'],
      ['c', 'c'],
      ['d', 'd'],
    ]);
  });

  test('nothing is lost, nothing is moved, and as much as can be is paired', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
    fc.assert(
      fc.property(text, text, (base, head) => {
        const pairs = align(base, head, same);
        expect(pairs.flatMap(([a]) => a ?? [])).toEqual(base);
        expect(pairs.flatMap(([, b]) => b ?? [])).toEqual(head);
        for (const [a, b] of pairs) if (a !== undefined && b !== undefined) expect(a).toBe(b);
        expect(pairs.filter(([a, b]) => a !== undefined && b !== undefined).length).toBe(longest(base, head));
      }),
    );
  });

  test('a sequence with itself', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b')), (list) => {
        expect(align(list, list, same)).toEqual(list.map((one) => [one, one]));
      }),
    );
  });
});

/** Length of the longest common subsequence, by recursion. */
function longest(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  if (a[0] === b[0]) return 1 + longest(a.slice(1), b.slice(1));
  return Math.max(longest(a.slice(1), b), longest(a, b.slice(1)));
}

function step(section: StepSection, name: string, facts: StepReport['facts'] = {}): StepReport {
  const where = { file: 'src.log', lines: [1, 1], ns: null } as const;
  return { section, name, event: 'x', count: 1, ...where, facts, totalBytes: null, queries: null };
}

const steps = (...rows: readonly StepReport[]) => ({ rows, omitted: 0, omittedAfter: 0 });

describe('steps', () => {
  test('a step of one section is never put beside one of another', () => {
    const aligned = alignSteps(
      steps(step('setup', 'sync'), step('end', 'state completed')),
      steps(step('switchover', 'sync'), step('end', 'state completed')),
    );
    expect(aligned.map(({ base, head }) => [base?.section, head?.section])).toEqual([
      ['setup', undefined],
      [undefined, 'switchover'],
      ['end', 'end'],
    ]);
  });

  test('of two of one name the one that was made alike is its partner', () => {
    const aligned = alignSteps(
      steps(step('iterate', 'iterations', { syncs: 'one' })),
      steps(step('iterate', 'iterations', { syncs: 'none' }), step('iterate', 'iterations', { syncs: 'one' })),
    );
    expect(aligned.map(({ base, head }) => [base?.facts['syncs'], head?.facts['syncs']])).toEqual([
      [undefined, 'none'],
      ['one', 'one'],
    ]);
  });

  test('checkpoints are put beside checkpoints one by one', () => {
    const checkpoint = [step('checkpoint', 'guest stops for a checkpoint'), step('checkpoint', 'final query')];
    const aligned = alignSteps(steps(...checkpoint, ...checkpoint), steps(...checkpoint));
    expect(aligned.map(({ base, head }) => [base !== null, head !== null])).toEqual([
      [true, true],
      [true, true],
      [true, false],
      [true, false],
    ]);
  });
});
