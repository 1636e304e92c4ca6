/**
 * Headers and text of one mail through postal-mime. The library is told nothing
 * of format=flowed: it joins quoted lines with their marks, so that is done here.
 */
import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime';
import type { MailHeaders } from '../series.ts';
import { isHtml, textOfHtml } from './html-text.ts';
import { type Message, NO_HEADERS, type TextLine } from './message.ts';
import { type RawMessage, splitInput } from './split-input.ts';
import { unflow } from './unflow.ts';

/** Mails in mails in mails: deeper ones are text. */
const MOST_NESTED = 3;
/** As much of an attachment tells whether it begins with headers. */
const LONGEST_HEAD = 20_000;
/** No mail has more parts. */
const MOST_PARTS = 200;
/** A decoded line is looked for so many lines ahead. */
const AHEAD = 60;

/** The mail, and behind it those that are attached to it, or forwarded in it. */
export async function readMessages(raw: RawMessage, depth = 0): Promise<readonly Message[]> {
  if (!raw.hasHeaders || depth > MOST_NESTED) return [plainMessage(raw)];
  const { text, flowed } = withoutFlowed(raw.text);
  const email = await PostalMime.parse(Buffer.from(text, 'latin1'), {
    attachmentEncoding: 'utf8',
    forceRfc822Attachments: true,
  }).catch(() => undefined);
  // Too deep or too large for the library: as text nothing of it is lost.
  if (email === undefined) return [{ ...plainMessage(raw), problems: [problem(raw, 'undecoded-mail')] }];
  const rawLines = raw.text.split('\n');
  const attached = email.attachments.filter(isText).map(contentOf);
  const nested: Message[] = [];
  for (const content of attached.filter(isMail)) {
    const firstLine = raw.firstLine + Math.max(0, rawLines.indexOf(content.split(/\r?\n/)[0] ?? ''));
    for (const part of splitInput(Buffer.from(content))) {
      const place = { ...part, firstLine: firstLine + part.firstLine - 1 };
      for (const message of await readMessages(place, depth + 1)) nested.push(message);
    }
  }
  const body = bodyOf(
    email,
    attached.filter((content) => !isMail(content)),
  );
  const headerEnd = rawLines.findIndex((line) => line.trim() === '');
  const placed = place(body, rawLines, headerEnd < 0 ? rawLines.length : headerEnd + 1, raw.firstLine);
  const lines = flowed ? unflow(placed) : placed;
  const elsewhere = nested.reduce((sum, message) => sum + message.headerLines + message.lines.length, 0);
  const own: Message = {
    headers: headersOf(email),
    inReplyTo: ids(email.inReplyTo ?? '')[0],
    lines,
    headerLines: raw.skipped + Math.max(0, rawLines.length - lines.length - elsewhere),
    problems: email.attachments.every(isText) ? [] : [problem(raw, 'unread-attachment')],
  };
  return [own, ...nested];
}

function problem(raw: RawMessage, code: keyof typeof PROBLEMS): Message['problems'][number] {
  return { code, firstLine: raw.firstLine, ...PROBLEMS[code] };
}

const PROBLEMS = {
  'undecoded-mail': {
    text: 'the parts of a mail are nested too deep, or its headers are too large; it is read as plain text',
    hint: 'save the text of the mail alone',
  },
  'unread-attachment': {
    text: 'a mail has an attachment that is not text',
    hint: 'if it holds a patch, save it and give it to qtrace as a file',
  },
} as const;

function plainMessage(raw: RawMessage): Message {
  const text = decode(raw.text);
  if (isHtml(text)) return savedPage(raw, text);
  const lines = text
    .split('\n')
    .map((line, at): TextLine => ({ text: plainBlanks(line), inputLine: raw.firstLine + at }));
  return { headers: NO_HEADERS, inReplyTo: undefined, lines, headerLines: raw.skipped, problems: [] };
}

function savedPage(raw: RawMessage, html: string): Message {
  const source = html.split('\n');
  const lines = place(textOfHtml(html).split('\n').map(plainBlanks), source, 0, raw.firstLine);
  const headerLines = raw.skipped + Math.max(0, source.length - lines.length);
  return { headers: NO_HEADERS, inReplyTo: undefined, lines, headerLines, problems: [] };
}

/** UTF-8 where it is that, else Latin-1: no byte is lost. */
function decode(latin1: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return latin1;
  }
}

