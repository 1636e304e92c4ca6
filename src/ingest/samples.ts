/**
 * query-migrate samples: what the process itself said its pending bytes were.
 * `dirty_bytes_total` is the top-level `remaining` of QEMU 11.1, and
 * `dirty-bytes-total` of a QEMU patched to show it. `ram.remaining` is a live
 * counter of pages and something else.
 */
import { normalise, parseUint64, type Uint64 } from '../base/uint64.ts';
import { TERMINAL_STATES } from '../catalog/vocabulary.ts';
import { AttemptTimes, type StartTime } from './attempt-times.ts';
import type { Place } from './trace-item.ts';

/** Host times in seconds since 1970 around an answer, undefined where the log has none. */
export interface Answered {
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** undefined: the answer does not tell. */
  readonly started: StartTime | undefined;
  readonly place: Place;
}

/** What an answer says of the pending bytes. */
export interface MigrateSample extends Answered {
  readonly dirtyBytes: Uint64;
  readonly field: string;
  /** The answer's state is none that a migration ends in. */
  readonly underWay: boolean;
}

/** What else an answer says of the migration; fields it does not have are undefined. */
export interface MigrateAnswer extends Answered {
  readonly status: string;
  /** `ram.dirty-sync-count` */
  readonly dirtySyncCount: Uint64 | undefined;
  /** It has the field `downtime`. */
  readonly showsDowntime: boolean;
}

/** A downtime-limit, and when the process had it: host time in seconds since 1970. */
export interface LimitSample {
  readonly at: number;
  readonly ms: number;
  readonly place: Place;
}

type Json = { readonly [key: string]: unknown };

const FIELDS = ['dirty-bytes-total', 'remaining'] as const;
const MAX_SAMPLES = 1_000_000;
const MAX_ANSWERS = 100_000;
const MAX_LIMITS = 1000;

export class SampleLog {
  readonly samples: MigrateSample[] = [];
  readonly answers: MigrateAnswer[] = [];
  /** downtime-limit as it was set, or answered: where it changes. */
  readonly limits: LimitSample[] = [];
  /** Lines that are not JSON or not of a known form. */
  notUnderstood = 0;
  /** Requests of a QMP log whose answers are still to come, by side and id. */
  readonly #asked = new Map<string, number>();
  /** downtime-limits asked for, until the answer comes. */
  readonly #limitsAsked = new Map<string, unknown>();
  readonly #attempts = new AttemptTimes();

  /** Reads one line. `now` is the host time that the line itself carries, in seconds since 1970. */
  line(text: string, place: Place, now: number | undefined): void {
    const entry = parseObject(text);
    if (entry === undefined) {
      this.notUnderstood += 1;
      return;
    }
    if (isDestination(entry)) return;
    if (isObject(entry['r'])) this.#add(entry['r'], numberOf(entry['t0']), numberOf(entry['t1']), place);
    else if (isObject(entry['cmd'])) this.#command(entry, entry['cmd'], place);
    else if (isObject(entry['msg'])) this.#message(entry, entry['msg'], place);
    else this.#bare(entry, now, place);
  }

  /** `{"t","t1","who","cmd","return"}`: question and answer in one line. */
  #command(entry: Json, command: Json, place: Place): void {
    if (isObject(entry['return']))
      this.#limit(limitIn(command) ?? limitOf(entry['return']), numberOf(entry['t1']), place);
    if (command['execute'] !== 'query-migrate' || !isObject(entry['return'])) return;
    this.#add(entry['return'], numberOf(entry['t']), numberOf(entry['t1']), place, entry['who']);
  }

  /** `{"t","side","dir","msg"}`: a line each; the id ties them together. */
  #message(entry: Json, message: Json, place: Place): void {
    const time = numberOf(entry['t']);
    const key = `${String(entry['side'])} ${String(message['id'])}`;
    if (entry['dir'] === 'send') {
      const limit = limitIn(message);
      if (limit !== undefined) this.#limitsAsked.set(key, limit);
      if (message['execute'] === 'query-migrate' && time !== undefined) this.#asked.set(key, time);
      return;
    }
    if (isObject(message['return'])) {
      this.#limit(this.#limitsAsked.get(key) ?? limitOf(message['return']), time, place);
    }
    this.#limitsAsked.delete(key);
    const from = this.#asked.get(key);
    if (from === undefined || !isObject(message['return'])) return;
    this.#asked.delete(key);
    this.#add(message['return'], from, time, place, entry['side']);
  }

  /** A bare answer: only its own time is known, not when it was asked for. */
  #bare(entry: Json, now: number | undefined, place: Place): void {
    const answer = isObject(entry['return']) ? entry['return'] : entry;
    if (!('status' in answer)) return;
    const stamp = isObject(entry['timestamp']) ? stampOf(entry['timestamp']) : (numberOf(entry['timestamp']) ?? now);
    this.#add(answer, undefined, stamp, place);
  }

  #limit(value: unknown, at: number | undefined, place: Place): void {
    const ms = numberOf(value);
    if (ms === undefined || at === undefined || this.limits.at(-1)?.ms === ms) return;
    this.limits.push({ at, ms, place });
    if (this.limits.length > MAX_LIMITS) this.limits.shift();
  }

  #add(answer: Json, from: number | undefined, to: number | undefined, place: Place, who: unknown = ''): void {
    const status = typeof answer['status'] === 'string' ? answer['status'] : undefined;
    const totalMs = numberOf(answer['total-time']);
    const started = this.#attempts.note(`${place.input} ${String(who)}`, { status, totalMs, from, to });
    if (status !== undefined) this.#addAnswer(answer, status, { from, to, started, place });
    if (this.samples.length >= MAX_SAMPLES) return;
    const underWay = status !== undefined && !TERMINAL_STATES.has(status);
    for (const field of FIELDS) {
      const dirtyBytes = bytesOf(answer[field]);
      if (dirtyBytes === undefined) continue;
      this.samples.push({ from, to, dirtyBytes, field, underWay, started, place });
      return;
    }
  }

  #addAnswer(answer: Json, status: string, answered: Answered): void {
    if (this.answers.length >= MAX_ANSWERS) return;
    const ram = answer['ram'];
    const dirtySyncCount = isObject(ram) ? bytesOf(ram['dirty-sync-count']) : undefined;
    this.answers.push({ ...answered, status, dirtySyncCount, showsDowntime: 'downtime' in answer });
  }
}

function parseObject(text: string): Json | undefined {
  try {
    // Above 2^53 JSON.parse would round: such integers are read as strings. Text stays what it is.
    const exact = text.replace(/"(?:[^"\\]|\\.)*"|(?<![-+.\w])\d{16,20}(?![.\w])/g, (token) =>
      token.startsWith('"') ? token : `"${token}"`,
    );
    const value: unknown = JSON.parse(exact);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** downtime-limit in a command that sets it. */
function limitIn(command: Json): unknown {
  const given = command['arguments'];
  return command['execute'] === 'migrate-set-parameters' && isObject(given) ? limitOf(given) : undefined;
}

function limitOf(parameters: Json): unknown {
  return parameters['downtime-limit'];
}

function isDestination(entry: Json): boolean {
  return entry['who'] === 'dst' || entry['side'] === 'dst';
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** QMP's own time stamp. */
function stampOf(stamp: Json): number | undefined {
  const seconds = numberOf(stamp['seconds']);
  const micros = numberOf(stamp['microseconds']);
  return seconds === undefined || micros === undefined ? undefined : seconds + micros / 1e6;
}

function bytesOf(value: unknown): Uint64 | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value === 'bigint') return normalise(value);
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? parseUint64(value) : undefined;
}
