/** Judges by the probe event mig_dirty_bytes_total_update. */
import type { Uint64 } from '../../base/uint64.ts';
import type { Migration, Query } from '../../replay/run.ts';
import { type Judgement, pass, undecidable } from '../rule.ts';
import { notStored, sumOf } from './finding.ts';

type Update = NonNullable<Query['probes']['dirtyBytesUpdate']>;

export class UpdateJudge {
  readonly #migration: Migration;
  #last: Update | undefined;
  /** A query without its update: the next update's `old` tells whether only the line was lost. */
  #missing: Query | undefined;
  /** The last query before the first update: only the `old` of that one tells of it. */
  #unshown: Query | undefined;
  #passed = false;

  constructor(migration: Migration) {
    this.#migration = migration;
  }

  query(query: Query): Judgement | undefined {
    const update = query.probes.dirtyBytesUpdate;
    if (update === undefined) {
      if (this.#last === undefined) this.#unshown = query;
      else if (!query.hole) this.#missing = query;
      return undefined;
    }
    const doubt = this.#last === undefined ? this.#settleUnshown(update, query) : this.#settleMissing(update);
    this.#last = update;
    // Where the line's own total is wrong, the sum of its parts may be what is stored: total-not-sum has that.
    if (update.new === query.totalBytes || update.new === sumOf(query)) {
      this.#passed = true;
      return doubt;
    }
    const stored = `mig_dirty_bytes_total_update stores ${update.new}`;
    return notStored(query, stored, [update.at.place]);
  }

  conclude(): Judgement | undefined {
    const missing = this.#missing;
    if (missing !== undefined) return missing.final === true ? this.#accuse(missing) : lineLost(missing);
    if (this.#passed) return pass('every query stored its total, as the probe shows');
    if (!this.#migration.saw('mig_dirty_bytes_total_update')) return undefined;
    return undecidable('the probe was switched on too late', ['mig_dirty_bytes_total_update']);
  }

  /** A probe that was switched on late prints what the query before it stored, all the same. */
  #settleUnshown({ old, at }: Update, { hole }: Query): Judgement | undefined {
    const before = this.#unshown;
    if (before === undefined) return undefined;
    if (hole || before.hole || old === before.totalBytes || old === sumOf(before)) return unseen(before);
    return notStored(before, `the next mig_dirty_bytes_total_update finds dirty_bytes_total at ${old}`, [at.place]);
  }

  #settleMissing(next: Update): Judgement | undefined {
    const missing = this.#missing;
    const last = this.#last;
    this.#missing = undefined;
    if (missing === undefined || last === undefined) return undefined;
    const unchanged = next.old === last.new;
    const wasTheSame = missing.totalBytes === last.new || sumOf(missing) === last.new;
    if (unchanged && (!wasTheSame || missing.final === true)) return this.#accuse(missing);
    return lineLost(missing);
  }

  #accuse(query: Query): Judgement {
    const kept: Uint64 | undefined = this.#last?.new;
    const actual = `no mig_dirty_bytes_total_update comes with this query; dirty_bytes_total stays ${kept}`;
    return notStored(query, actual, this.#last === undefined ? [] : [this.#last.at.place]);
  }
}

function lineLost(query: Query): Judgement {
  return undecidable(
    `the update that belongs to the query at line ${query.at.place.line} is missing, but nothing shows that its total was not stored`,
    ['mig_dirty_bytes_total_update'],
  );
}

function unseen({ at }: Query): Judgement {
  return undecidable(
    `up to the query at line ${at.place.line} no update was printed: nothing shows what these queries stored`,
    ['mig_dirty_bytes_total_update'],
  );
}
