import { digitsEnd, type PrefixFormat, readDigits } from './format.ts';

const AT = 64;
const DOT = 46;
const COLON = 58;

/** Up to 10.0 with -msg timestamp=on, and always before 6.0. The number before the @ is the thread's. */
export const tid: PrefixFormat = {
  id: 'qemu-log-tid',
  title: 'log back end, -msg timestamp=on (up to QEMU 10.0), with thread ids',
  samples: [
    {
      line: '22680@1795396494.806711:migrate_set_state new state setup',
      rest: 'migrate_set_state new state setup',
    },
  ],
  read(bytes, start, end, stamp) {
    const at = digitsEnd(bytes, start, end);
    if (at === start || at - start > 10 || bytes[at] !== AT) return -1;
    const dot = digitsEnd(bytes, at + 1, end);
    if (dot === at + 1 || dot - at > 12 || bytes[dot] !== DOT) return -1;
    const colon = digitsEnd(bytes, dot + 1, end);
    if (colon - dot !== 7 || bytes[colon] !== COLON || colon >= end) return -1;
    stamp.thread = readDigits(bytes, start, at);
    stamp.seconds = readDigits(bytes, at + 1, dot);
    stamp.nanos = readDigits(bytes, dot + 1, colon) * 1000;
    return colon + 1;
  },
};
