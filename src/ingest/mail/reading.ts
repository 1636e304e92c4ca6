/** What one line of a mail is, taken for a trace line. */
import { CATALOG, type CatalogEntry } from '../../catalog/catalog.ts';
import { ACK_COLLECTED, ACK_TOTAL } from '../../catalog/vocabulary.ts';
import { Stamp } from '../formats/format.ts';
import { PREFIX_FORMATS } from '../formats/registry.ts';
import { hasStampInside } from '../line-kinds.ts';

export type Reading =
  | {
      readonly kind: 'event';
      readonly stamped: boolean;
      /** Arguments of the format. */
      readonly declared: number;
      /** Pairs behind the declared ones that a known QEMU prints. */
      readonly known: number;
      /** More may have stood behind it. */
      readonly open: boolean;
    }
  /** Breaks off within an event; `bare`: it is a name, or a time stamp, and nothing else. */
  | { readonly kind: 'partial'; readonly stamped: boolean; readonly bare: boolean }
  /** Behind a time stamp, but no event of the catalogue, or none with these arguments. */
  | { readonly kind: 'stamped' }
  | { readonly kind: 'none' };

const NONE: Reading = { kind: 'none' };
const LONE_STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?$/;
/** Events whose text arguments are sentences, commands or JSON: blanks in them are their own. */
const FREE_TEXT = /error|^qmp_|_exec_|_file_|_err$/;
/** A shorter piece of an event's name is a word. */
const SHORTEST_PIECE = 8;

const stamp = new Stamp();

/** `joined`: put together from several lines, so that chance may have a hand in it. */
export function readLine(text: string, joined: boolean): Reading {
  if (text === '') return NONE;
  if (LONE_STAMP.test(text)) return { kind: 'partial', stamped: true, bare: true };
  const bytes = Buffer.from(text);
  for (const format of PREFIX_FORMATS) {
    const rest = format.read(bytes, 0, bytes.length, stamp);
    if (rest >= 0) return readBehind(bytes.toString('utf8', rest), stamp.seconds !== undefined, joined);
  }
  return NONE;
}

function readBehind(text: string, stamped: boolean, joined: boolean): Reading {
  const blank = text.indexOf(' ');
  const name = blank < 0 ? text : text.slice(0, blank);
  const entry = CATALOG.get(name);
  if (entry !== undefined) return readArguments(entry, blank < 0 ? '' : text.slice(blank + 1), stamped, joined);
  if (blank < 0 && isPieceOfName(name)) return { kind: 'partial', stamped, bare: true };
  return stamped ? { kind: 'stamped' } : NONE;
}

function readArguments(entry: CatalogEntry, args: string, stamped: boolean, joined: boolean): Reading {
  const strange: Reading = stamped ? { kind: 'stamped' } : NONE;
  if (hasStampInside(args)) return strange;
  const decoded = entry.decode(args);
  if (decoded === undefined) {
    return entry.isCutShort(args) ? { kind: 'partial', stamped, bare: args.trim() === '' } : strange;
  }
  const values = Object.values(decoded.args);
  const texts = values.filter((value) => typeof value === 'string');
  // Words behind an event's name: prose that begins with it.
  const wordy = texts.some(hasWords) && !FREE_TEXT.test(entry.name);
  if (wordy && (joined || !stamped)) return strange;
  const pairs = Object.entries(decoded.extra ?? {});
  // A blank at the end is the mailer's, which it leaves where it breaks, or the event's that has no arguments.
  const open =
    (values.length > 0 && args.endsWith(' ')) || texts.some(isOpen) || pairs.some(([, value]) => value === '');
  if (args.trim() === '' && values.length > 0) return { kind: 'partial', stamped, bare: true };
  const known = pairs.filter(([key]) => key === ACK_COLLECTED || key === ACK_TOTAL).length;
  return { kind: 'event', stamped, declared: values.length, known, open };
}

/** Words, and not the first pairs of a longer format. */
function hasWords(text: string): boolean {
  const [, ...words] = text.split(' ');
  return words.some((word) => !/^\w+=/.test(word));
}

/** Text that hardly ends so: with a hyphen, or JSON without its end. */
function isOpen(text: string): boolean {
  if (text.endsWith('-')) return true;
  return text.startsWith('{') && text.split('{').length !== text.split('}').length;
}

function isPieceOfName(text: string): boolean {
  if (text.length < SHORTEST_PIECE || !text.includes('_')) return false;
  for (const name of CATALOG.keys()) if (name.startsWith(text)) return true;
  return false;
}
