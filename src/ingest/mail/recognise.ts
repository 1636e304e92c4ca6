/** Tells a mail from a log by its first bytes. A log must never be taken for a mail: in doubt it is a log. */
import { isMessage, sectionOf } from '../line-kinds.ts';
import { HEADER, type MailLine, MBOX_FROM } from './mime.ts';
import { unquote } from './quotes.ts';
import { readLine } from './reading.ts';

/** As much of an input tells what it is. */
export const HEAD_LENGTH = 1 << 16;
/** Longer than any mail; an archive of many is to be taken apart. */
export const LONGEST_MAIL = 32 * (1 << 20);

/** Headers of which no mail lacks two. */
const MAIL_HEADERS: ReadonlySet<string> = new Set([
  ...['from', 'to', 'cc', 'subject', 'date', 'message-id', 'in-reply-to', 'references', 'reply-to'],
  ...['mime-version', 'content-type', 'content-transfer-encoding', 'received', 'return-path', 'delivered-to'],
]);

const COMMON_WORDS: ReadonlySet<string> = new Set(['from', 'to', 'date', 'references']);

const WROTE = /^.{3,200}\b(?:wrote|writes):$/;
/** What a reader shows of a mail's headers, or what stands above one that was handed on. */
const HEADING = /^From: .*@|^Subject: \S|^-{2,} ?(?:Original|Forwarded) message ?-{2,}/i;
const GREETING = /^(?:hi|hello|hey|dear)\b[^:=]{0,60}$/i;
/** What an author writes about, and a program that talks to its user hardly. */
const AUTHOR = /\b(?:I|we|my|our|patch|patches|trace|traces|log|logs|below|attached)\b/;
/** What a sentence has and a line of a program hardly. */
const SMALL_WORDS = /\b(?:the|this|that|with|is|are|was|and|but|not|it|I|we|you|my|your|of|in|on|for|to|at)\b/g;

/** `headers`: it begins with them; `body`: the text of a mail, saved without. */
export type MailForm = 'headers' | 'body';

export function mailFormOf(head: Buffer): MailForm | undefined {
  if (head.includes(0)) return undefined;
  const lines = head.toString('latin1').split(/\r?\n/);
  // The last line may be cut off.
  if (head.length >= HEAD_LENGTH) lines.pop();
  const from = lines.findIndex((line) => line.trim() !== '');
  if (from < 0) return undefined;
  if (hasHeaders(lines.slice(from))) return 'headers';
  return isPasted(lines.slice(from)) ? 'body' : undefined;
}

function hasHeaders(lines: readonly string[]): boolean {
  const [first = '', second = ''] = lines;
  if (MBOX_FROM.test(first) && HEADER.test(second)) return true;
  const names = new Set<string>();
  let address = false;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') break;
    const name = HEADER.exec(line)?.[1]?.toLowerCase();
    if (name === undefined && (index === 0 || !/^[ \t]/.test(line))) return false;
    if (name !== undefined && MAIL_HEADERS.has(name)) names.add(name);
    address ||= line.includes('@');
  }
  // A script that migrates from one host to another may say so before it shows the log.
  return names.size >= 2 && (address || [...names].some((name) => !COMMON_WORDS.has(name)));
}

/** Trace lines that are quoted or indented, or stand among words. */
function isPasted(lines: readonly string[]): boolean {
  const [first = '', second = ''] = lines;
  // Most logs are done with here.
  if (isPlain(first)) return false;
  let marked = 0;
  let plain = 0;
  for (const line of lines) {
    if (isPlain(line)) plain += 1;
    else if (isMarked(line)) marked += 1;
  }
  if (marked > plain) return true;
  return isAttribution(first, second) || (marked + plain > 0 && beginsWithWords(lines));
}

/** What QEMU writes stands at the beginning of a line. */
function isPlain(line: string): boolean {
  return (
    readLine(line, false).kind !== 'none' || isMessage(line) || line.startsWith('{') || sectionOf(line) !== undefined
  );
}

function isMarked(line: string): boolean {
  const { depth, indented, text } = unquote(asLine(line));
  if (depth === 0 && !indented) return false;
  const reading = readLine(text, false);
  return reading.kind === 'event' && (reading.stamped || reading.declared > 0);
}

/** `On Thu, Jun 04, 2026 at 06:29:01PM +0300, NAME wrote:`, on one line or on two. */
function isAttribution(first: string, second: string): boolean {
  const { text } = unquote(asLine(first));
  return HEADING.test(first) || WROTE.test(text) || WROTE.test(`${text} ${second}`);
}

function beginsWithWords(lines: readonly string[]): boolean {
  const [first = '', second = ''] = lines;
  const { depth, text } = unquote(asLine(first));
  if (depth > 0) return smallWords(text) >= 1;
  if (GREETING.test(text)) return text.endsWith(',') || lines.slice(1, 10).some(isAuthors);
  return isAuthors(text) && (text.endsWith(':') || second.trim() === '');
}

/** A sentence of someone who writes about a trace. */
function isAuthors(text: string): boolean {
  return smallWords(text) >= 2 && AUTHOR.test(text) && text.split(' ').length >= 4;
}

function smallWords(text: string): number {
  return new Set(text.match(SMALL_WORDS)).size;
}

function asLine(text: string): MailLine {
  return { line: 1, span: 1, raw: text, text, message: 0 };
}
