/**
 * Finds out that the log has lost lines of syncs, whether they were switched
 * off in the midst of the run or written over: a probe that shows a sync, or
 * an answer of query-migrate that counts more syncs than the log shows.
 */
import { SILENT_NS } from '../catalog/silence.ts';
import type { Band } from '../catalog/vocabulary.ts';
import type { Place } from '../ingest/trace-item.ts';
import type { StatusAnswer } from './answers.ts';
import type { LostSync, Query, QueryProbes } from './run.ts';

/** What the answers are compared with. */
interface SyncsSeen {
  readonly band: Band | undefined;
  readonly startSeen: boolean;
  readonly answers: readonly StatusAnswer[];
  /** So many syncs of this migration are in the log so far. */
  readonly syncCount: number;
}

export class LostSyncs {
  #byProbe: LostSync | undefined;
  #byAnswer: LostSync | undefined;
  /** The answers before this one were looked at. */
  #nextAnswer = 0;

  /** The first that was found; a probe proves more than a count. */
  get first(): LostSync | undefined {
    return this.#byProbe ?? this.#byAnswer;
  }

  query({ syncs, probes }: Query): void {
    if (syncs.length === 0) this.#byProbe ??= lostByProbe(probes);
  }

  /** The probe inside a sync, and no line shows that one began. */
  stage(place: Place): void {
    this.#byProbe ??= { place, shownBy: 'probe', how: 'migration_bitmap_sync_stage shows a sync' };
  }

  /** A sync begins at `ns`: what was answered before counts none but those seen. */
  syncBegins(ns: number | undefined, seen: SyncsSeen): void {
    if (ns !== undefined) this.#answers(seen, ({ toNs }) => toNs < ns);
  }

  /** The migration is over, and the log shows nothing more of it behind `logEndNs`. */
  finish(logEndNs: number | undefined, seen: SyncsSeen): void {
    if (logEndNs === undefined) return;
    this.#answers(seen, ({ status, toNs }) => toNs <= logEndNs || isLastOf(status, toNs - logEndNs));
  }

  #answers(seen: SyncsSeen, isBefore: (answer: StatusAnswer) => boolean): void {
    const { answers, syncCount } = seen;
    for (let answer = answers[this.#nextAnswer]; answer !== undefined; answer = answers[this.#nextAnswer]) {
      if (!isBefore(answer)) return;
      this.#nextAnswer += 1;
      if (this.#byAnswer === undefined && countsSyncs(seen)) this.#byAnswer = lostByAnswer(answer, syncCount);
    }
  }
}

/** 11.1 counts exact queries, whether they synced or not; and a log that begins late lacks the first syncs. */
function countsSyncs({ band, startSeen }: SyncsSeen): boolean {
  return startSeen && band !== undefined && band !== '11.1';
}

/** The log of a finished migration ends before the one who asks can know that it did. */
function isLastOf(status: string, sinceNs: number): boolean {
  return status === 'completed' && sinceNs < SILENT_NS;
}

function lostByAnswer({ dirtySyncCount, fromNs, place }: StatusAnswer, syncCount: number): LostSync | undefined {
  if (dirtySyncCount === undefined || fromNs < 0 || dirtySyncCount <= syncCount) return undefined;
  return { place, shownBy: 'answer', how: `query-migrate counts ${dirtySyncCount} syncs, the log shows ${syncCount}` };
}

function lostByProbe({ pendingSync }: QueryProbes): LostSync | undefined {
  if (pendingSync?.sync !== true) return undefined;
  return { place: pendingSync.at.place, shownBy: 'probe', how: 'ram_state_pending_sync says sync=1' };
}
