import type { Field } from '../../catalog/declaration.ts';
import { type FieldEvent, NOT_MINE, type PrefixFormat } from './format.ts';

/** The name, the microseconds since the line before, and the process. */
const PREFIX = /^([A-Za-z]\w{0,79}) (-?)(\d{1,15})\.(\d{3}) pid=(\d{1,10})(?= |$)/;
const LONGEST_PREFIX = 120;

const ARGUMENT = /^ (\w+)=(?:(0x[0-9a-f]+)|b'([^'\\]*(?:\\.[^'\\]*)*)'|b"([^"\\]*(?:\\.[^"\\]*)*)"|([^ ]*))(?= |$)/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** What simpletrace.py prints of a log of the simple back end. Its times are those between the lines. */
export const simpletrace: PrefixFormat = {
  id: 'simpletrace-text',
  title: 'simple back end, printed by simpletrace.py',
  samples: [
    {
      line: "migrate_set_state 0.123 pid=1234 new_state=b'setup'",
      rest: "migrate_set_state 0.123 pid=1234 new_state=b'setup'",
    },
  ],
  read(bytes, start, end, stamp) {
    const head = bytes.toString('latin1', start, Math.min(end, start + LONGEST_PREFIX));
    const match = PREFIX.exec(head);
    if (match === null) return NOT_MINE;
    const [, , sign, micros, fraction, process] = match;
    stamp.passes((Number(micros) * 1000 + Number(fraction)) * (sign === '-' ? -1 : 1));
    stamp.process = Number(process);
    stamp.thread = undefined;
    stamp.sinceEpoch = false;
    return start;
  },
  event: readEvent,
};

function readEvent(text: string): FieldEvent | undefined {
  const prefix = PREFIX.exec(text);
  if (prefix === null) return undefined;
  const fields: Field[] = [];
  let rest = text.slice(prefix[0].length);
  while (rest !== '') {
    const argument = ARGUMENT.exec(rest);
    if (argument === null) return undefined;
    const [whole, name = '', number, single, double, bare = ''] = argument;
    // Python's bytes; a text without quotes was printed by a simpletrace.py of Python 2.
    const value =
      number ?? (single === undefined && double === undefined ? bare : unescapeBytes(single ?? double ?? ''));
    fields.push({ name, value, quoted: number === undefined });
    rest = rest.slice(whole.length);
  }
  return { name: prefix[1] ?? '', fields };
}

function unescapeBytes(text: string): string {
  const bytes = text.replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_all, hex: string | undefined, escaped: string) =>
    hex === undefined ? (ESCAPES[escaped] ?? escaped) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
