/** One mail taken apart: its patch, and what people say about it, each line in one of these. */
import { type Diffstat, findDiffstat, findStart } from '../patch/find-start.ts';
import { type Place, readPatch } from '../patch/read-patch.ts';
import type { PatchFile } from '../series.ts';
import { type Attribution, attributionAt, nameOf } from './attribution.ts';
import { commentsOf, type DraftComment } from './comments.ts';
import { dedented } from './dedent.ts';
import { isFurniture } from './furniture.ts';
import type { LineKind, Voice } from './line-kinds.ts';
import type { Message } from './message.ts';
import { hasStructure, patchDepth, type QuotedLine, quoteDepths, refolded, withoutCommonMarks } from './quote-depth.ts';
import { parseSubject } from './subject.ts';

export interface MailReading {
  readonly message: Message;
  /** Quote marks before its patch; for a page without marks, levels of attribution. */
  readonly depth: number;
  /** Author of the patch that stands in it. */
  readonly patchAuthor: Voice;
  /** As a `From:` line above the message says it: who sends a patch need not have written it. */
  readonly author: string | undefined;
  /** The message, without that line. */
  readonly text: string;
  /** As the text says it where there are no headers: `git show`, the heading of a page. */
  readonly subject: string | undefined;
  readonly diffstat: Diffstat | undefined;
  readonly files: readonly PatchFile[];
  readonly comments: readonly DraftComment[];
  readonly kinds: readonly LineKind[];
}

export function readMail(message: Message): MailReading {
  const marked = quoteDepths(dedented(message.lines));
  // A reply that says nothing quotes all of its text, too: then its headers name who sent it.
  const quoted = message.headers.from === '' ? withoutCommonMarks(marked) : marked;
  const isReply = parseSubject(message.headers.subject).isReply;
  // A reply without any of the patch: its own words are outside of what it quotes.
  const depth = Math.max(patchDepth(quoted, isReply), isReply && !hasStructure(quoted) ? 1 : 0);
  const lines = refolded(quoted, depth);
  const own = lines.flatMap((line, index) => (line.depth === depth ? [{ ...line, index }] : []));
  const start = findStart(own.map(({ text }) => text));
  const above = own.slice(0, start ?? own.length);
  const stream = start === undefined ? [] : own.slice(start);
  const patch = readPatch(
    stream,
    above.map(({ text }) => text),
  );
  const diffAt = stream[0]?.index ?? lines.length;
  const attributions = findAttributions(lines);
  // Who posts a patch may write "X wrote:" in its message; who answers, or a page, nests what is answered.
  const mayNest = depth === 0 && diffAt < lines.length && (isReply || message.headers.from === '');
  const nested = mayNest ? unmarkedAttributions(lines, attributions, diffAt) : [];
  const levels = nested.length;
  const voices = voicesOf(message, lines, attributions, nested);
  const places = new Array<Place | undefined>(lines.length).fill(undefined);
  for (const [at, { index }] of stream.entries()) places[index] = patch.places[at];
  const kinds = firstKinds(lines, attributions, places, diffAt, depth);
  // A page has its own heading there.
  const introEnd = message.headers.from === '' ? 0 : (nested[0]?.at ?? 0);
  kinds.fill('comment', 0, introEnd);
  const comments = commentsOf({ lines, places, kinds, files: patch.files, voices, depth, levels, introEnd });
  const patchLevel = levels > 0 ? levels : depth;
  return {
    message,
    depth: patchLevel,
    patchAuthor: voices[patchLevel] ?? { author: undefined, date: undefined },
    ...messageOf(above.filter(({ index }) => kinds[index] === 'message').map(({ text }) => text)),
    diffstat: findDiffstat(
      above.map(({ text }) => text),
      above.length,
    ),
    files: patch.files,
    comments,
    kinds,
  };
}

type Told = Pick<MailReading, 'author' | 'text' | 'subject'>;

