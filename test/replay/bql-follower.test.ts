/** Lines of the lock that come in runs tell what they tell one by one. */
import { expect, test } from 'vitest';
import type { LockItem, LockText, RunRecords } from '../../src/ingest/trace-item.ts';
import type { BqlSnapshot } from '../../src/replay/bql-snapshot.ts';
import { BqlTracker } from '../../src/replay/bql-tracker.ts';
import type { BqlHold } from '../../src/replay/sink.ts';
import { type Faults, MIGRATION, type ModelLine, type ModelLock, randomOf, runModel } from './bql-model.ts';

const SEEDS = 150;
/** Lines, as in a replay: at the next query at the latest. */
const ANSWERED_AFTER = 12;
const NAMES = { waiting: 'qemu_mutex_lock', taken: 'qemu_mutex_locked', released: 'qemu_mutex_unlock' };

/** One object for lines that say the same. */
class Texts {
  readonly #texts = new Map<string, LockText>();

  of({ kind, site }: ModelLock): LockText {
    const key = `${kind} ${site}`;
    const file = site.replace(/:\d+$/, '');
    const text = this.#texts.get(key) ?? { operation: kind, name: NAMES[kind], mutex: '0x1', file, site };
    this.#texts.set(key, text);
    return text;
  }

  idOf(text: LockText): number {
    return [...this.#texts.values()].indexOf(text) + 1;
  }
}

function itemOf(text: LockText, line: number, thread: number | undefined): LockItem {
  const place = { input: 0, line, text: `${text.operation} ${text.site}` };
  return { kind: 'lock', ...text, place, timeNs: line * 1000, thread };
}

class Run implements RunRecords {
  readonly #ids: number[] = [];
  readonly #items: LockItem[] = [];
  readonly threaded: boolean;

  constructor(threaded: boolean) {
    this.threaded = threaded;
  }

  get size(): number {
    return this.#items.length;
  }

  add(id: number, item: LockItem): void {
    this.#ids.push(id);
    this.#items.push(item);
  }

  idAt(index: number): number {
    return this.#ids[index] ?? 0;
  }

  isEventAt(): boolean {
    return false;
  }

  eventAt(): never {
    throw new Error('there are no events');
  }

  lockAt(index: number): LockItem {
    const item = this.#items[index];
    if (item === undefined) throw new Error('no such line');
    return item;
  }
}

const isLock = (line: ModelLine): line is ModelLock => line.kind !== 'query' && line.kind !== 'stop';

/** All that the tracker tells. `runs`: lines whose text was seen before come in runs between all others. */
function told(lines: readonly ModelLine[], ids: boolean, runs: boolean): readonly unknown[] {
  const texts = new Texts();
  const seen = new Set<LockText>();
  const all: unknown[] = [];
  const tracker = new BqlTracker((hold: BqlHold) => all.push(hold));
  let open: { readonly from: number; readonly snapshot: BqlSnapshot } | undefined;
  let run = new Run(ids);
  const flush = () => {
    tracker.run(run, 0, run.size);
    run = new Run(ids);
    if (open !== undefined) all.push(open.snapshot.settled());
    open = undefined;
  };
  for (const [index, line] of lines.entries()) {
    if (open !== undefined && index > open.from + ANSWERED_AFTER) flush();
    if (isLock(line)) {
      const text = texts.of(line);
      const item = itemOf(text, index + 1, ids ? line.thread : undefined);
      if (runs && seen.has(text) && seen.size > 6) run.add(texts.idOf(text), item);
      else {
        tracker.run(run, 0, run.size);
        run = new Run(ids);
        tracker.lock(item);
      }
      seen.add(text);
      continue;
    }
    flush();
    if (line.kind === 'query') open = { from: index, snapshot: tracker.atQuery(ids ? MIGRATION : undefined) };
    else tracker.vmStops();
    if (index % 5 < 2) tracker.switchover(index % 5 === 0);
  }
  flush();
  tracker.close();
  return all;
}

const faultsOf = (seed: number): Faults => ({ finalWithout: seed % 2 === 1, exactWith: seed % 5 === 1 });

/** Some lines missing, as in a log with holes. */
function withHoles(lines: readonly ModelLine[], seed: number): readonly ModelLine[] {
  const random = randomOf(seed);
  return seed % 3 === 0 ? lines : lines.filter((line) => !isLock(line) || random(100) > 0);
}

test.each([
  ['with thread ids', true],
  ['merged without thread ids', false],
])('%s', (_name, ids) => {
  let answers = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const lines = withHoles(runModel(seed, faultsOf(seed)), seed);
    const single = told(lines, ids, false);
    expect(told(lines, ids, true), `seed ${seed}`).toEqual(single);
    answers += single.length;
  }
  expect(answers).toBeGreaterThan(SEEDS);
});

const SITES = [
  'system/cpus.c:587',
  'system/cpus.c:600',
  'system/cpus.c:620',
  'migration/migration.c:2864',
  'migration/ram.c:1',
  'util/main-loop.c:310',
  'accel/kvm/kvm-all.c:9',
  'hw/other.c:3',
];
const KINDS = ['waiting', 'taken', 'released'] as const;

/** Threads that lock, wait for each other at the same places and sleep; now and then a line that no QEMU prints there. */
function anyLines(seed: number): readonly ModelLine[] {
  const random = randomOf(seed);
  const noise = seed % 4;
  const lines: ModelLine[] = [];
  const oneOf = (sites: readonly string[]): string => sites[random(sites.length)] ?? '';
  while (lines.length < 900) {
    const [thread, other] = [random(3), random(3)];
    const site = oneOf(SITES);
    const unlock = { kind: 'released', thread, site: oneOf(SITES.slice(0, seed % 3 === 0 ? 2 : 1)) } as const;
    const turn = random(100);
    if (turn === 0) lines.push({ kind: 'stop', thread });
    else if (turn < 12) lines.push({ kind: 'query', thread, truth: 'free', final: false });
    else if (turn < 12 + noise) lines.push({ kind: KINDS[random(3)] ?? 'taken', thread, site });
    else if (turn < 40) lines.push({ kind: 'waiting', thread: other, site }, { kind: 'waiting', thread, site });
    else if (turn < 60) lines.push({ kind: 'taken', thread, site }, unlock);
    else if (turn < 70) lines.push({ kind: 'released', thread, site }, { kind: 'taken', thread, site });
    else lines.push({ kind: 'waiting', thread, site }, { kind: 'taken', thread, site }, unlock);
  }
  return lines;
}

test('any sequence of lines', () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const lines = anyLines(seed);
    expect(told(lines, false, true), `seed ${seed}`).toEqual(told(lines, false, false));
  }
});
