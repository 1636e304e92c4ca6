/**
 * Tells from the recorded queries when a run would have switched over with
 * another downtime limit or bandwidth. Only the threshold is changed: the
 * pending bytes are those of the recorded run. A switchover is proven by an
 * exact query; an estimate under the new threshold only shows that an exact one
 * would have been asked for there.
 */

import { plural } from '../base/text.ts';
import { formatBytes, formatDuration, formatSeconds } from '../base/units.ts';
import { readTransfer, type TransferSample } from '../catalog/transfer.ts';
import type { EventItem, Place } from '../ingest/trace-item.ts';
import type { Migration, Query } from '../replay/run.ts';
import type { ReplaySink } from '../replay/sink.ts';
import { isExact } from './exact-query.ts';

/** What is asked; undefined means as recorded. */
export interface Question {
  readonly downtimeLimitMs: number | undefined;
  readonly bandwidthBytesPerMs: number | undefined;
}

/** A query, and what was in force at it. */
interface Point {
  readonly place: Place;
  readonly ns: number | undefined;
  readonly totalBytes: number;
  /** The last window of the channel before it, and so the threshold. */
  readonly transfer: TransferSample | undefined;
  /** Exact queries up to and with this one. */
  readonly iteration: number;
}

export class WhatIf implements ReplaySink {
  readonly #write: (line: string) => void;
  readonly #nameOf: (input: number) => string;
  readonly #question: Question;
  #run = new Run();

  constructor(question: Question, write: (line: string) => void, nameOf: (input: number) => string) {
    this.#question = question;
    this.#write = write;
    this.#nameOf = nameOf;
  }

  migrationBegins(): void {
    this.#run = new Run();
  }

  event({ event }: EventItem, migration: Migration | undefined): void {
    if (migration === undefined) return;
    if (event.name === 'migrate_transferred') this.#run.transfer = readTransfer(event.args);
    if (event.name === 'migration_thread_low_pending' || event.name === 'postcopy_start') this.#run.decide();
  }

  queryMade(query: Query): void {
    this.#run.query(query, this.#question);
  }

