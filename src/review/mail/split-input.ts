/**
 * Takes an input apart into mails: an mbox, one mail, or text without headers
 * (a page saved from an archive, a plain diff). Works on bytes as Latin-1.
 */

export interface RawMessage {
  /** Without mbox's `From ` line; a character per byte, line ends as `\n`. */
  readonly text: string;
  /** Line of the input where `text` begins, from 1. */
  readonly firstLine: number;
  readonly hasHeaders: boolean;
  /** Lines left out before `text`. */
  readonly skipped: number;
}

const MBOX_FROM = /^From \S.*\d{4}\s*$/;
/** The line that git format-patch puts before each patch. */
const GIT_FROM = /^From [0-9a-f]{40}(?:[0-9a-f]{24})? Mon Sep 17 00:00:00 2001\s*$/;
const HEADER = /^[A-Za-z][A-Za-z0-9-]*:(?:\s|$)/;
const KNOWN_HEADER =
  /^(?:from|to|cc|subject|date|message-id|received|return-path|mime-version|content-type|delivered-to|in-reply-to|references|reply-to|sender):/i;
/** No mail has more of them. */
const MOST_HEADER_LINES = 2000;

export function splitInput(bytes: Uint8Array): readonly RawMessage[] {
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '');
  // A lone CR ends a line only where nothing else does; before a line end it is the file's own.
  const lines = text.includes('\n') ? text.split(/\r*\n/) : text.split('\r');
  if (lines.at(-1) === '') lines.pop();
  // A mail may have patches attached as git writes them; only an mbox begins with that line itself.
  const starts = isMultipart(lines) ? [] : mailStarts(lines);
  if (starts.length === 0) return [rawMessage(lines, 0, lines.length, 0)];
  const [first = 0] = starts;
  const isBlank = lines.slice(0, first).every((line) => line.trim() === '');
  const lead = isBlank ? [] : [rawMessage(lines, 0, first, 0)];
  const isMbox = starts.length > 1;
  const mails = starts.map((start, at) => {
    const skipped = at === 0 && isBlank ? first + 1 : 1;
    return rawMessage(lines, start + 1, starts[at + 1] ?? lines.length, skipped, isMbox);
  });
  return [...lead, ...mails];
}

function isMultipart(lines: readonly string[]): boolean {
  const end = lines.findIndex((line) => line.trim() === '');
  const headers = lines.slice(0, end < 0 ? lines.length : end);
  return beginsWithHeaders(lines) && headers.some((line) => /^content-type:\s*multipart\//i.test(line));
}

/** Indices of mbox's `From ` lines. */
function mailStarts(lines: readonly string[]): readonly number[] {
  const starts: number[] = [];
  for (const [at, line] of lines.entries()) {
    if (!MBOX_FROM.test(line)) continue;
    const before = lines[at - 1];
    if (before !== undefined && before.trim() !== '' && !GIT_FROM.test(line) && !isSignatureEnd(lines, at)) continue;
    if (HEADER.test(lines[at + 1] ?? '')) starts.push(at);
  }
  return starts;
}

/** Files of git format-patch put one behind the other need no blank line between them. */
function isSignatureEnd(lines: readonly string[], at: number): boolean {
  return /^--\s*$/.test(lines[at - 2] ?? '');
}

function rawMessage(
  lines: readonly string[],
  start: number,
  end: number,
  skipped: number,
  escaped = false,
): RawMessage {
  const own = lines.slice(start, end);
  // mbox escapes lines that look like its own.
  const text = (escaped ? own.map((line) => line.replace(/^>(>*From )/, '$1')) : own).join('\n');
  return { text, firstLine: start + 1, hasHeaders: beginsWithHeaders(own), skipped };
}

function beginsWithHeaders(lines: readonly string[]): boolean {
  let known = false;
  for (const line of lines.slice(0, MOST_HEADER_LINES)) {
    if (line.trim() === '') return known;
    if (!HEADER.test(line) && !/^[ \t]/.test(line)) return false;
    known ||= KNOWN_HEADER.test(line);
  }
  return known;
}
