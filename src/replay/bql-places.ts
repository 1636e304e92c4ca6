/**
 * What a place in QEMU's source tells of the BQL: which mutex it is, whose
 * thread prints there, and how a `released` there is meant. Places are matched
 * by the end of their path: what stands before it differs per build.
 */
import type { LockItem, LockText } from '../ingest/trace-item.ts';
import type { ReleaseSite, Whose } from './bql-chain.ts';

/** Files of the migration thread that lock the BQL. dirtyrate.c, for one, has a thread of its own. */
const MIGRATION_FILES = /(?:^|\/)migration\/(?:migration|ram|colo|savevm|block-dirty-bitmap|block)\.c$/;
const CPUS_FILE = /(?:^|\/)(?:system|softmmu)\/cpus\.c$/;
const MAIN_LOOP_FILE = /(?:^|\/)util\/main-loop\.c$/;
/** Main loop, RCU, vCPUs, and what serves users beside them. */
const OTHER_FILES =
  /(?:^|\/)(?:(?:ui|audio|chardev|monitor)\/[\w-]+\.c|util\/main-loop\.c|util\/rcu\.c|accel\/(?:dummy-cpus|(?:kvm|tcg|hvf|xen|qtest|mshv)\/[\w-]+)\.c|(?:system|softmmu)\/physmem\.c|(?:system|softmmu|migration)\/cpu-throttle\.c|migration\/dirtyrate\.c)$/;

const MAX_MUTEXES = 16;
const MAX_SITES = 50_000;
/** So many releases at one place of cpus.c, and none taken there: it is bql_unlock(). */
const CERTAIN_RELEASES = 8;

/** What the name of a file tells. */
interface FileFacts {
  readonly inCpus: boolean;
  readonly inMainLoop: boolean;
  readonly inMigration: boolean;
  readonly whose: Whose;
}

const FILES = new Map<string, FileFacts>();
const MAX_FILES = 4096;

/** Each name is looked at once: a log has few, and millions of lines. */
function factsOf(file: string): FileFacts {
  const known = FILES.get(file);
  if (known !== undefined) return known;
  const inMigration = MIGRATION_FILES.test(file);
  const facts: FileFacts = {
    inCpus: CPUS_FILE.test(file),
    inMainLoop: MAIN_LOOP_FILE.test(file),
    inMigration,
    whose: inMigration ? 'own' : OTHER_FILES.test(file) ? 'another' : 'either',
  };
  if (FILES.size >= MAX_FILES) FILES.clear();
  FILES.set(file, facts);
  return facts;
}

/**
 * Which mutex is the BQL: the one that bql_unlock() releases in cpus.c. Where
 * several are released there, the one that the main loop takes. Two of these
 * are two processes, and then it is none.
 */
export class BqlMutex {
  readonly #released = new Set<string>();
  readonly #byMainLoop = new Set<string>();
  /** One of which no line tells anything new. */
  #settled: string | undefined;

