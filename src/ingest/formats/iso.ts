import { digitsEnd, type PrefixFormat, readDigits, type Stamp } from './format.ts';

const DASH = 45;
const DOT = 46;
const COLON = 58;
const LETTER_T = 84;
const LETTER_Z = 90;
const SPACE = 32;
/** Length of `2026-11-23T01:02:13`. */
const WHOLE_SECONDS = 19;
/** 23:59:60, a leap second. */
const LAST_SECOND = 86_400;

let cachedDay = -1;
let cachedDaySeconds = 0;

/**
 * QEMU 10.1 and later with -msg timestamp=on. The fraction is missing when it
 * is exactly zero: a reader that insists on it loses a line in a million.
 */
export const iso: PrefixFormat = {
  id: 'qemu-log-iso',
  title: 'log back end, -msg timestamp=on (QEMU 10.1 and later)',
  samples: [
    {
      line: '2026-11-23T01:01:14.696000Z migrate_set_state new state setup',
      rest: 'migrate_set_state new state setup',
    },
    { line: '2026-11-23T01:04:40Z migration_bitmap_sync_start ', rest: 'migration_bitmap_sync_start ' },
  ],
  read(bytes, start, end, stamp) {
    if (end - start < WHOLE_SECONDS + 2 || !hasIsoMarks(bytes, start)) return -1;
    const day = readDigits(bytes, start, start + 4) * 10_000 + pair(bytes, start + 5) * 100 + pair(bytes, start + 8);
    const clock = pair(bytes, start + 11) * 3600 + pair(bytes, start + 14) * 60 + pair(bytes, start + 17);
    if (!(day >= 0 && clock >= 0 && isDate(day) && clock <= LAST_SECOND)) return -1;
    const behind = readFraction(bytes, start + WHOLE_SECONDS, end, stamp);
    if (behind < 0 || bytes[behind] !== LETTER_Z || bytes[behind + 1] !== SPACE || behind + 1 >= end) return -1;
    stamp.seconds = secondsOfDay(day) + clock;
    stamp.thread = undefined;
    return behind + 2;
  },
};

function hasIsoMarks(bytes: Buffer, start: number): boolean {
  return (
    bytes[start + 4] === DASH &&
    bytes[start + 7] === DASH &&
    bytes[start + 10] === LETTER_T &&
    bytes[start + 13] === COLON &&
    bytes[start + 16] === COLON
  );
}

/** What a torn line makes of digits is no date. */
function isDate(day: number): boolean {
  const month = Math.floor(day / 100) % 100;
  const date = day % 100;
  return month >= 1 && month <= 12 && date >= 1 && date <= 31;
}

/** Two digits, or NaN. */
function pair(bytes: Buffer, at: number): number {
  const value = readDigits(bytes, at, at + 2);
  return value < 0 ? Number.NaN : value;
}

function readFraction(bytes: Buffer, at: number, end: number, stamp: Stamp): number {
  stamp.nanos = 0;
  if (bytes[at] !== DOT) return at;
  const behind = digitsEnd(bytes, at + 1, end);
  const length = behind - at - 1;
  if (length < 1 || length > 9) return -1;
  stamp.nanos = readDigits(bytes, at + 1, behind) * 10 ** (9 - length);
  return behind;
}

/** Seconds of a day given as YYYYMMDD; consecutive lines have the same. */
function secondsOfDay(day: number): number {
  if (day !== cachedDay) {
    cachedDay = day;
    cachedDaySeconds = Date.UTC(Math.floor(day / 10_000), (Math.floor(day / 100) % 100) - 1, day % 100) / 1000;
  }
  return cachedDaySeconds;
}
