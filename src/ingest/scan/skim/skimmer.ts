/**
 * Passes over the lines of a large log by a WebAssembly module that knows their texts and formats by heart. Where there
 * is none, or it stops, lines are read one by one, as they always can be.
 */
import * as layout from './layout.ts';
import { instantiate } from './module.ts';

const SHORTEST_TEXT = 8;
const WORD_BYTES = 4;
const RECORD_WORDS = layout.RECORD_BYTES / WORD_BYTES;

/**
 * What becomes of lines with a text: `counted` and `followed` are whole lines, of which the latter are recorded, too.
 * `name` is that of an event whose lines are only counted. `line` and `lines` are whole lines of protocol events, and
 * the name of an event of which such lines are known.
 */
export type TextKind = 'unknown' | 'counted' | 'followed' | 'name' | 'line' | 'lines';

const KINDS: Readonly<Record<TextKind, number>> = {
  unknown: layout.KIND_UNKNOWN,
  counted: layout.KIND_COUNTED,
  followed: layout.KIND_FOLLOWED,
  name: layout.KIND_NAME,
  line: layout.KIND_LINE,
  lines: layout.KIND_LINES,
};

/** The first literal follows the name of the event and a blank; between each two of them stands a decimal number. */
export type Literals = readonly Uint8Array[];

/** Forms of a log whose lines can be passed over. */
export type SkimForm = 'iso' | 'tid';
const FORMS: Readonly<Record<SkimForm, number>> = { iso: layout.FORM_ISO, tid: layout.FORM_TID };

const wordAt = (byte: number): number => byte / WORD_BYTES;
const entryAt = (text: number): number => layout.ENTRIES_AT + text * layout.ENTRY_BYTES;
const COUNTERS_WORD = wordAt(layout.COUNTERS_AT);
const TOUCHED_WORD = wordAt(layout.TOUCHED_AT);
const RECORDS_WORD = wordAt(layout.RECORDS_AT);

export class Skimmer {
  readonly #module: NonNullable<ReturnType<typeof instantiate>>;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #state: Int32Array;
  /** Values of the records that `skim` made; `valuesOf` tells where those of one begin. */
  readonly values: Float64Array;
  /** Of the events that are counted, by the index that the module knows them by. */
  readonly names: string[] = [];
  readonly #counters = new Map<string, number>();
  /** The first entry is none. */
  #entries = 1;
  #textsEnd = layout.TEXTS_AT;
  #literalsEnd = layout.LITERALS_AT;
  /** Where the lines are to be read into, from its beginning. */
  readonly memory: ArrayBuffer;

  private constructor(module: NonNullable<ReturnType<typeof instantiate>>) {
    this.#module = module;
    this.memory = module.memory.buffer;
    this.#bytes = new Uint8Array(this.memory);
    this.#words = new Int32Array(this.memory);
    this.#state = new Int32Array(this.memory, layout.STATE_AT, layout.STATE_WORDS);
    this.values = new Float64Array(this.memory, layout.VALUES_AT, layout.MAX_RECORDS * layout.MAX_VALUES);
  }

  /** undefined where this installation has no such module, or this Node.js can't run it. */
  static create(): Skimmer | undefined {
    const module = instantiate();
    return module && new Skimmer(module);
  }

  /**
   * Learns the text in [at, at + length), which counts as `name`: a whole line with its line end, or the name of an
   * event with the space behind it. Its number, from 1; 0 where there is no room: such lines will be read one by one.
   */
  learn(at: number, length: number, name: string, kind: TextKind): number {
    const index = this.#entryOf(at, length, name);
    if (index === 0) return 0;
    this.#hash(index, at, length);
    this.become(index, kind);
    return index;
  }

