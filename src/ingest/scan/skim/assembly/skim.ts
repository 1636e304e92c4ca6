/**
 * Passes over lines of known texts and formats, many at a call, and stops at the first one that is anything else.
 *
 * A line is passed when its prefix has the expected form and a time not before the last one's, and what follows is
 * known by heart: a whole text, the name of an event of which only the number counts, or a format, whose literals are
 * known and whose values are plain decimal numbers. Bytes are compared in blocks of 16. AssemblyScript, not
 * TypeScript: the compiler of that language makes WebAssembly of it.
 */
import {
  BASE_SECONDS,
  BLOCK,
  BUCKETS,
  BUCKETS_AT,
  COUNTER,
  COUNTERS_AT,
  ENTRIES_AT,
  EVENTS_PASS,
  EXPECTED_NEXT,
  FIRST_TAIL,
  FORM,
  FORM_ISO,
  FORM_TID,
  KIND,
  KIND_FOLLOWED,
  KIND_FORMAT,
  KIND_LINE,
  KIND_LINES,
  KIND_NAME,
  KIND_UNKNOWN,
  LAST_MICROS,
  LAST_START,
  LAST_THREAD,
  LITERALS,
  LONGEST_TEXT,
  MAX_RECORDS,
  MINUTE,
  NEXT_IN_BUCKET,
  PASSED,
  RECORD_BYTES,
  RECORDS_AT,
  RECORDS_SIZE,
  STATE_AT,
  TEXT_AT,
  TEXT_BYTES,
  TOUCHED_AT,
  TOUCHED_SIZE,
  VALUES_AT,
  VALUES_SIZE,
} from '../layout.ts';

const NONE: i32 = -1;
/** No line of interest is shorter, with its prefix. */
const SHORTEST_LINE: i32 = 12;
const SHORTEST_LOCK: i32 = 36;
/** All such numbers are exact in a double. */
const MAX_DIGITS: i32 = 15;
const MAX_TAILS: i32 = 16;
const ZERO: u8 = 48;
const LITERAL_BYTES: i32 = 8;
const LONGEST_NAME: i32 = 80;
const LONGEST_LINE: i32 = 4096;
const ISO_BYTES: i32 = 28;
const MAX_PROBES: i32 = 64;
const LINE_END: u8 = 10;
const SPACE: u8 = 32;
const AT_SIGN: u8 = 64;
const TILDE: u8 = 126;
const COLON: u8 = 58;
const LETTER_E: u8 = 101;
const LETTER_Z: u8 = 90;
/** `qemu` and `_mut`, as numbers. */
const QEMU: u32 = 0x756d6571;
const MUTEX: u32 = 0x74756d5f;
const MAX_BEHIND_BASE: i32 = 2000;

// Of the line at hand, set by `prefix`.
let micros: i32 = 0;
let thread: i32 = 0;
/** The entry found last: a log repeats itself. */
let lastEntry: i32 = ENTRIES_AT;

function word(at: i32, index: i32): i32 {
  return load<i32>(at + (index << 2));
}

function setWord(at: i32, index: i32, value: i32): void {
  store<i32>(at + (index << 2), value);
}

function digit(at: i32): u32 {
  return <u32>load<u8>(at) - 48;
}

/** Two digits; above 99 where there is anything else. */
function pair(at: i32): i32 {
  const tens = digit(at);
  const ones = digit(at + 1);
  return tens > 9 || ones > 9 ? 100 : <i32>(tens * 10 + ones);
}

/** Six digits, negative where there is anything else. */
function sixDigits(at: i32): i32 {
  const high = load<u32>(at);
  const low = pair(at + 4);
  if (low > 99 || (high & 0xf0f0f0f0) !== 0x30303030 || ((high + 0x06060606) & 0xf0f0f0f0) !== 0x30303030) return NONE;
  const digits = high & 0x0f0f0f0f;
  const pairs = (digits * 10 + (digits >> 8)) & 0x00ff00ff;
  return <i32>((pairs & 0xff) * 100 + (pairs >> 16)) * 100 + low;
}

