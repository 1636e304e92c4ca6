/**
 * The line of one event at one place of the code, as bytes with its prefix: in
 * a long log most lines repeat the one before, but for the microseconds.
 */
import type { ArgValues } from '../../catalog/declaration.ts';
import type { EventPrinter } from '../emission.ts';
import type { ByteLog } from './byte-log.ts';
import type { QueuedLine } from './line-queue.ts';
import { isoSecond, PREFIX_BYTES, type Prefix, secondPrefix } from './prefix.ts';
import type { EventText } from './printf.ts';

/** What all lines of a log share. */
export interface LineForm {
  readonly prefix: Prefix;
  logOf(thread: number): ByteLog;
}

const SECOND_NS = 1e9;
const MICROSECOND_NS = 1_000;
const NOWHERE = -1;

export class StampedLine implements EventPrinter, QueuedLine {
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;
  microsAt = NOWHERE;
  readonly #form: LineForm;
  readonly #text: EventText;
  #args: ArgValues | undefined;
  #prefixBytes = 0;
  /** Whose prefix it has, and of which second; NaN: of none yet. */
  #thread = 0;
  #secondNs = Number.NaN;
  #log: ByteLog | undefined;

  /** The text has PREFIX_BYTES of room before it. */
  constructor(form: LineForm, text: EventText) {
    this.#form = form;
    this.#text = text;
  }

  print(timeNs: number, thread: number, args: ArgValues): void {
    if (args !== this.#args) this.#take(args);
    const sinceNs = timeNs - this.#secondNs;
    const log = this.#log;
    if (log !== undefined && thread === this.#thread && sinceNs >= MICROSECOND_NS && sinceNs < SECOND_NS)
      log.line(this, (sinceNs / MICROSECOND_NS) | 0);
    else this.#begin(timeNs, thread);
  }

  #take(args: ArgValues): void {
    this.#args = args;
    if (this.#text.holds(args)) return;
    this.#log?.settle();
    if (this.#text.put(args)) this.#view();
  }

  #view(): void {
    this.bytes = this.#text.from(PREFIX_BYTES - this.#prefixBytes);
    this.length = this.bytes.length;
  }

  /** A line of another thread or second, or one without either. */
  #begin(timeNs: number, thread: number): void {
    const log = this.#form.logOf(thread);
    const { prefix } = this.#form;
    if (log !== this.#log || prefix !== 'none') this.#log?.settle();
    const micros = Math.floor(timeNs / MICROSECOND_NS);
    const seconds = Math.floor(micros / 1e6);
    const sinceMicros = micros - seconds * 1e6;
    if (prefix === 'iso' && sinceMicros === 0) {
      log.put(isoSecond(seconds));
      log.put(this.bytes.subarray(this.#prefixBytes));
      return;
    }
    if (prefix !== 'none') {
      this.#layPrefix(prefix, seconds, thread);
      this.#thread = thread;
      this.#secondNs = seconds * SECOND_NS;
    }
    this.#log = log;
    log.line(this, sinceMicros);
  }

  #layPrefix(prefix: 'iso' | 'tid', seconds: number, thread: number): void {
    const { bytes, microsAt } = secondPrefix(prefix, seconds, thread);
    this.#prefixBytes = bytes.length;
    this.microsAt = microsAt;
    this.#view();
    this.bytes.set(bytes);
  }
}