  migrationEnds({ index, kind, outcome }: Migration): void {
    this.#write(`What if: ${describe(this.#question)}`);
    this.#write(`  migration ${index} (${kind}, ${outcome})`);
    for (const line of answer(this.#run, this.#question, this.#nameOf)) this.#write(`    ${line}`);
    this.#write('');
  }
}

/** What one migration has shown so far. */
class Run {
  transfer: TransferSample | undefined;
  /** The query before the decision of the recorded run. */
  decided: Point | undefined;
  /** The first exact query under the asked threshold. */
  proven: Point | undefined;
  /** The first estimate under it that no exact query follows. */
  possible: Point | undefined;
  /** The exact query that would need the smallest threshold. */
  least: Point | undefined;
  iterations = 0;
  #last: Point | undefined;
  #estimate: Point | undefined;
  #over = false;

  decide(): void {
    if (!this.#over) this.decided = this.#last;
    this.#over = true;
  }

  query(query: Query, question: Question): void {
    if (this.#over || query.inPostcopy || query.final === true) return;
    const exact = isExact(query);
    if (exact) this.iterations += 1;
    const point = this.#pointOf(query);
    this.#last = point;
    if (exact) this.#exact(point, question);
    else this.#estimated(point, question);
  }

  #exact(point: Point, question: Question): void {
    this.#estimate = undefined;
    if (this.least === undefined || point.totalBytes < this.least.totalBytes) this.least = point;
    if (this.proven === undefined && point.totalBytes <= thresholdFor(point, question)) this.proven = point;
  }

  /** An estimate counts when the query behind it is no exact one: then nobody asked. */
  #estimated(point: Point, question: Question): void {
    this.possible ??= this.#estimate;
    const under = point.transfer !== undefined && point.totalBytes <= thresholdFor(point, question);
    this.#estimate = under ? point : undefined;
  }

  #pointOf({ at, totalBytes }: Query): Point {
    return {
      place: at.place,
      ns: at.ns,
      totalBytes: Number(totalBytes),
      transfer: this.transfer,
      iteration: this.iterations,
    };
  }
}

/** The threshold is bandwidth times downtime limit; before the first migrate_transferred it is 0, whatever is asked. */
function thresholdFor({ transfer }: Point, question: Question): number {
  const limitMs = question.downtimeLimitMs ?? transfer?.limitMs?.low;
  if (transfer === undefined || limitMs === undefined) return 0;
  return Math.floor((question.bandwidthBytesPerMs ?? transfer.switchoverBytesPerMs.low) * limitMs);
}

function describe({ downtimeLimitMs, bandwidthBytesPerMs }: Question): string {
  const limit = downtimeLimitMs === undefined ? 'downtime-limit as recorded' : `downtime-limit ${downtimeLimitMs} ms`;
  const bandwidth =
    bandwidthBytesPerMs === undefined
      ? 'bandwidth as recorded'
      : `bandwidth ${formatBytes(Math.round(bandwidthBytesPerMs * 1000))}/s`;
  return `${limit}, ${bandwidth}`;
}

function answer(run: Run, question: Question, nameOf: (input: number) => string): readonly string[] {
  const place = ({ place: { input, line } }: Point): string => `${nameOf(input)}:${line}`;
  if (run.iterations === 0 && run.possible === undefined) return ['the log shows no query that could decide'];
  return [
    run.decided === undefined ? 'recorded: no switchover' : `recorded: ${switchover(run.decided, place)}`,
    ...would(run, question, place),
    ...possibly(run, question, place),
    ...needed(run, question, place),
  ];
}

function switchover(point: Point, place: (point: Point) => string): string {
  const { transfer } = point;
  const threshold = transfer === undefined ? 'no threshold yet' : `threshold ${formatBytes(transfer.maxSizeBytes)}`;
  return `decided at ${timeOf(point)}${place(point)} with ${formatBytes(point.totalBytes)} pending, ${threshold}`;
}

function timeOf({ ns }: Point): string {
  return ns === undefined ? '' : `${formatSeconds(ns)} s, `;
}

function would(run: Run, question: Question, place: (point: Point) => string): readonly string[] {
  const { proven, decided } = run;
  if (proven === undefined) {
    return [
      decided === undefined
        ? 'what if:  no recorded exact query lies under the threshold: no switchover'
        : 'what if:  goes on where the recorded run switched over; the log does not show for how long',
    ];
  }
  const threshold = formatBytes(thresholdFor(proven, question));
  const line = `what if:  decides at ${timeOf(proven)}${place(proven)} with ${formatBytes(proven.totalBytes)} pending, threshold ${threshold}`;
  return [line, `          ${compared(proven, decided)}${sending(proven, question)}`];
}

function compared(proven: Point, decided: Point | undefined): string {
  if (decided === undefined) return 'the recorded run did not switch over';
  const rounds = decided.iteration - proven.iteration;
  if (proven.place === decided.place) return 'where the recorded run did';
  const time =
    decided.ns === undefined || proven.ns === undefined ? '' : `${formatDuration(decided.ns - proven.ns)} and `;
  return `${time}${plural(rounds, 'iteration')} before the recorded run`;
}

function sending(point: Point, question: Question): string {
  const bandwidth = question.bandwidthBytesPerMs ?? point.transfer?.switchoverBytesPerMs.low ?? 0;
  if (bandwidth === 0) return '';
  return `; sending the rest takes ${formatDuration((point.totalBytes / bandwidth) * 1e6)}`;
}

function possibly({ possible, proven }: Run, question: Question, place: (point: Point) => string): readonly string[] {
  if (possible === undefined || (proven !== undefined && possible.iteration >= proven.iteration)) return [];
  const total = formatBytes(possible.totalBytes);
  return [
    `possibly: from ${timeOf(possible)}${place(possible)} on: the estimate ${total} lies under the threshold ${formatBytes(thresholdFor(possible, question))},`,
    '          but the recorded run asked for no exact query there',
  ];
}

/** The smallest limit at which one of the recorded exact queries would have switched over. */
function needed({ least }: Run, question: Question, place: (point: Point) => string): readonly string[] {
  const bandwidth = question.bandwidthBytesPerMs ?? least?.transfer?.switchoverBytesPerMs.low ?? 0;
  if (least === undefined || bandwidth === 0) return [];
  const limitMs = Math.ceil(least.totalBytes / bandwidth);
  const rate = `${formatBytes(Math.round(bandwidth * 1000))}/s`;
  return [
    `at least: a downtime-limit of ${limitMs} ms at ${rate}, for the least exact total ${formatBytes(least.totalBytes)} (${place(least)})`,
  ];
}
