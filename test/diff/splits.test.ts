/**
 * Noise is not taken for a difference: runs of one build and one setting, split
 * into two groups in every way or in many, are called different in no more than
 * 5 % of the splits, over all metrics together.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { DiffRun } from '../../src/diff/diff.ts';
import { diffMetrics } from '../../src/diff/metrics.ts';
import { emulatedRun } from './support.ts';

const RUNS = 200;
const runs: DiffRun[] = [];

beforeAll(async () => {
  for (let seed = 1; seed <= RUNS; seed += 1) runs.push(await emulatedRun('precopy', { seed, version: '11.1' }));
}, 120_000);

/** Whether any metric is called different. */
function claims(base: readonly DiffRun[], head: readonly DiffRun[]): boolean {
  const members = (side: readonly DiffRun[]) =>
    side.flatMap((run) => run.facts.migrations.map((migration) => ({ run, migration })));
  return diffMetrics([{ base: members(base), head: members(head) }]).some(({ significant }) => significant);
}

function* choices(n: number, k: number, from = 0): Generator<readonly number[]> {
  if (k === 0) yield [];
  else for (let at = from; at < n; at += 1) for (const rest of choices(n, k - 1, at + 1)) yield [at, ...rest];
}

/** The same numbers in every run of the test. */
function shuffler(seed: number): <T>(list: readonly T[]) => readonly T[] {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return (list) => {
    const left = [...list];
    return list.flatMap(() => left.splice(Math.floor(next() * left.length), 1));
  };
}

function shareOfClaims(splits: Iterable<readonly [readonly DiffRun[], readonly DiffRun[]]>): number {
  let all = 0;
  let claimed = 0;
  for (const [base, head] of splits) {
    all += 1;
    if (claims(base, head)) claimed += 1;
  }
  return claimed / all;
}

describe('of runs of one build and one setting', () => {
  test('the runs are not all the same', () => {
    const downtimes = runs.map(({ facts }) => facts.migrations[0]?.measures.find(({ name }) => name === 'downtime'));
    expect(new Set(downtimes.map((one) => one?.value)).size).toBeGreaterThan(RUNS / 2);
  });

  test.each([0, 40, 90])('all 924 splits of 12 runs, from run %i on', (from) => {
    const twelve = runs.slice(from, from + 12);
    const splits = [...choices(12, 6)].map(
      (chosen) =>
        [twelve.filter((_, at) => chosen.includes(at)), twelve.filter((_, at) => !chosen.includes(at))] as const,
    );
    expect(splits.length).toBe(924);
    expect(shareOfClaims(splits)).toBeLessThanOrEqual(0.05);
  });

  test.each([5, 10, 30, 100])('300 splits of the 200 runs into groups of %i', (size) => {
    const shuffle = shuffler(size);
    const splits = Array.from({ length: 300 }, () => {
      const order = shuffle(runs);
      return [order.slice(0, size), order.slice(size, 2 * size)] as const;
    });
    expect(shareOfClaims(splits)).toBeLessThanOrEqual(0.05);
  });

  test('a difference that is there is found, from 5 runs a side on', async () => {
    const head: DiffRun[] = [];
    for (let seed = 301; seed <= 305; seed += 1) {
      head.push(await emulatedRun('precopy', { seed, version: '11.1', set: ['downtime-limit=100'] }));
    }
    expect(claims(runs.slice(0, 5), head)).toBe(true);
    expect(claims(runs.slice(0, 4), head.slice(0, 4))).toBe(false);
  });
});
