import { digitsEnd, NOT_MINE, type PrefixFormat, readDigits } from './format.ts';

const AT = 64;
const SPACE = 32;
const LETTER_A = 97;
const LETTER_Z = 122;
/** Digits of the nanoseconds within a second. */
const NANOS = 9;
/** Fewer seconds than this since 1970 are seconds since the boot of the host. */
const EPOCH_SECONDS = 1e9;

/** qemu-trace-stap and downtime-parser.py: a blank where the log back end has a colon, and a process id before the @. */
export const stap: PrefixFormat = {
  id: 'stap',
  title: 'SystemTap: qemu-trace-stap, or the log_stap tapset',
  samples: [
    {
      line: '22680@1795396494806711000 migrate_set_state new state setup',
      rest: 'migrate_set_state new state setup',
    },
  ],
  read(bytes, start, end, stamp) {
    const at = digitsEnd(bytes, start, end);
    if (at === start || at - start > 10 || bytes[at] !== AT) return NOT_MINE;
    const blank = digitsEnd(bytes, at + 1, end);
    const split = blank - NANOS;
    if (split <= at + 1 || split - at > 12 || bytes[blank] !== SPACE) return NOT_MINE;
    const letter = blank + 1 < end ? (bytes[blank + 1] ?? 0) : 0;
    if (letter < LETTER_A || letter > LETTER_Z) return NOT_MINE;
    stamp.process = readDigits(bytes, start, at);
    stamp.thread = undefined;
    stamp.seconds = readDigits(bytes, at + 1, split);
    stamp.nanos = readDigits(bytes, split, blank);
    if (stamp.seconds < EPOCH_SECONDS) stamp.sinceEpoch = false;
    return blank + 1;
  },
};
