/**
 * Finds what a trace reader can read in the text of a mail: trace lines, what
 * QEMU printed on stderr, and complete QMP answers. Everything else is prose.
 */
import { eventNameOf, sectionOf } from '../line-kinds.ts';
import type { MailLine } from './mime.ts';
import { type BodyLine, linesOfHunks, unquote } from './quotes.ts';
import { unwrap } from './unwrap.ts';

/** A line for the trace reader. */
export interface FoundLine {
  /** Where it begins in the file, counted from 1. */
  readonly line: number;
  /** What stands there; behind a blank, what the mailer broke off it. */
  readonly raw: string;
  readonly text: string;
  /** Something else stands between it and the one before. */
  readonly gap: boolean;
}

export type MailProblem = 'wrapped-lines' | 'repeated-lines' | 'torn-line';

export interface Findings {
  readonly found: readonly FoundLine[];
  readonly problems: readonly { readonly code: MailProblem; readonly line: number }[];
  /** Numbers of all lines of the file that are no prose. */
  readonly read: ReadonlySet<number>;
}

type Kind = 'stamped' | 'event' | 'void' | 'unknown' | 'name' | 'message';

interface Candidate {
  readonly kind: Kind;
  readonly lines: readonly BodyLine[];
  readonly text: string;
  readonly doubtful: boolean;
}

/** What QEMU and GLib print of themselves; less than in a log, where nobody else writes. */
const MESSAGE = /^(?:\S+ )?qemu-system-\w+: |^(?:Bail out! )?ERROR:\S+:\d+:\w+: /;
const WRAPPED_MESSAGE = /^(?:Bail out! )?ERROR:\S+:\d+:\w+:(?: assertion(?: failed:?)?)?$/;

export function findLines(lines: readonly MailLine[]): Findings {
  const body = lines.map(unquote);
  const finder = new Finder();
  for (const block of blocksOf(body)) finder.block(block);
  return finder.findings();
}

/** Runs of candidates with nothing but empty lines between them. */
function* blocksOf(body: readonly BodyLine[]): Generator<readonly Candidate[]> {
  const inHunks = linesOfHunks(body);
  let block: Candidate[] = [];
  for (let at = 0; at < body.length; at += 1) {
    const line = body[at];
    if (line === undefined || line.text === '') continue;
    const before = block.at(-1)?.lines[0];
    const candidate = inHunks.has(line) ? undefined : candidateAt(body, at);
    const apart =
      before !== undefined && (before.depth !== line.depth || before.source.message !== line.source.message);
    if ((candidate === undefined || apart) && block.length > 0) {
      yield block;
      block = [];
    }
    if (candidate === undefined) continue;
    block.push(candidate);
    at += candidate.lines.length - 1;
  }
  if (block.length > 0) yield block;
}

function candidateAt(body: readonly BodyLine[], at: number): Candidate | undefined {
  const line = body[at];
  if (line === undefined) return undefined;
  const message = messageAt(body, at, line.text);
  if (message !== undefined) return message;
  const { text, reading, more, doubtful } = unwrap(body, at);
  const own = { lines: body.slice(at, at + more + 1), text, doubtful };
  switch (reading.kind) {
    case 'event':
      return { ...own, kind: reading.stamped ? 'stamped' : reading.declared > 0 ? 'event' : 'void' };
    case 'partial':
      if (reading.bare) return reading.stamped ? undefined : { ...own, kind: 'name' };
      return { ...own, kind: reading.stamped ? 'stamped' : 'event' };
    case 'stamped':
      return { ...own, kind: 'stamped' };
    case 'none':
      return eventNameOf(text) === undefined ? undefined : { ...own, kind: 'unknown' };
  }
}

function messageAt(body: readonly BodyLine[], at: number, text: string): Candidate | undefined {
  const own = (more: number, whole: string): Candidate => {
    return { kind: 'message', lines: body.slice(at, at + more + 1), text: whole, doubtful: false };
  };
  if (WRAPPED_MESSAGE.test(text)) {
    const whole = `${text} ${body[at + 1]?.text ?? ''}`;
    if (/: assertion failed: \(.*\)$/.test(whole)) return own(1, whole);
  }
  if (MESSAGE.test(text) || sectionOf(text) !== undefined) return own(0, text);
  return text.startsWith('{') && isJson(text) ? own(0, text) : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

class Finder {
  readonly #found: FoundLine[] = [];
  readonly #problems: { code: MailProblem; line: number }[] = [];
  readonly #read = new Set<number>();
  /** Trace lines of the messages before, and of the one in hand. */
  readonly #earlier = new Set<string>();
  #own: string[] = [];
  #message = 0;

  findings(): Findings {
    return { found: this.#found, problems: this.#problems, read: this.#read };
  }

  block(block: readonly Candidate[]): void {
    const message = block[0]?.lines[0]?.source.message ?? 0;
    if (message !== this.#message) {
      for (const text of this.#own) this.#earlier.add(text);
      this.#own = [];
      this.#message = message;
    }
    const kept = traceLinesOf(block);
    const quotedAgain = kept.length > 0 && kept.every((line) => this.#isQuotedAgain(line));
    let gap = true;
    for (const candidate of kept) {
      const again = quotedAgain || (candidate.kind === 'stamped' && this.#earlier.has(candidate.text));
      this.#take(candidate, again, gap);
      gap = again;
    }
  }

  /** A reply repeats what it answers to. */
  #isQuotedAgain({ lines, text }: Candidate): boolean {
    return (lines[0]?.depth ?? 0) > 0 && this.#earlier.has(text);
  }

  #take({ lines, text, kind, doubtful }: Candidate, again: boolean, gap: boolean): void {
    const [first, ...more] = lines;
    if (first === undefined) return;
    for (const { source } of lines) {
      for (let line = source.line; line < source.line + source.span; line += 1) this.#read.add(line);
    }
    const { line, raw } = first.source;
    if (again || doubtful) {
      const code = again ? 'repeated-lines' : 'torn-line';
      this.#problems.push({ code, line });
      return;
    }
    for (const { source } of more) this.#problems.push({ code: 'wrapped-lines', line: source.line });
    this.#found.push({ line, raw: [raw, ...more.map((next) => next.text)].join(' '), text, gap });
    if (kind !== 'message') this.#own.push(text);
  }
}

/**
 * Names of events alone are a list of what to switch on, or the words of an
 * author: what has no time stamp counts only in the company of arguments.
 */
function traceLinesOf(block: readonly Candidate[]): readonly Candidate[] {
  const isList = block.some(({ kind }) => kind === 'name');
  const isTrace = !isList && block.some(({ kind }) => kind === 'stamped' || kind === 'event');
  const kept = block.filter(({ kind }) => {
    if (kind === 'void' || kind === 'unknown') return isTrace;
    return kind !== 'name';
  });
  // An unknown name begins a sentence as well: it counts between two trace lines.
  return kept.filter(({ kind }, at) => kind !== 'unknown' || (isTrace && at > 0 && at < kept.length - 1));
}