function messageOf(lines: readonly string[]): Told {
  const text = lines.join('\n').trim();
  const shown = /^commit [\da-f]{7,64}\b[^\n]*\n(?:Merge: [^\n]*\n)?Author: +([^\n]+)\nDate: [^\n]*\n\n/.exec(text);
  if (shown !== null) {
    const own = text.slice(shown[0].length).replace(/^ {4}/gm, '').trim();
    return { author: shown[1]?.trim(), subject: own.split('\n')[0]?.trim(), text: own.replace(/^[^\n]*/, '').trim() };
  }
  const [heading] = /^\[[^\]\n]{0,80}PATCH\b[^\n]{0,300}/.exec(text) ?? [];
  const [line = '', author] = /^From: ([^\n]{1,200})(?:\n|$)/.exec(text) ?? [];
  return { author: author?.trim(), subject: heading, text: text.slice(line.length).trim() };
}

interface Found extends Attribution {
  readonly at: number;
  readonly depth: number;
}

function findAttributions(lines: readonly QuotedLine[]): readonly Found[] {
  const found: Found[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const depth = lines[at]?.depth ?? 0;
    // Folded over lines of the same depth.
    const texts = lines.slice(at, at + 9).map((line) => (line.depth === depth ? line.text : ''));
    const one = attributionAt(texts, 0);
    if (one === undefined) continue;
    found.push({ ...one, at, depth });
    at += one.span - 1;
  }
  return found;
}

/** Attribution lines that stand above the diff without any quoting behind them: that many levels the page has. */
function unmarkedAttributions(
  lines: readonly QuotedLine[],
  attributions: readonly Found[],
  diffAt: number,
): readonly Found[] {
  return attributions.filter(({ at, span, depth, date }) => {
    if (depth > 0 || at >= diffAt || date === undefined) return false;
    let behind = at + span;
    while (lines[behind]?.text.trim() === '') behind += 1;
    return lines[behind]?.depth === 0;
  });
}

function voicesOf(
  message: Message,
  lines: readonly QuotedLine[],
  attributions: readonly Found[],
  nested: readonly Found[],
): readonly Voice[] {
  const { from, date } = message.headers;
  const voices: Voice[] = [{ author: from === '' ? undefined : nameOf(from), date }];
  const [outermost] = nested;
  if (outermost !== undefined) {
    const inner = nested.map(({ author, date: day }): Voice => ({ author, date: day }));
    const heading = from === '' ? headingOf(lines.slice(0, outermost.at)) : voices[0];
    return [heading ?? { author: theOther(inner), date: undefined }, ...inner];
  }
  for (const { author, date: day, depth, at, span } of attributions) {
    const behind = lines
      .slice(at + span, at + span + 4)
      .find(({ text, depth: own }) => own > depth || text.trim() !== '');
    if (behind !== undefined && behind.depth > depth) voices[depth + 1] ??= { author, date: day };
  }
  return voices;
}

/** `NAME Thu, 04 Jun 2026 11:51:00 -0700`, as an archive heads a mail. */
const HEADING = /^(\S.{0,80}?),? +((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d\b.{0,20})$/;

function headingOf(lines: readonly QuotedLine[]): Voice | undefined {
  for (const { text } of lines) {
    const [, author, date] = HEADING.exec(text.trim()) ?? [];
    if (author !== undefined) return { author: nameOf(author), date };
  }
  return undefined;
}

/** Where two people write to each other, the one who answers is the one who is not answered. */
function theOther(voices: readonly Voice[]): string | undefined {
  const names = new Set(voices.map(({ author }) => author));
  const answered = voices[0]?.author;
  const others = [...names].filter((name) => name !== answered);
  return names.size === 2 ? others[0] : undefined;
}

function firstKinds(
  lines: readonly QuotedLine[],
  attributions: readonly Found[],
  places: readonly (Place | undefined)[],
  diffAt: number,
  depth: number,
): LineKind[] {
  const kinds = lines.map(({ text, depth: own }, at): LineKind => {
    if (places[at] !== undefined) return 'patch';
    if (isFurniture(text)) return 'header';
    return at >= diffAt ? 'comment' : own < depth ? 'comment' : 'message';
  });
  for (const { at, span } of attributions) kinds.fill('header', at, at + span);
  return kinds;
}
