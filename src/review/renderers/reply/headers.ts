/** Headers of a reply: folded, without anything that a hostile mail could add to them. */
import { visible } from '../../../base/text.ts';
import type { MailReport, PatchReport } from '../../report.ts';

const COLUMNS = 76;
/** Bytes in one encoded word, of which base64 makes at most 75 columns. */
const WORD_BYTES = 42;

/** To the author, and everybody who had the patch. */
export function headerLines(patch: PatchReport, qtrace: string): readonly string[] {
  return replyTo(patch.messageId === null && patch.mail.messageId !== null ? patch.mail : patch, patch.from, qtrace);
}

/** `from`: the author, who need not have sent the mail. */
export function replyTo(mail: MailReport, from: string | null, qtrace: string): readonly string[] {
  const { messageId } = mail;
  const to = [from].filter((one) => one !== null);
  const cc = [...new Set([...mail.to, ...mail.cc])].filter((one) => !to.includes(one));
  const references = [...new Set([...mail.references, ...(messageId === null ? [] : [messageId])])].filter(isMessageId);
  return [
    ...list('To', to.map(address)),
    ...list('Cc', cc.map(address)),
    ...words('Subject', replySubject(mail)),
    ...(messageId === null || !isMessageId(messageId) ? [] : [`In-Reply-To: ${messageId}`]),
    ...(references.length === 0 ? [] : [`References: ${references.join('\n ')}`].flatMap((text) => text.split('\n'))),
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    `X-Draft-By: qtrace ${plain(qtrace)}`,
  ];
}

const isMessageId = (text: string): boolean => /^<[\x21-\x3b\x3d\x3f-\x7e]+>$/.test(text);
const plain = (text: string): string => visible(text).replaceAll(/\s+/g, ' ').trim();

function replySubject({ subject }: MailReport): string {
  const text = plain(subject ?? 'the patch');
  return /^re:/i.test(text) ? text : `Re: ${text}`;
}

/** A name with other letters becomes encoded words; the address stands as it is. */
function address(text: string): string {
  const { name, mail } = /^(?<name>.*?)\s*(?<mail><[^<>]*>)$/.exec(plain(text))?.groups ?? {};
  if (name === undefined || mail === undefined) return encoded(plain(text)).join(' ');
  if (name === '') return mail;
  // A comma in a name would end the address.
  const phrase = isAscii(name) && /[(),:;<>@[\]".\\]/.test(name) && !/^".*"$/.test(name) ? quotedName(name) : undefined;
  return `${phrase ?? encoded(name).join(' ')} ${mail}`;
}

const quotedName = (name: string): string => `"${name.replaceAll(/[\\"]/g, '\\$&')}"`;

function list(name: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return [];
  return items.map((item, at) => `${at === 0 ? `${name}: ` : ' '}${item}${at < items.length - 1 ? ',' : ''}`);
}

function words(name: string, text: string): readonly string[] {
  const lines: string[] = [`${name}:`];
  for (const word of encoded(text).flatMap((part) =>
    isAscii(part) && !part.startsWith('=?') ? part.split(' ') : [part],
  )) {
    const last = lines.at(-1) ?? '';
    if (last.length + 1 + word.length <= COLUMNS || last === `${name}:`) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(` ${word}`);
  }
  return lines;
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** RFC 2047, only where it is needed. */
function encoded(text: string): readonly string[] {
  if (isAscii(text)) return [text];
  const parts: string[] = [''];
  for (const character of text) {
    const last = parts.at(-1) ?? '';
    if (Buffer.byteLength(last + character) > WORD_BYTES) parts.push(character);
    else parts[parts.length - 1] = last + character;
  }
  return parts.map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`);
}