/** The text, and the diffs that are attached to it. */
function bodyOf(email: Email, attached: readonly string[]): readonly string[] {
  const own = email.text ?? (email.html === undefined ? '' : textOfHtml(email.html));
  const texts = [own, ...attached].filter((text) => text !== '');
  return texts.flatMap((text) => text.replace(/\r?\n$/, '').split(/\r?\n/)).map(plainBlanks);
}

function contentOf({ content }: Attachment): string {
  return typeof content === 'string' ? content : '';
}

/** A patch as git format-patch writes it, or a forwarded mail. */
function isMail(content: string): boolean {
  return splitInput(Buffer.from(content.slice(0, LONGEST_HEAD))).some(({ hasHeaders }) => hasHeaders);
}

function isText({ mimeType, filename }: Attachment): boolean {
  return /^text\/|^message\/rfc822$/.test(mimeType) || /\.(?:patch|diff|txt|mbox|eml)$/i.test(filename ?? '');
}

/** Mailers and archives write blanks at the beginning of a line, and doubled ones, as no-break spaces. */
function plainBlanks(text: string): string {
  if (!text.includes('\u00a0')) return text;
  return text.replace(/^[\s>]*\u00a0[\s\u00a0>]*|\u00a0(?= )|(?<= )\u00a0/g, (blanks) =>
    blanks.replaceAll('\u00a0', ' '),
  );
}

/** Only in headers, the mail's own or those of a part: the body may speak of it. */
function withoutFlowed(text: string): { readonly text: string; readonly flowed: boolean } {
  let flowed = false;
  let seen = 0;
  const fixed = text.replace(
    /(^|\n)(content-type:[^\n]*(?:\n[ \t][^\n]*)*)/gi,
    (whole, start: string, header: string, at: number) => {
      seen += 1;
      if (seen > MOST_PARTS || !isInHeaders(text, at)) return whole;
      return (
        start +
        header.replace(/(;\s*format\s*=\s*"?)flowed/i, (_, before: string) => {
          flowed = true;
          return `${before}fixed`;
        })
      );
    },
  );
  return { text: fixed, flowed };
}

function isInHeaders(text: string, at: number): boolean {
  const blank = text.lastIndexOf('\n\n', at);
  return blank < 0 || text.startsWith('--', blank + 2) || /^\n--\S/m.test(text.slice(blank + 1, at + 1));
}

/**
 * Where each decoded line stands in the input. Lines that came through as they
 * are stand alone; encoded ones are looked for a little ahead.
 */
function place(body: readonly string[], raw: readonly string[], from: number, firstLine: number): readonly TextLine[] {
  let at = from;
  let missed = 0;
  const lines = body.map((text): TextLine => {
    const found = find(text, raw, at);
    if (found === undefined) missed += 1;
    else at = found + 1;
    return { text, inputLine: firstLine + Math.max(from, found ?? at - 1) };
  });
  // Of base64 no line stands in the input: all stand where it begins.
  return missed * 2 > lines.length ? lines.map((line) => ({ ...line, inputLine: firstLine + from })) : lines;
}

/** The line of the input, a little ahead at most, that begins as the decoded one does. */
function find(text: string, raw: readonly string[], from: number): number | undefined {
  const key = Buffer.from(text.trim().slice(0, 20), 'utf8').toString('latin1');
  if (key === '') return raw[from]?.trim() === '' ? from : undefined;
  for (let at = from; at < Math.min(raw.length, from + AHEAD); at += 1) {
    if (
      unescaped(raw[at] ?? '')
        .trim()
        .startsWith(key)
    )
      return at;
  }
  return undefined;
}

function unescaped(line: string): string {
  if (!line.includes('=')) return line;
  return line.replace(/=([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function headersOf(email: Email): MailHeaders {
  return {
    subject: oneLine(email.subject ?? ''),
    from: email.from === undefined ? '' : addressText(email.from),
    to: (email.to ?? []).map(addressText),
    cc: (email.cc ?? []).map(addressText),
    messageId: ids(email.messageId ?? '')[0],
    references: ids(email.references ?? ''),
    date: email.headers.find(({ key }) => key === 'date')?.value,
  };
}

function addressText(address: Address): string {
  if (address.address === undefined) return oneLine(address.name);
  if (address.name === '') return oneLine(address.address);
  return oneLine(address.address === '' ? address.name : `${address.name} <${address.address}>`);
}

function ids(text: string): readonly string[] {
  return text.match(/<[^<>\s]+>/g) ?? [];
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
