/** What a mailer does to text, undone. Strings here hold one character per byte, until `textOf`. */

export function textOf(bytes: string, utf8: boolean): string {
  // Latin-1 and its relatives differ in letters only, and no trace line has any.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: plain ASCII needs no decoding
  return utf8 && !/^[\x00-\x7f]*$/.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

/** A line of quoted-printable without its mark that the next one belongs to it. */
export function splitSoftBreak(raw: string): { readonly text: string; readonly soft: boolean } {
  const line = raw.trimEnd();
  return line.endsWith('=') ? { text: line.slice(0, -1), soft: true } : { text: line, soft: false };
}

export function decodeEscapes(text: string): string {
  if (!text.includes('=')) return text;
  return text.replace(/=([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Longer lines are no trace: they are cut, so that they cost no time. */
const LONGEST_LINE = 1 << 16;

interface Decoded {
  readonly line: number;
  readonly span: number;
  readonly text: string;
}

/** Lines of text out of lines of base64, each with the lines of the file that hold it. */
export function decodeBase64(held: readonly { readonly line: number; readonly text: string }[]): readonly Decoded[] {
  const lines: Decoded[] = [];
  let text = '';
  let from = held[0]?.line ?? 0;
  const take = (more: string, line: number): void => {
    const parts = (text + more).split('\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      lines.push({ line: from, span: line - from + 1, text: part.replace(/\r$/, '') });
      from = line;
    }
  };
  let digits = '';
  for (const { line, text: raw } of held) {
    if (text === '') from = line;
    digits += raw.replace(/[^A-Za-z0-9+/]/g, '');
    const whole = digits.length - (digits.length % 4);
    take(Buffer.from(digits.slice(0, whole), 'base64').toString('latin1'), line);
    digits = digits.slice(whole);
    if (text.length > LONGEST_LINE) take('\n', line);
  }
  const last = held.at(-1)?.line ?? from;
  take(Buffer.from(digits, 'base64').toString('latin1'), last);
  if (text !== '') take('\n', last);
  return lines;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&gt;': '>',
  '&lt;': '<',
  '&amp;': '&',
  '&quot;': '"',
  '&#39;': "'",
  '&nbsp;': ' ',
};

/** A line of HTML as the lines of text that it shows; enough for trace lines, which hold no markup. */
export function htmlLines(html: string): readonly string[] {
  if (html.length > LONGEST_LINE) return [];
  return html
    .split(/<br\b[^>]*>|<\/(?:p|div|tr|li|pre)>/i)
    .map((part) =>
      part.replace(/<[^>]*>/g, '').replace(/&(?:gt|lt|amp|quot|#39|nbsp);/g, (code) => ENTITIES[code] ?? code),
    );
}