  get id(): string | undefined {
    const [first, ...more] = this.#released;
    if (more.length === 0) return first;
    const [taken, ...others] = [...this.#released].filter((mutex) => this.#byMainLoop.has(mutex));
    return others.length === 0 ? taken : undefined;
  }

  /** True when this line may have changed which one it is. */
  see({ operation, mutex, file }: LockItem): boolean {
    if (operation === 'waiting' || mutex === this.#settled) return false;
    const facts = factsOf(file);
    const [seen, isThere] =
      operation === 'released' ? [this.#released, facts.inCpus] : [this.#byMainLoop, facts.inMainLoop];
    const isNew = isThere && !seen.has(mutex) && add(seen, mutex);
    if (this.#released.has(mutex) && this.#byMainLoop.has(mutex)) this.#settled = mutex;
    return isNew;
  }
}

function add(mutexes: Set<string>, mutex: string): boolean {
  if (mutexes.size < MAX_MUTEXES) mutexes.add(mutex);
  return true;
}

const WAIT: ReleaseSite = { unlock: undefined, wait: 0 };
const LIKELY_WAIT: ReleaseSite = { unlock: 1, wait: 0 };
const LIKELY_UNLOCK: ReleaseSite = { unlock: 0, wait: 1 };
const UNLOCK: ReleaseSite = { unlock: 0, wait: undefined };

export interface Site {
  /** From 1. */
  readonly id: number;
  readonly whose: Whose;
  readonly inCpus: boolean;
  readonly inMigration: boolean;
  releases: number;
  /** Such lines were seen there. */
  waiting: boolean;
  taken: boolean;
  released: boolean;
  /** Threads that wait or sleep there, as far as their lines show. */
  present: number;
}

/** The places of one BQL, each looked at once. */
export class BqlSites {
  readonly #sites = new Map<string, Site>();
  /** The place in cpus.c with the most releases and nothing taken: bql_unlock(). */
  #unlock: Site | undefined;
  /** Counts whenever a place may tell something new. */
  version = 0;

  see({ operation, site: name, file }: LockText): Site {
    const site = this.#site(name, file);
    if (!site[operation]) {
      site[operation] = true;
      this.version += 1;
      if (operation === 'taken' && this.#unlock === site) this.#unlock = this.#mostReleased();
    }
    if (operation === 'released' && site.inCpus) this.#releasedInCpus(site);
    return site;
  }

  /** The line says nothing that was not seen before at its place; `repeat` is enough for it. */
  isRepeated(site: Site, { operation }: LockText): boolean {
    if (!site[operation]) return false;
    if (operation !== 'released' || !site.inCpus || site.taken) return true;
    return site === this.#unlock && site.releases >= CERTAIN_RELEASES;
  }

  repeat(site: Site, { operation }: LockText): void {
    if (operation === 'released' && site.inCpus) site.releases += 1;
  }

  find({ site }: LockText): Site | undefined {
    return this.#sites.get(site);
  }

  /** After the line was looked at: somebody came to this place, or left it. */
  count(site: Site, { operation }: LockText): void {
    if (operation !== 'taken') site.present += 1;
    else if (site.present > 0) site.present -= 1;
  }

  /** Places where the lock is taken are none where a thread sleeps, and the other way round. */
  neverAt({ released, waiting }: Site): 'lock' | 'wait' | undefined {
    if (released === waiting) return undefined;
    return released ? 'lock' : 'wait';
  }

  releaseAt(site: Site): ReleaseSite {
    if (!site.inCpus || site.taken) return WAIT;
    const certain = (this.#unlock?.releases ?? 0) >= CERTAIN_RELEASES;
    if (site === this.#unlock) return certain ? UNLOCK : LIKELY_UNLOCK;
    return certain ? WAIT : LIKELY_WAIT;
  }

  #site(name: string, file: string): Site {
    const known = this.#sites.get(name);
    if (known !== undefined) return known;
    if (this.#sites.size > MAX_SITES) this.#sites.clear();
    this.version += 1;
    const { whose, inCpus, inMigration } = factsOf(file);
    const site = {
      id: this.#sites.size + 1,
      whose,
      inCpus,
      inMigration,
      releases: 0,
      waiting: false,
      taken: false,
      released: false,
      present: 0,
    };
    this.#sites.set(name, site);
    return site;
  }

  #releasedInCpus(site: Site): void {
    site.releases += 1;
    const most = this.#unlock?.releases ?? 0;
    if (!site.taken && this.#unlock !== site && site.releases > most) {
      this.#unlock = site;
      this.version += 1;
    }
    if (site === this.#unlock && site.releases === CERTAIN_RELEASES) this.version += 1;
  }

  #mostReleased(): Site | undefined {
    let most: Site | undefined;
    for (const site of this.#sites.values()) {
      if (site.inCpus && !site.taken && site.releases > (most?.releases ?? 0)) most = site;
    }
    return most;
  }
}