/** Where the event begins: `2026-11-23T01:02:13.123456Z `. */
function isoPrefix(at: i32): i32 {
  if (v128.any_true(v128.xor(v128.load(at), v128.load(STATE_AT + (MINUTE << 2))))) return NONE;
  if (load<u8>(at + 16) !== COLON || load<u8>(at + 19) !== 46 || load<u16>(at + 26) !== 0x205a) return NONE;
  const seconds = pair(at + 17);
  const fraction = sixDigits(at + 20);
  if (seconds > 59 || fraction < 0) return NONE;
  micros = seconds * 1000000 + fraction;
  thread = 0;
  return at + ISO_BYTES;
}

/** The same for `22680@1795396494.806711:`. */
function tidPrefix(start: i32): i32 {
  let at = start;
  let id: i32 = 0;
  while (digit(at) <= 9) {
    id = id * 10 + <i32>digit(at);
    at += 1;
  }
  if (at === start || at - start > 9 || load<u8>(at) !== AT_SIGN || load<u8>(start) === 48) return NONE;
  at += 1;
  let seconds: i64 = 0;
  const from = at;
  while (digit(at) <= 9) {
    seconds = seconds * 10 + <i64>digit(at);
    at += 1;
  }
  if (at === from || at - from > 11 || load<u8>(from) === 48 || load<u8>(at) !== 46) return NONE;
  const behind = seconds - <i64>(<u32>word(STATE_AT, BASE_SECONDS));
  const fraction = sixDigits(at + 1);
  if (behind < 0 || behind > MAX_BEHIND_BASE || fraction < 0 || load<u8>(at + 7) !== COLON) return NONE;
  micros = <i32>behind * 1000000 + fraction;
  thread = id;
  return at + 8;
}

/** The text of so many bytes stands at this place. Behind it the block is padded with zeros. */
function isSame(text: i32, left: i32, at: i32): bool {
  while (left >= BLOCK) {
    if (v128.any_true(v128.xor(v128.load(text), v128.load(at)))) return false;
    text += BLOCK;
    at += BLOCK;
    left -= BLOCK;
  }
  if (left === 0) return true;
  const differing = ~i8x16.bitmask(i8x16.eq(v128.load(text), v128.load(at)));
  return (differing & ((1 << left) - 1)) === 0;
}

function standsAt(entry: i32, at: i32): bool {
  return isSame(word(entry, TEXT_AT), word(entry, TEXT_BYTES), at);
}

/** Which chain a text is in: its ends differ most, and its middle. */
export function bucketOf(at: i32, length: i32): i32 {
  const middle = load<u64>(at + ((length >> 1) & ~3));
  const last = load<u64>(at + length - 8);
  const mixed = (load<u64>(at) * 0x1e3779b97f4a7d) ^ (middle * 0x12b2ae3d27d4eb) ^ (last * 0x165667b19e3779);
  return BUCKETS_AT + ((<i32>((mixed + length) >> 47) & (BUCKETS - 1)) << 2);
}

function find(at: i32, length: i32): i32 {
  let entry = load<i32>(bucketOf(at, length));
  for (let probes = 0; entry !== 0 && probes < MAX_PROBES; probes += 1) {
    if (word(entry, TEXT_BYTES) === length && standsAt(entry, at)) return entry;
    entry = word(entry, NEXT_IN_BUCKET);
  }
  return 0;
}

/** The text that stood behind the last one before, if it stands here again; the entry of what it says otherwise. */
function expected(at: i32): i32 {
  const entry = word(lastEntry, EXPECTED_NEXT);
  return entry !== 0 && standsAt(entry, at) ? entry : 0;
}

/** A whole line, with its line end, which stands at least so many bytes behind. */
function lineAt(at: i32, shortest: i32, filled: i32): i32 {
  const limit = min(filled, at + LONGEST_TEXT) - BLOCK;
  const lineEnd = i8x16.splat(LINE_END);
  for (let from = at + shortest; from < limit; from += BLOCK) {
    const ends = i8x16.bitmask(i8x16.eq(v128.load(from), lineEnd));
    if (ends !== 0) return find(at, from + ctz(ends) + 1 - at);
  }
  return 0;
}

