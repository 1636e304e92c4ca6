/** A strict check that a text is a well-formed XML document, as far as SVG needs it: no DTD, no CDATA, no prefixes. */

const NAME = /^[A-Za-z_][\w.-]*/;
/** XML 1.0, production 2. */
const NO_CHARACTER = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const ENTITY = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)/;

/** What is wrong with it, undefined when nothing is. */
export function xmlFault(text: string): string | undefined {
  const odd = NO_CHARACTER.exec(text);
  if (odd !== null) return `character ${odd[0].codePointAt(0)?.toString(16)} at ${odd.index}`;
  const open: string[] = [];
  const ids = new Set<string>();
  let roots = 0;
  let rest = text.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
  while (rest !== '') {
    const at = rest.indexOf('<');
    const content = at < 0 ? rest : rest.slice(0, at);
    if (content.includes('>') || ENTITY.test(content)) return `text ${content}`;
    if (open.length === 0 && content.trim() !== '') return `text outside of the root: ${content}`;
    if (at < 0) break;
    rest = rest.slice(at);
    const comment = /^<!--(?:(?!--)[\s\S])*-->/.exec(rest);
    if (comment !== null) {
      rest = rest.slice(comment[0].length);
      continue;
    }
    const end = rest.indexOf('>');
    if (end < 0) return 'a tag without an end';
    const tag = rest.slice(1, end);
    rest = rest.slice(end + 1);
    if (tag.startsWith('/')) {
      if (open.pop() !== tag.slice(1)) return `</${tag.slice(1)}> closes nothing`;
      continue;
    }
    const closed = tag.endsWith('/');
    const name = NAME.exec(tag)?.[0];
    if (name === undefined) return `<${tag}>`;
    const fault = attributeFault(closed ? tag.slice(name.length, -1) : tag.slice(name.length), ids);
    if (fault !== undefined) return `<${tag}>: ${fault}`;
    if (open.length === 0) roots += 1;
    if (!closed) open.push(name);
  }
  if (open.length > 0) return `<${open.at(-1)}> is not closed`;
  return roots === 1 ? undefined : `${roots} roots`;
}

function attributeFault(text: string, ids: Set<string>): string | undefined {
  const names = new Set<string>();
  let rest = text;
  while (rest.trim() !== '') {
    const match = /^\s+([A-Za-z_][\w.:-]*)="([^"<]*)"/.exec(rest);
    if (match === null) return `attributes ${rest}`;
    const [whole, name = '', value = ''] = match;
    if (names.has(name)) return `${name} twice`;
    if (ENTITY.test(value)) return `entity in ${value}`;
    if (name === 'id' && ids.has(value)) return `id ${value} twice`;
    if (name === 'id') ids.add(value);
    names.add(name);
    rest = rest.slice(whole.length);
  }
  return undefined;
}
