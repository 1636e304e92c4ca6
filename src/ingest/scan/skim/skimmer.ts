/**
 * Passes over the lines of a large log that are only counted, by a WebAssembly module that knows their texts by heart.
 * Where there is none, or it stops, lines are read one by one, as they always can be.
 */
import * as layout from './layout.ts';
import { instantiate } from './module.ts';

const SHORTEST_TEXT = 8;
const WORD_BYTES = 4;
const ENTRY_WORDS = layout.ENTRY_BYTES / WORD_BYTES;
const LOCK_WORDS = layout.LOCK_BYTES / WORD_BYTES;

/** What becomes of lines with a text. */
export type TextKind = 'unknown' | 'counted' | 'followed' | 'name';

const KINDS: Readonly<Record<TextKind, number>> = {
  unknown: layout.KIND_UNKNOWN,
  counted: layout.KIND_COUNTED,
  followed: layout.KIND_FOLLOWED,
  name: layout.KIND_NAME,
};

/** Forms of a log whose lines can be passed over. */
export type SkimForm = 'iso' | 'tid';
const FORMS: Readonly<Record<SkimForm, number>> = { iso: layout.FORM_ISO, tid: layout.FORM_TID };

const wordAt = (byte: number): number => byte / WORD_BYTES;

export class Skimmer {
  readonly #module: NonNullable<ReturnType<typeof instantiate>>;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #state: Int32Array;
  /** By counter. */
  readonly #names: string[] = [];
  readonly #counters = new Map<string, number>();
  /** The first entry is none. */
  #entries = 1;
  #textsEnd = layout.TEXTS_AT;
  /** Where the lines are to be read into, from its beginning. */
  readonly memory: ArrayBuffer;

  private constructor(module: NonNullable<ReturnType<typeof instantiate>>) {
    this.#module = module;
    this.memory = module.memory.buffer;
    this.#bytes = new Uint8Array(this.memory);
    this.#words = new Int32Array(this.memory);
    this.#state = new Int32Array(this.memory, layout.STATE_AT, layout.STATE_WORDS);
  }

  /** undefined where this installation has no such module, or this Node.js can't run it. */
  static create(): Skimmer | undefined {
    const module = instantiate();
    return module && new Skimmer(module);
  }

  /**
   * Learns the text in [at, at + length), which counts as `name`: a whole line with its line end, or the name of an
   * event with the space behind it. Its entry, 0 where there is no room: such lines will be read one by one.
   */
  learn(at: number, length: number, name: string, kind: TextKind): number {
    const padded = Math.ceil(length / layout.BLOCK) * layout.BLOCK;
    if (length < SHORTEST_TEXT || length > layout.LONGEST_TEXT || this.#entries >= layout.MAX_ENTRIES) return 0;
    if (this.#textsEnd + padded > layout.TEXTS_AT + layout.TEXTS_BYTES) return 0;
    const text = this.#textsEnd;
    this.#textsEnd += padded;
    this.#bytes.copyWithin(text, at, at + length);
    const entry = layout.ENTRIES_AT + this.#entries * layout.ENTRY_BYTES;
    this.#entries += 1;
    const bucket = wordAt(this.#module.bucketOf(at, length));
    const first = wordAt(entry);
    this.#words[first + layout.NEXT_IN_BUCKET] = this.#words[bucket] ?? 0;
    this.#words[first + layout.TEXT_AT] = text;
    this.#words[first + layout.TEXT_BYTES] = length;
    this.#words[first + layout.COUNTER] = this.#counterOf(name);
    this.#words[bucket] = entry;
    this.become(entry, kind);
    return entry;
  }

  /** From now on, lines with the text of this entry are of this kind. */
  become(entry: number, kind: TextKind): void {
    if (entry > 0) this.#words[wordAt(entry) + layout.KIND] = KINDS[kind];
  }

  /** All lines of mutex events are to be read one by one again. */
  forgetLocks(): void {
    for (let index = 1; index < this.#entries; index += 1) {
      const kind = wordAt(layout.ENTRIES_AT) + index * ENTRY_WORDS + layout.KIND;
      if (this.#words[kind] !== layout.KIND_NAME) this.#words[kind] = layout.KIND_UNKNOWN;
    }
  }

  /** Lines begin with these bytes from now on, in the form of `iso`. */
  learnMinute(at: number): void {
    this.#bytes.copyWithin(layout.STATE_AT + layout.MINUTE * WORD_BYTES, at, at + layout.BLOCK);
  }

  /**
   * Passes lines from `start` on; where it came, at the beginning of a line. What it passed is told by the members
   * below, until the next call. Their times are microseconds behind `baseSeconds` (of the minute, or near the last
   * line), none before `lastMicros`.
   */
  skim(form: SkimForm, baseSeconds: number, lastMicros: number, start: number, filled: number): number {
    const state = this.#state;
    this.#clearCounters();
    state[layout.FORM] = FORMS[form];
    state[layout.BASE_SECONDS] = baseSeconds;
    state[layout.LAST_MICROS] = lastMicros;
    state[layout.LOCKS_SIZE] = 0;
    return this.#module.skim(start, filled);
  }

  /** Lines passed. */
  get passed(): number {
    return this.#stateAt(layout.PASSED);
  }

  /** Where the last of them begins, its time and its thread (0 without). */
  get lastStart(): number {
    return this.#stateAt(layout.LAST_START);
  }

  get lastMicros(): number {
    return this.#stateAt(layout.LAST_MICROS);
  }

  get lastThread(): number {
    return this.#stateAt(layout.LAST_THREAD);
  }

  /** Names that were counted. */
  get namesSize(): number {
    return this.#stateAt(layout.TOUCHED_SIZE);
  }

  /** In the order of the first line of each. */
  nameAt(index: number): string {
    return this.#names[this.#touched(index)] ?? '';
  }

  countAt(index: number): number {
    return this.#words[wordAt(layout.COUNTERS_AT) + this.#touched(index)] ?? 0;
  }

  /** Followed lines among those passed. */
  get locksSize(): number {
    return this.#stateAt(layout.LOCKS_SIZE);
  }

  lockEntry(index: number): number {
    return this.#lockWord(index, 0);
  }

  /** Counted from 1 among the lines passed. */
  lockLine(index: number): number {
    return this.#lockWord(index, 1);
  }

  lockMicros(index: number): number {
    return this.#lockWord(index, 2);
  }

  lockThread(index: number): number {
    return this.#lockWord(index, 3);
  }

  #stateAt(index: number): number {
    return this.#state[index] ?? 0;
  }

  #touched(index: number): number {
    return this.#words[wordAt(layout.TOUCHED_AT) + index] ?? 0;
  }

  #lockWord(index: number, word: number): number {
    return this.#words[wordAt(layout.LOCKS_AT) + index * LOCK_WORDS + word] ?? 0;
  }

  #clearCounters(): void {
    const size = this.namesSize;
    for (let index = 0; index < size; index += 1) {
      this.#words[wordAt(layout.COUNTERS_AT) + this.#touched(index)] = 0;
    }
    this.#state[layout.TOUCHED_SIZE] = 0;
  }

  #counterOf(name: string): number {
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    this.#counters.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }
}
