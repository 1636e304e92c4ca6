/**
 * A small model of a QEMU that migrates: threads that lock, unlock and wait on
 * conditions under one mutex, run in random order, printing what QEMU prints.
 * It knows who holds the lock at each query, which the log only shows.
 */

export type Truth = 'migration-thread' | 'another' | 'free';

export interface ModelLock {
  readonly kind: 'waiting' | 'taken' | 'released';
  readonly thread: number;
  readonly site: string;
}

export interface ModelQuery {
  readonly kind: 'query';
  readonly thread: number;
  readonly final: boolean;
  readonly truth: Truth;
}

export interface ModelStop {
  readonly kind: 'stop';
  readonly thread: number;
}

export type ModelLine = ModelLock | ModelQuery | ModelStop;

/** What a thread does next. `wait` gives the lock up and takes it again at the same place. */
type Step =
  | { readonly does: 'lock'; readonly site: string }
  | { readonly does: 'unlock' }
  | { readonly does: 'wait'; readonly site: string }
  | { readonly does: 'query'; readonly final: boolean }
  | { readonly does: 'stop' };

type Script = Generator<Step, void, void>;

export const MIGRATION = 1;
const UNLOCK = 'system/cpus.c:587';
const lock = (site: string): Step => ({ does: 'lock', site });
const wait = (site: string): Step => ({ does: 'wait', site });
const unlock: Step = { does: 'unlock' };
const query = (final: boolean): Step => ({ does: 'query', final });

/** What may be wrong with the run. */
export interface Faults {
  /** The lock is given up around the final query. */
  readonly finalWithout: boolean;
  /** Exact queries are made before the lock of their sync is released. */
  readonly exactWith: boolean;
}

/** Numbers below `n`, the same for the same seed. */
export function randomOf(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
  };
}

function* pauseAllVcpus(random: (n: number) => number): Script {
  for (let times = random(3); times > 0; times -= 1) yield wait('system/cpus.c:660');
  yield unlock;
  yield lock('system/cpus.c:669');
}

function* runOnCpus(random: (n: number) => number): Script {
  for (let times = random(3); times > 0; times -= 1) yield wait('cpu-common.c:164');
}

function* migrationThread(random: (n: number) => number, faults: Faults): Script {
  yield lock('migration/migration.c:3681');
  yield unlock;
  yield lock('migration/ram.c:3198');
  yield unlock;
  for (let round = 2 + random(4); round > 0; round -= 1) {
    yield query(false);
    yield lock('migration/ram.c:3450');
    if (faults.exactWith) yield query(false);
    yield unlock;
    if (!faults.exactWith) yield query(false);
  }
  yield lock('migration/migration.c:2864');
  yield { does: 'stop' };
  yield* pauseAllVcpus(random);
  yield* runOnCpus(random);
  if (faults.finalWithout) yield unlock;
  yield query(true);
  if (faults.finalWithout) yield lock('migration/migration.c:3006');
  yield* runOnCpus(random);
  yield unlock;
  yield lock('migration/migration.c:3209');
  yield unlock;
  yield lock('migration/migration.c:3459');
  yield unlock;
}

function* mainThread(random: (n: number) => number): Script {
  for (;;) {
    yield lock('util/main-loop.c:313');
    if (random(20) === 0) yield wait('cpu-common.c:164');
    yield unlock;
  }
}

function* vcpu(random: (n: number) => number): Script {
  for (;;) {
    yield lock(random(2) === 0 ? 'accel/kvm/kvm-all.c:3627' : 'system/physmem.c:3193');
    while (random(2) === 0) yield wait('system/cpus.c:474');
    yield unlock;
  }
}

function* elsewhere(site: string): Script {
  for (;;) {
    yield lock(site);
    yield unlock;
  }
}

interface Thread {
  readonly id: number;
  readonly script: Script;
  /** A lock to be taken before it goes on. */
  wants: string | undefined;
}

/** The log of one run, from its first line to the end of the migration thread. */
export function runModel(seed: number, faults: Faults): readonly ModelLine[] {
  const random = randomOf(seed);
  const scripts: readonly Script[] = [
    mainThread(random),
    vcpu(random),
    vcpu(random),
    elsewhere('util/rcu.c:309'),
    elsewhere(random(2) === 0 ? 'hw/vfio/migration.c:11' : 'util/rcu.c:309'),
  ];
  const others = scripts.slice(0, 1 + random(scripts.length)).map(
    (script, index): Thread => ({
      id: MIGRATION + 1 + index,
      script,
      wants: undefined,
    }),
  );
  const migration: Thread = { id: MIGRATION, script: migrationThread(random, faults), wants: undefined };
  return new Model(random).run(migration, others);
}

class Model {
  readonly #random: (n: number) => number;
  readonly #lines: ModelLine[] = [];
  #holder: number | undefined;

  constructor(random: (n: number) => number) {
    this.#random = random;
  }

  run(migration: Thread, others: readonly Thread[]): readonly ModelLine[] {
    for (let turns = 10 + this.#random(40); turns > 0; turns -= 1) this.#turn(this.#pick(others));
    for (let ended = false; !ended; ) {
      const others_ = this.#random(3) > 0 && others.length > 0;
      ended = this.#turn(others_ ? this.#pick(others) : migration);
    }
    return this.#lines;
  }

  #pick(threads: readonly Thread[]): Thread {
    const picked = threads[this.#random(threads.length)];
    if (picked === undefined) throw new Error('no thread');
    return picked;
  }

  /** True when the thread is at its end. */
  #turn(thread: Thread): boolean {
    const { id, wants } = thread;
    if (wants !== undefined) {
      if (this.#holder !== undefined) return false;
      this.#holder = id;
      thread.wants = undefined;
      this.#lines.push({ kind: 'taken', thread: id, site: wants });
      return false;
    }
    const { value, done } = thread.script.next();
    if (done === true) return true;
    this.#do(thread, value);
    return false;
  }

  #do(thread: Thread, step: Step): void {
    const { id } = thread;
    switch (step.does) {
      case 'lock':
        this.#lines.push({ kind: 'waiting', thread: id, site: step.site });
        thread.wants = step.site;
        return;
      case 'unlock':
      case 'wait': {
        const site = step.does === 'wait' ? step.site : UNLOCK;
        this.#lines.push({ kind: 'released', thread: id, site });
        this.#holder = undefined;
        if (step.does === 'wait') thread.wants = step.site;
        return;
      }
      case 'query':
        this.#lines.push({ kind: 'query', thread: id, final: step.final, truth: this.#truth() });
        return;
      case 'stop':
        this.#lines.push({ kind: 'stop', thread: id });
        return;
    }
  }

  #truth(): Truth {
    if (this.#holder === undefined) return 'free';
    return this.#holder === MIGRATION ? 'migration-thread' : 'another';
  }
}
