/**
 * The text of a mail, or of a saved page, that is HTML: lines as they are
 * shown, quoting as marks. A page's scripts, styles and tags are no text.
 */

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  gt: '>',
  lt: '<',
  nbsp: '\u00a0',
  quot: '"',
};

const HTML = /^\s*(?:<!doctype html|<html|<head|<body)\b/i;
const TOKEN = /<(\/?)([a-zA-Z][a-zA-Z0-9]{0,20})\b[^<>]{0,5000}>|<!--|<[!?][^<>]{0,5000}>|\n/g;
const BLOCKS = new Set([
  'p',
  'div',
  'pre',
  'li',
  'tr',
  'table',
  'ul',
  'ol',
  'h1',
  'h2',
  'h3',
  'blockquote',
  'hr',
  'title',
]);
const HIDDEN = new Set(['script', 'style', 'head']);
const MOST_DEPTH = 32;

export function isHtml(text: string): boolean {
  return HTML.test(text.slice(0, 2000));
}

export function textOfHtml(html: string): string {
  const lines: string[] = [];
  let line = '';
  let depth = 0;
  let pre = 0;
  const end = (always: boolean): void => {
    const shown = `${'>'.repeat(depth)}${depth > 0 ? ' ' : ''}${decoded(line)}`;
    if (always || line.trim() !== '') lines.push(pre > 0 ? shown : shown.trimEnd());
    line = '';
  };
  const lower = html.toLowerCase();
  let from = 0;
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(html); token !== null; token = TOKEN.exec(html)) {
    line += html.slice(from, token.index);
    from = TOKEN.lastIndex;
    const [whole, slash = '', tag = ''] = token;
    const name = tag.toLowerCase();
    const opens = slash === '';
    // In running text a line end is a blank.
    if (whole === '\n') {
      if (pre > 0) end(true);
      else line += line === '' || line.endsWith(' ') ? '' : ' ';
    } else if (whole === '<!--') from = TOKEN.lastIndex = behind(lower, '-->', from);
    else if (HIDDEN.has(name) && opens) from = TOKEN.lastIndex = behind(lower, `</${name}`, from);
    else if (name === 'br') end(true);
    else if (BLOCKS.has(name)) end(false);
    if (name === 'blockquote') depth = Math.min(MOST_DEPTH, Math.max(0, depth + (opens ? 1 : -1)));
    if (name === 'pre') pre = Math.max(0, pre + (opens ? 1 : -1));
  }
  line += html.slice(from);
  end(false);
  return lines.join('\n');
}

/** Where the text goes on: behind `mark`, or at the end if it is missing. */
function behind(lower: string, mark: string, from: number): number {
  const at = lower.indexOf(mark, from);
  return at < 0 ? lower.length : at + mark.length;
}

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-zA-Z]{2,8}));/g, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return NAMED[name] ?? whole;
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
