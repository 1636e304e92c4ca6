/** What the tracker says of model runs, whole and with lines missing: never more than they prove. */
import { describe, expect, test } from 'vitest';
import type { LockItem } from '../../src/ingest/trace-item.ts';
import { BqlTracker } from '../../src/replay/bql-tracker.ts';
import type { BqlAtLine } from '../../src/replay/run.ts';
import {
  type Faults,
  MIGRATION,
  type ModelLine,
  type ModelLock,
  type ModelQuery,
  randomOf,
  runModel,
} from './bql-model.ts';

const RUNS = 120;
const NAMES = { waiting: 'qemu_mutex_lock', taken: 'qemu_mutex_locked', released: 'qemu_mutex_unlock' };

interface Said {
  readonly query: ModelQuery;
  readonly bql: BqlAtLine;
}

function itemOf({ kind, thread, site }: ModelLock, line: number, ids: boolean): LockItem {
  return {
    kind: 'lock',
    operation: kind,
    name: NAMES[kind],
    mutex: '0x1',
    file: site.replace(/:\d+$/, ''),
    site,
    place: { input: 0, line, text: `${kind} ${site}` },
    timeNs: undefined,
    thread: ids ? thread : undefined,
  };
}

/** A query is answered when the next one comes, as in a replay. */
function track(lines: readonly ModelLine[], ids: boolean): readonly Said[] {
  const tracker = new BqlTracker(() => undefined);
  const said: Said[] = [];
  let settle = (): void => undefined;
  for (const [index, line] of lines.entries()) {
    if (line.kind === 'stop') tracker.vmStops();
    else if (line.kind !== 'query') tracker.lock(itemOf(line, index + 1, ids));
    else {
      settle();
      const snapshot = tracker.atQuery(ids ? MIGRATION : undefined);
      settle = () => {
        said.push({ query: line, bql: snapshot.settled() });
      };
    }
  }
  settle();
  return said;
}

const faultsOf = (seed: number): Faults => ({ finalWithout: seed % 2 === 1, exactWith: seed % 5 === 1 });

const isLock = (line: ModelLine): line is ModelLock => line.kind !== 'query' && line.kind !== 'stop';

function isWrong({ query, bql }: Said): boolean {
  if (bql.holder === 'not-shown') return false;
  return (bql.holder === 'migration-thread') !== (query.truth === 'migration-thread');
}

/** Answers that are wrong although fewer lines are missing than they say it takes. */
function wrongWith(lines: readonly ModelLine[], ids: boolean, missing: number): readonly string[] {
  return track(lines, ids)
    .filter((said) => isWrong(said) && (said.bql.wrongIfLost ?? 0) > missing)
    .map(({ query, bql }) => `${query.truth} called ${bql.holder}, wrong if ${bql.wrongIfLost} are lost`);
}

describe.each([
  ['with thread ids', true],
  ['merged without thread ids', false],
])('%s', (_name, ids) => {
  test('whole: every answer is right, and hardly one is missing', () => {
    let shown = 0;
    let all = 0;
    for (let seed = 0; seed < RUNS; seed += 1) {
      const said = track(runModel(seed, faultsOf(seed)), ids);
      expect(said.filter(isWrong), `seed ${seed}`).toEqual([]);
      shown += said.filter(({ bql }) => bql.holder !== 'not-shown').length;
      all += said.length;
    }
    expect(shown / all).toBeGreaterThan(0.99);
  });

  test('whole: free and held by another are told apart', () => {
    let told = 0;
    for (let seed = 0; seed < RUNS; seed += 1) {
      for (const { query, bql } of track(runModel(seed, faultsOf(seed)), ids)) {
        if (bql.holder !== 'free' && bql.holder !== 'another') continue;
        expect(bql.holder, `seed ${seed}`).toBe(query.truth);
        told += 1;
      }
    }
    expect(told).toBeGreaterThan(RUNS);
  });

  test.each(['waiting', 'taken', 'released'] as const)('without the lines of %s: no wrong answer', (kind) => {
    for (let seed = 0; seed < RUNS; seed += 1) {
      const lines = runModel(seed, faultsOf(seed)).filter((line) => line.kind !== kind);
      expect(track(lines, ids).filter(isWrong), `seed ${seed}`).toEqual([]);
    }
  });

  test.each([1, 2, 3])('%i adjacent lines of the lock lost', (missing) => {
    for (let seed = 0; seed < RUNS / 20; seed += 1) {
      const lines = runModel(seed, faultsOf(seed));
      const locks = lines.flatMap((line, index) => (isLock(line) ? [index] : []));
      for (let first = 0; first + missing <= locks.length; first += 1) {
        const lost = new Set(locks.slice(first, first + missing));
        const rest = lines.filter((_line, index) => !lost.has(index));
        expect(wrongWith(rest, ids, missing), `seed ${seed} without lines ${[...lost]}`).toEqual([]);
      }
    }
  });

  test('two lines lost anywhere', () => {
    for (let seed = 0; seed < RUNS / 8; seed += 1) {
      const lines = runModel(seed, faultsOf(seed));
      const random = randomOf(seed);
      const locks = lines.flatMap((line, index) => (isLock(line) ? [index] : []));
      for (let times = 0; times < 20; times += 1) {
        const lost = [locks[random(locks.length)], locks[random(locks.length)]];
        const rest = lines.filter((_line, index) => !lost.includes(index));
        expect(wrongWith(rest, ids, 2), `seed ${seed} without lines ${lost}`).toEqual([]);
      }
    }
  });

  test('a log that begins later', () => {
    for (let seed = 0; seed < RUNS / 8; seed += 1) {
      const lines = runModel(seed, faultsOf(seed));
      for (let from = 0; from < lines.length; from += 7) {
        expect(wrongWith(lines.slice(from), ids, 0), `seed ${seed} from ${from}`).toEqual([]);
      }
    }
  });
});
