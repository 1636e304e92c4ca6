/** Judges by samples of query-migrate, taken while the log was written. */
import type { DirtyBytesSample } from '../../replay/answers.ts';
import type { Migration, Query } from '../../replay/run.ts';
import { type Judgement, pass, undecidable } from '../rule.ts';
import { notStored, sumOf } from './finding.ts';

/** Of a query that is remembered: those without a time stamp are not. */
function nsOf({ at }: Query): number {
  return at.ns ?? Number.NaN;
}

/** Queries remembered; a stale value that is older accuses nobody. */
const MEMORY = 8192;
/** As long as there are no samples: the first one may stand in the log itself. */
const MEMORY_WITHOUT_SAMPLES = 64;

export class SampleJudge {
  readonly #migration: Migration;
  #recent: Query[] = [];
  #next = 0;
  #agreed = 0;
  #finalAgreed = false;
  #violation: Judgement | undefined;
  /** By samples that do not tell whose migration they are about. */
  #unowned: Judgement | undefined;
  /** The first one that shows another total than the last query's, and accuses nobody. */
  #unexplained: DirtyBytesSample | undefined;
  #unstamped = false;
  /** The query behind which the first stale sample was taken. */
  #suspect: number | undefined;

  constructor(migration: Migration) {
    this.#migration = migration;
  }

  query(query: Query): void {
    const { ns } = query.at;
    if (ns === undefined) {
      this.#unstamped = true;
      return;
    }
    this.#judgeUntil(ns);
    this.#recent.push(query);
    const memory = this.#migration.samples.length > 0 ? MEMORY : MEMORY_WITHOUT_SAMPLES;
    if (this.#recent.length > 2 * memory) this.#recent = this.#recent.slice(-memory);
  }

  conclude(): Judgement {
    this.#judgeUntil(this.#migration.logEndNs ?? Number.NEGATIVE_INFINITY);
    if (this.#violation !== undefined) return this.#violation;
    // Only now all inputs are read, and it is known whether another process was a source.
    if (this.#unowned !== undefined && !this.#migration.samplesShared) return this.#unowned;
    if (this.#unstamped && this.#migration.samples.length > 0) {
      return undecidable('without time stamps the samples cannot be put between the queries', [
        'mig_dirty_bytes_total_update',
      ]);
    }
    if (this.#unexplained !== undefined) {
      const { field, dirtyBytes, place } = this.#unexplained;
      return undecidable(
        `query-migrate shows ${field} ${dirtyBytes} (line ${place.line} of the samples), not the total of the last query: a total that was not stored, or a query whose line is missing`,
        ['mig_dirty_bytes_total_update'],
      );
    }
    if (this.#agreed === 0) {
      return undecidable('no probe event and no sample of query-migrate shows dirty_bytes_total', [
        'mig_dirty_bytes_total_update',
        '--qmp',
      ]);
    }
    if (this.#finalAgreed || this.#migration.counts.final === 0) {
      return pass(`${this.#agreed} samples of query-migrate show the total of the last query`);
    }
    return undecidable(
      `${this.#agreed} samples of query-migrate agree, but none shows that the final query stored its total`,
      ['mig_dirty_bytes_total_update', '--qmp'],
    );
  }

  /** Every query up to `ns` is known: samples answered before it can be judged. */
  #judgeUntil(ns: number): void {
    const { samples } = this.#migration;
    for (;;) {
      const sample = samples[this.#next];
      if (sample === undefined || sample.toNs >= ns) return;
      this.#next += 1;
      this.#judge(sample);
    }
  }

  #judge(sample: DirtyBytesSample): void {
    if (this.#isAnothers(sample)) return;
    const before = this.#recent.findLast((query) => nsOf(query) < sample.fromNs);
    if (before === undefined) return;
    const possible = this.#recent.filter(
      (query) => query === before || (nsOf(query) >= sample.fromNs && nsOf(query) <= sample.toNs),
    );
    const match = possible.find((query) => [query.totalBytes, sumOf(query)].includes(sample.dirtyBytes));
    if (match !== undefined) {
      this.#agreed += 1;
      this.#noteFinal(match, possible);
      return;
    }
    const stale = this.#recent.findLast(
      (query) => query.index < before.index && query.totalBytes === sample.dirtyBytes,
    );
    this.#unexplained ??= sample;
    if (stale === undefined || this.#migration.hole !== undefined) return;
    const actual = `query-migrate shows ${sample.field} ${sample.dirtyBytes}, the total of an earlier query`;
    const accusation = notStored(before, actual, [stale.at.place, sample.place]);
    if (!this.#isCertain(before)) return;
    const owned = sample.started !== undefined || sample.place.input === before.at.place.input;
    if (owned) this.#violation ??= accusation;
    else this.#unowned ??= accusation;
  }

  /** A migration is under way where this one was over: another process answers. */
  #isAnothers({ underWay, fromNs }: DirtyBytesSample): boolean {
    const { outcome, states } = this.#migration;
    const endNs = outcome === 'completed' ? states.at(-1)?.at.ns : undefined;
    return underWay && endNs !== undefined && fromNs > endNs;
  }

  /**
   * One lost query line looks like one total that was not stored. Behind the
   * final query of precopy no other query can have been lost; elsewhere it
   * takes samples behind two different queries.
   */
  #isCertain(before: Query): boolean {
    if (before.final === true && this.#migration.kind !== 'postcopy') return true;
    this.#suspect ??= before.index;
    return this.#suspect !== before.index;
  }

  /** Only a total that differs from the one before shows that the final query stored it. */
  #noteFinal(match: Query, possible: readonly Query[]): void {
    if (match.final !== true || possible.some((query) => query.final !== true)) return;
    const previous = this.#recent.find((query) => query.index === match.index - 1);
    if (previous !== undefined && previous.totalBytes !== match.totalBytes) this.#finalAgreed = true;
  }
}