/** The name of an event, with the space behind it. */
function nameAt(at: i32): i32 {
  const space = i8x16.splat(SPACE);
  for (let from = at; from < at + LONGEST_NAME; from += BLOCK) {
    const ends = i8x16.bitmask(i8x16.le_u(v128.load(from), space));
    if (ends === 0) continue;
    const length = from + ctz(ends) + 1 - at;
    return length < 8 ? 0 : find(at, length);
  }
  return 0;
}

/** Where the line ends; negative where its text may hold the stamp of another line, or what is no plain text. */
function endOfOther(start: i32, filled: i32): i32 {
  const limit = min(filled, start + LONGEST_LINE);
  for (let from = start; from < limit; from += BLOCK) {
    const bytes = v128.load(from);
    const next = v128.load(from + 1);
    const odd = v128.or(
      v128.or(i8x16.lt_u(bytes, i8x16.splat(SPACE)), i8x16.gt_u(bytes, i8x16.splat(TILDE))),
      i8x16.eq(bytes, i8x16.splat(AT_SIGN)),
    );
    const stamp = v128.or(
      v128.and(i8x16.eq(bytes, i8x16.splat(LETTER_Z)), i8x16.eq(next, i8x16.splat(SPACE))),
      v128.and(i8x16.eq(bytes, i8x16.splat(LETTER_E)), i8x16.eq(next, i8x16.splat(COLON))),
    );
    const found = i8x16.bitmask(v128.or(odd, stamp));
    if (found === 0) continue;
    const end = from + ctz(found);
    return end < limit && load<u8>(end) === LINE_END ? end : NONE;
  }
  return NONE;
}

function count(entry: i32): void {
  const counter = word(entry, COUNTER);
  const at = COUNTERS_AT + (counter << 2);
  const before = load<i32>(at);
  store<i32>(at, before + 1);
  if (before !== 0) return;
  const touched = word(STATE_AT, TOUCHED_SIZE);
  setWord(TOUCHED_AT, touched, counter);
  setWord(STATE_AT, TOUCHED_SIZE, touched + 1);
}

function record(entry: i32, line: i32): bool {
  const size = word(STATE_AT, RECORDS_SIZE);
  if (size >= MAX_RECORDS) return false;
  const at = RECORDS_AT + size * RECORD_BYTES;
  setWord(at, 0, entry);
  setWord(at, 1, line);
  setWord(at, 2, micros);
  setWord(at, 3, thread);
  setWord(at, 4, word(STATE_AT, VALUES_SIZE));
  setWord(STATE_AT, RECORDS_SIZE, size + 1);
  return true;
}

/** The same 32 bits in both halves. */
function twice(half: u32): u64 {
  return ((<u64>half) << 32) | half;
}

/** How many of eight bytes, from the first one on, are values of digits. */
function digitsIn(bytes: u64): i32 {
  const others = (((bytes & twice(0x7f7f7f7f)) + twice(0x76767676)) | bytes) & twice(0x80808080);
  return <i32>(ctz(others) >> 3);
}

/** The number that eight values of digits make: neighbours into pairs, pairs into fours, and those. */
function numberOf(digits: u64): u64 {
  const pairs = (digits * 10 + (digits >> 8)) & twice(0x00ff00ff);
  const fours = (pairs * 100 + (pairs >> 16)) & twice(0x0000ffff);
  return (fours * 10000 + (fours >> 32)) & 0xffffffff;
}

/** Where the number at this place ends, which becomes `value`; negative where it is none that is printed like this again. */
function numberEnd(at: i32, value: i32): i32 {
  const first = load<u64>(at) ^ twice(0x30303030);
  const length = digitsIn(first);
  if (length === 0 || (length > 1 && load<u8>(at) === ZERO)) return NONE;
  if (length < 8) {
    store<f64>(value, <f64>numberOf(first << ((8 - length) << 3)));
    return at + length;
  }
  const second = load<u64>(at + 8) ^ twice(0x30303030);
  const further = digitsIn(second);
  if (8 + further > MAX_DIGITS) return NONE;
  let number = numberOf(first);
  if (further > 0) {
    for (let digit = 0; digit < further; digit += 1) number *= 10;
    number += numberOf(second << ((8 - further) << 3));
  }
  store<f64>(value, <f64>number);
  return at + 8 + further;
}

