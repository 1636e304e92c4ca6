/**
 * Where things lie in the memory that the skimming module shares with its caller. Both sides read this file: one as
 * TypeScript, one as AssemblyScript, so it holds plain constants only. All sizes are bytes.
 */

/** Words of 32 bits by which the two sides talk. Before them lie the lines, straight from the file. */
export const STATE_AT = 0x102000;
export const STATE_WORDS = 16;

/** Set by the caller: what the prefix of a line must be. */
export const FORM = 0;
/** First second of the minute (iso), or a second shortly before (tid), counted from the clock's base by the caller. */
export const BASE_SECONDS = 1;
/** Microseconds behind that second, of the line read last: time may not run backwards. */
export const LAST_MICROS = 2;
/** Set by the module: lines passed by the last call, the last of them, and its thread. */
export const PASSED = 3;
export const LAST_START = 4;
export const LAST_THREAD = 5;
/** Counters that the lines passed have counted, records, and values of records. */
export const TOUCHED_SIZE = 6;
export const RECORDS_SIZE = 7;
export const VALUES_SIZE = 8;
/** Set by the caller: 1 where lines of protocol events may be passed. */
export const EVENTS_PASS = 9;
/** Sixteen bytes: `2026-11-23T01:02`, the beginning of every line of the minute. */
export const MINUTE = 12;

export const FORM_ISO = 1;
export const FORM_TID = 2;

/** Texts known by heart, found through their hash. */
export const BUCKETS_AT = 0x103000;
export const BUCKETS = 4096;
export const ENTRIES_AT = 0x107000;
export const MAX_ENTRIES = 8192;
export const ENTRY_BYTES = 32;
/** Words of an entry. The first entry is none: 0 ends a chain. */
export const NEXT_IN_BUCKET = 0;
export const EXPECTED_NEXT = 1;
export const TEXT_AT = 2;
export const TEXT_BYTES = 3;
export const KIND = 4;
export const COUNTER = 5;
/** Of a format: where its literals are told, and the first of the texts that may end its line, in a chain. */
export const LITERALS = 6;
export const FIRST_TAIL = 7;

/** The line is the caller's. */
export const KIND_UNKNOWN = 0;
/** The whole line is known, and only counted. */
export const KIND_COUNTED = 1;
/** The same, and a record is kept of each. */
export const KIND_FOLLOWED = 2;
/** The text is the name of an event of which nothing but the number counts. */
export const KIND_NAME = 3;
/** The whole line of a protocol event is known, and a record is kept of each. This kind and those behind it: see EVENTS_PASS. */
export const KIND_LINE = 4;
/** The text is the name of a protocol event of which only whole lines are known. */
export const KIND_LINES = 5;
/** The text is the name of a protocol event: literals with decimal numbers in between follow, and a tail. */
export const KIND_FORMAT = 6;
/** What stands behind the last literal of a format, with the line end. In no bucket. */
export const KIND_TAIL = 7;

/** A counter for each name, and which of them count something: at most as many as entries. */
export const COUNTERS_AT = 0x147000;
export const TOUCHED_AT = 0x14f000;

/**
 * Records of lines: entry (the tail's for a format), number of the line among those passed (from 1), microseconds,
 * thread, and the index of the first of its values.
 */
export const RECORDS_AT = 0x157000;
export const MAX_RECORDS = 4096;
export const RECORD_BYTES = 20;

/** Values of records, each a double of eight bytes. No format has more than so many. */
export const VALUES_AT = 0x16b000;
export const MAX_VALUES = 6;

/** The texts themselves, each padded with zeros to whole blocks of 16. */
export const TEXTS_AT = 0x19b000;
export const TEXTS_BYTES = 0x100000;
/** Literals of formats: their number less one, then place and bytes of each. */
export const LITERALS_AT = 0x29b000;
export const LITERALS_BYTES = 0x10000;
export const MEMORY_BYTES = 0x2b0000;
export const BLOCK = 16;
export const LONGEST_TEXT = 400;
