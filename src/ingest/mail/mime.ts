/**
 * The text of a mail, or of every mail of an mbox, line by line: headers and
 * parts taken apart, quoted-printable and base64 undone. Unlike a library's, each
 * line knows where it stands in the file. What is not text is left out; HTML is
 * read only where a message has no plain text.
 */
import { decodeBase64, decodeEscapes, htmlLines, splitSoftBreak, textOf } from './encodings.ts';

/** A line of text, decoded. */
export interface MailLine {
  /** Where it begins in the file, counted from 1. */
  readonly line: number;
  /** As many lines of the file hold it. */
  readonly span: number;
  /** What stands in the file, without line ends; for base64 what it says. */
  readonly raw: string;
  readonly text: string;
  /** Number of its message in an mbox, counted from 0. */
  readonly message: number;
}

export interface MailText {
  readonly lines: readonly MailLine[];
  /** Numbers of the lines of the file that hold anything. */
  readonly filled: readonly number[];
  /** Lines of the file. */
  readonly count: number;
}

export const HEADER = /^([A-Za-z][A-Za-z0-9-]*):(?:\s|$)/;
export const MBOX_FROM = /^From \S.*\d{4}\s*$/;

interface Part {
  readonly kind: 'text' | 'html' | 'left-out';
  readonly encoding: string;
  readonly utf8: boolean;
}

const LEFT_OUT: Part = { kind: 'left-out', encoding: '', utf8: true };
const PLAIN: Part = { kind: 'text', encoding: '', utf8: true };
/** Attachments that are text, whatever their type says. */
const TEXT_NAME = /\.(?:log|txt|out|err)$/i;

/** `bytes` with headers begins with them, or with mbox's `From ` line. */
export function readMail(bytes: Buffer, withHeaders: boolean): MailText {
  const walker = new Walker(withHeaders);
  const filled: number[] = [];
  const raws = bytes.toString('latin1').split('\n');
  if (raws.at(-1) === '') raws.pop();
  for (const [index, full] of raws.entries()) {
    const raw = full.endsWith('\r') ? full.slice(0, -1) : full;
    if (raw !== '') filled.push(index + 1);
    walker.line(raw, index + 1, raws[index + 1] ?? '');
  }
  walker.end();
  return { lines: walker.lines, filled, count: raws.length };
}

class Walker {
  readonly lines: MailLine[] = [];
  #message = 0;
  #inHeaders: boolean;
  #isMbox = false;
  #afterBlank = true;
  #headers = new Map<string, string>();
  #lastHeader = '';
  readonly #boundaries: string[] = [];
  #part: Part = PLAIN;
  /** Lines of a base64 part, or of an unfinished quoted-printable line. */
  #held: { readonly line: number; readonly text: string }[] = [];
  #html: MailLine[] = [];
  #sawText = false;

  constructor(withHeaders: boolean) {
    this.#inHeaders = withHeaders;
  }