  /**
   * Learns the format of the event whose name stands, with the blank behind it, in [at, at + length). Its lines are
   * passed if they end in one of the tails that are learnt for it. Its number; 0 where there is no room.
   */
  learnFormat(at: number, length: number, name: string, literals: Literals): number {
    const bytes = WORD_BYTES * (1 + 2 * literals.length);
    if (literals.length - 1 > layout.MAX_VALUES) return 0;
    if (this.#literalsEnd + bytes > layout.LITERALS_AT + layout.LITERALS_BYTES) return 0;
    const places = literals.map((literal) => this.#textOf(literal));
    const index = places.includes(undefined) ? 0 : this.#entryOf(at, length, name);
    if (index === 0) return 0;
    const literalsAt = wordAt(this.#literalsEnd);
    this.#literalsEnd += bytes;
    const told = literals.flatMap((literal, at) => [places[at] ?? 0, literal.length]);
    this.#words.set([literals.length - 1, ...told], literalsAt);
    const first = wordAt(entryAt(index));
    this.#words[first + layout.LITERALS] = literalsAt * WORD_BYTES;
    this.#words[first + layout.KIND] = layout.KIND_FORMAT;
    this.#hash(index, at, length);
    return index;
  }

  /** Learns a text that ends lines of the format, with its line end. Its number; 0 where there is no room. */
  learnTail(format: number, tail: Uint8Array): number {
    const index = this.#entryFor(this.#textOf(tail), tail.length);
    if (index === 0) return 0;
    const first = wordAt(entryAt(index));
    const ofFormat = wordAt(entryAt(format)) + layout.FIRST_TAIL;
    this.#words[first + layout.KIND] = layout.KIND_TAIL;
    this.#words[first + layout.NEXT_IN_BUCKET] = this.#words[ofFormat] ?? 0;
    this.#words[ofFormat] = entryAt(index);
    return index;
  }

  /** Whether lines of protocol events may be passed: those of kind `line`, and those of formats. */
  set eventsPass(pass: boolean) {
    this.#state[layout.EVENTS_PASS] = pass ? 1 : 0;
  }

  /** From now on, lines with the text of this number are of this kind. */
  become(text: number, kind: TextKind): void {
    if (text > 0) this.#words[wordAt(entryAt(text)) + layout.KIND] = KINDS[kind];
  }

  /** All lines of mutex events are to be read one by one again. */
  forgetLocks(): void {
    for (let index = 1; index < this.#entries; index += 1) {
      const kind = wordAt(entryAt(index)) + layout.KIND;
      const isLock = this.#words[kind] === layout.KIND_COUNTED || this.#words[kind] === layout.KIND_FOLLOWED;
      if (isLock) this.#words[kind] = layout.KIND_UNKNOWN;
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
    state[layout.RECORDS_SIZE] = 0;
    state[layout.VALUES_SIZE] = 0;
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
  nameAt(index: number): number {
    return this.#words[TOUCHED_WORD + index] ?? 0;
  }

  countAt(index: number): number {
    return this.#words[COUNTERS_WORD + this.nameAt(index)] ?? 0;
  }

  /** Records of lines among those passed. */
  get recordsSize(): number {
    return this.#stateAt(layout.RECORDS_SIZE);
  }

  /** The number of its text; of its tail for a line of a format. */
  textOf(index: number): number {
    return (this.#recordWord(index, 0) - layout.ENTRIES_AT) / layout.ENTRY_BYTES;
  }

  /** Counted from 1 among the lines passed. */
  lineOf(index: number): number {
    return this.#recordWord(index, 1);
  }

  microsOf(index: number): number {
    return this.#recordWord(index, 2);
  }

  threadOf(index: number): number {
    return this.#recordWord(index, 3);
  }

  /** Index in `values` of the first one. */
  valuesOf(index: number): number {
    return this.#recordWord(index, 4);
  }

  #stateAt(index: number): number {
    return this.#state[index] ?? 0;
  }

  #recordWord(index: number, word: number): number {
    return this.#words[RECORDS_WORD + index * RECORD_WORDS + word] ?? 0;
  }

  /** A new entry of the text in [at, at + length), which counts as `name`; 0 where there is no room. */
  #entryOf(at: number, length: number, name: string): number {
    if (length < SHORTEST_TEXT) return 0;
    const index = this.#entryFor(this.#textOf(this.#bytes.subarray(at, at + length)), length);
    if (index > 0) this.#words[wordAt(entryAt(index)) + layout.COUNTER] = this.#counterOf(name);
    return index;
  }

  #entryFor(text: number | undefined, length: number): number {
    if (text === undefined || this.#entries >= layout.MAX_ENTRIES) return 0;
    const index = this.#entries;
    this.#entries += 1;
    const first = wordAt(entryAt(index));
    this.#words[first + layout.TEXT_AT] = text;
    this.#words[first + layout.TEXT_BYTES] = length;
    return index;
  }

  /** Where the text stands from now on; undefined where there is no room. */
  #textOf(text: Uint8Array): number | undefined {
    const padded = Math.ceil(text.length / layout.BLOCK) * layout.BLOCK;
    const place = this.#textsEnd;
    if (text.length > layout.LONGEST_TEXT || place + padded > layout.TEXTS_AT + layout.TEXTS_BYTES) return undefined;
    this.#textsEnd += padded;
    this.#bytes.set(text, place);
    return place;
  }

  /** The entry is found from now on where its text stands, as it does at `at`. */
  #hash(index: number, at: number, length: number): void {
    const bucket = wordAt(this.#module.bucketOf(at, length));
    this.#words[wordAt(entryAt(index)) + layout.NEXT_IN_BUCKET] = this.#words[bucket] ?? 0;
    this.#words[bucket] = entryAt(index);
  }

  #clearCounters(): void {
    const size = this.namesSize;
    for (let index = 0; index < size; index += 1) {
      this.#words[COUNTERS_WORD + this.nameAt(index)] = 0;
    }
    this.#state[layout.TOUCHED_SIZE] = 0;
  }

  #counterOf(name: string): number {
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    this.#counters.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}