/** Which of the format's tails stands at this place. */
function tailAt(format: i32, at: i32): i32 {
  let tail = word(format, FIRST_TAIL);
  for (let probes = 0; tail !== 0 && probes < MAX_TAILS; probes += 1) {
    if (standsAt(tail, at)) return tail;
    tail = word(tail, NEXT_IN_BUCKET);
  }
  return 0;
}

/** Where the line of this format ends whose values begin at this place, negative where it has another one. */
function passFormat(format: i32, start: i32, filled: i32, line: i32): i32 {
  // Behind the last record there is no room for values either.
  if (word(STATE_AT, RECORDS_SIZE) >= MAX_RECORDS) return NONE;
  let literal = word(format, LITERALS);
  const conversions = load<i32>(literal);
  literal += 4;
  const before = word(STATE_AT, VALUES_SIZE);
  let at = start;
  for (let index = 0; index <= conversions; index += 1) {
    const bytes = word(literal, 1);
    if (!isSame(word(literal, 0), bytes, at)) return NONE;
    at += bytes;
    literal += LITERAL_BYTES;
    if (index === conversions) break;
    at = numberEnd(at, VALUES_AT + ((before + index) << 3));
    if (at < 0) return NONE;
  }
  const tail = tailAt(format, at);
  if (tail === 0) return NONE;
  const end = at + word(tail, TEXT_BYTES) - 1;
  if (end >= filled || !record(tail, line)) return NONE;
  setWord(STATE_AT, VALUES_SIZE, before + conversions);
  count(format);
  return end;
}

/** The entry of what stands at this place, a whole line where lines are known. */
function entryAt(at: i32, filled: i32): i32 {
  if (load<u32>(at) === QEMU && load<u32>(at + 4) === MUTEX) return lineAt(at, SHORTEST_LOCK, filled);
  const name = nameAt(at);
  return name !== 0 && word(name, KIND) === KIND_LINES ? lineAt(at, word(name, TEXT_BYTES), filled) : name;
}

/** Where the line of the event at this place ends, negative where it is the caller's. */
function pass(at: i32, filled: i32, line: i32): i32 {
  let entry = expected(at);
  if (entry === 0) {
    entry = entryAt(at, filled);
    if (entry === 0) return NONE;
    setWord(lastEntry, EXPECTED_NEXT, entry);
  }
  lastEntry = entry;
  const kind = word(entry, KIND);
  if (kind === KIND_UNKNOWN || (kind >= KIND_LINE && word(STATE_AT, EVENTS_PASS) === 0)) return NONE;
  const behind = at + word(entry, TEXT_BYTES);
  if (kind === KIND_FORMAT) return passFormat(entry, behind, filled, line);
  const end = kind === KIND_NAME ? endOfOther(behind, filled) : behind - 1;
  if (end < 0 || end >= filled) return NONE;
  const recorded = kind === KIND_FOLLOWED || kind === KIND_LINE;
  if (recorded && !record(entry, line)) return NONE;
  count(entry);
  return end;
}

/**
 * Passes lines from `start` on, of which `filled` tells the end; how far it came, where a line begins. What it passed
 * stands in the state, the counters that it touched and the records, all of which the caller has emptied before.
 */
export function skim(start: i32, filled: i32): i32 {
  const form = word(STATE_AT, FORM);
  let last = word(STATE_AT, LAST_MICROS);
  let at = start;
  let lines: i32 = 0;
  while (at + SHORTEST_LINE < filled) {
    const from = form === FORM_ISO ? isoPrefix(at) : form === FORM_TID ? tidPrefix(at) : NONE;
    if (from < 0 || micros < last) break;
    const end = pass(from, filled, lines + 1);
    if (end < 0) break;
    lines += 1;
    last = micros;
    setWord(STATE_AT, LAST_START, at);
    setWord(STATE_AT, LAST_THREAD, thread);
    at = end + 1;
  }
  setWord(STATE_AT, LAST_MICROS, last);
  setWord(STATE_AT, PASSED, lines);
  return at;
}