  line(raw: string, line: number, next: string): void {
    const afterBlank = this.#afterBlank;
    this.#afterBlank = raw.trim() === '';
    if (afterBlank && MBOX_FROM.test(raw) && (this.#isMbox || line === 1) && HEADER.test(next)) this.#newMessage();
    else if (this.#inHeaders) this.#header(raw, line);
    else this.#body(raw, line);
  }

  end(): void {
    this.#endMessage();
  }

  #newMessage(): void {
    if (this.#isMbox) {
      this.#endMessage();
      this.#message += 1;
    }
    this.#isMbox = true;
    this.#boundaries.length = 0;
    this.#beginHeaders();
  }

  #endMessage(): void {
    this.#endPart();
    if (!this.#sawText) this.lines.push(...this.#html);
    this.#html = [];
    this.#sawText = false;
  }

  #beginHeaders(): void {
    this.#inHeaders = true;
    this.#headers = new Map();
    this.#lastHeader = '';
  }

  #header(raw: string, line: number): void {
    const name = HEADER.exec(raw)?.[1]?.toLowerCase();
    if (name !== undefined) {
      this.#lastHeader = name;
      if (!this.#headers.has(name)) this.#headers.set(name, raw.slice(name.length + 1).trim());
      return;
    }
    if (/^[ \t]+\S/.test(raw) && this.#lastHeader !== '') {
      this.#headers.set(this.#lastHeader, `${this.#headers.get(this.#lastHeader) ?? ''} ${raw.trim()}`);
      return;
    }
    // Some save a mail with a blank line before its headers.
    if (raw === '' && this.#headers.size === 0 && this.#boundaries.length === 0) return;
    this.#inHeaders = false;
    this.#beginPart();
    if (raw !== '') this.#body(raw, line);
  }

  #beginPart(): void {
    const type = this.#headers.get('content-type') ?? 'text/plain';
    const kind = /^[^;\s]*/.exec(type)?.[0].toLowerCase() ?? '';
    const boundary = parameter(type, 'boundary');
    if (kind.startsWith('multipart/') && boundary !== undefined) {
      this.#boundaries.push(boundary);
      this.#part = LEFT_OUT;
    } else if (kind === 'message/rfc822') this.#beginHeaders();
    else this.#part = this.#partOf(kind, type);
    if (this.#part.kind === 'text') this.#sawText = true;
  }

  #partOf(kind: string, type: string): Part {
    const name = parameter(type, 'name') ?? parameter(this.#headers.get('content-disposition') ?? '', 'filename') ?? '';
    const isText = kind.startsWith('text/') || TEXT_NAME.test(name);
    if (!isText) return LEFT_OUT;
    const charset = (parameter(type, 'charset') ?? 'utf-8').toLowerCase();
    return {
      kind: kind === 'text/html' ? 'html' : 'text',
      encoding: (this.#headers.get('content-transfer-encoding') ?? '').toLowerCase(),
      utf8: charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii',
    };
  }

  #body(raw: string, line: number): void {
    if (raw.startsWith('--') && this.#boundary(raw.trimEnd())) return;
    const { kind, encoding } = this.#part;
    if (kind === 'left-out') return;
    if (encoding === 'base64') this.#held.push({ line, text: raw });
    else if (encoding === 'quoted-printable') this.#quotedPrintable(raw, line);
    else this.#emit(line, 1, raw, raw);
  }

  /** The end of a part: of the innermost one, or of one whose inner ones were never closed. */
  #boundary(raw: string): boolean {
    const at = this.#boundaries.findLastIndex((boundary) => raw === `--${boundary}` || raw === `--${boundary}--`);
    const boundary = this.#boundaries[at];
    if (boundary === undefined) return false;
    this.#endPart();
    const closes = raw !== `--${boundary}`;
    this.#boundaries.length = closes ? at : at + 1;
    this.#part = LEFT_OUT;
    if (!closes) this.#beginHeaders();
    return true;
  }

  #endPart(): void {
    const held = this.#held;
    const [first] = held;
    this.#held = [];
    if (first === undefined) return;
    if (this.#part.encoding === 'quoted-printable') {
      this.#emitQuotedPrintable(held);
      return;
    }
    for (const { line, span, text } of decodeBase64(held)) this.#emit(line, span, text, text);
  }

  #quotedPrintable(raw: string, line: number): void {
    const { text, soft } = splitSoftBreak(raw);
    this.#held.push({ line, text });
    if (soft) return;
    const held = this.#held;
    this.#held = [];
    this.#emitQuotedPrintable(held);
  }

  #emitQuotedPrintable(held: readonly { readonly line: number; readonly text: string }[]): void {
    const raw = held.map(({ text }) => text).join('');
    this.#emit(held[0]?.line ?? 0, held.length, raw, decodeEscapes(raw));
  }

  /** `raw` and `text` have one character per byte. */
  #emit(line: number, span: number, raw: string, text: string): void {
    const { kind, utf8 } = this.#part;
    const shown = textOf(raw, utf8);
    const base = { line, span, raw: shown, message: this.#message };
    if (kind === 'text') this.lines.push({ ...base, text: text === raw ? shown : textOf(text, utf8) });
    else for (const own of htmlLines(textOf(text, utf8))) this.#html.push({ ...base, text: own });
  }
}

/** `; name=value` of a header. */
function parameter(header: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}\\*?=\\s*(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(header);
  return match?.[1] ?? match?.[2];
}
