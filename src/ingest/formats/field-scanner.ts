import type { Field } from '../../catalog/declaration.ts';

const QUOTE = '"';
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '0': '\0',
};

/** Goes through `{ name = 1, name = "text" }` as babeltrace prints it. */
export class FieldScanner {
  readonly #text: string;
  #at: number;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#at = from;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Passes over what the sticky pattern finds here. */
  skip(pattern: RegExp): boolean {
    return this.#take(pattern) !== undefined;
  }

  /** The fields within one pair of braces; undefined when it breaks off. */
  group(): readonly Field[] | undefined {
    const fields: Field[] = [];
    if (!this.skip(/\{ ?/y)) return undefined;
    while (!this.skip(/ ?\}/y)) {
      if (fields.length > 0 && !this.skip(/, /y)) return undefined;
      const field = this.#field();
      if (field === undefined) return undefined;
      fields.push(field);
    }
    return fields;
  }

  #field(): Field | undefined {
    const name = this.#take(/[^\s={}"]+(?= = )/y);
    if (name === undefined) return undefined;
    this.skip(/ = /y);
    if (this.#text[this.#at] === QUOTE) {
      const value = this.#quoted();
      return value === undefined ? undefined : { name, value, quoted: true };
    }
    const value = this.#take(/[^\s,{}"]+/y);
    return value === undefined ? undefined : { name, value, quoted: false };
  }

  /** A text with C's escapes. No regular expression: it may be a mebibyte long. */
  #quoted(): string | undefined {
    let value = '';
    for (let at = this.#at + 1; at < this.#text.length; at += 1) {
      const character = this.#text[at] ?? '';
      if (character === QUOTE) {
        this.#at = at + 1;
        return value;
      }
      if (character !== '\\') {
        value += character;
        continue;
      }
      at += 1;
      const escaped = this.#text[at] ?? '';
      const hex = escaped === 'x' ? /^[0-9a-f]{2}/i.exec(this.#text.slice(at + 1, at + 3)) : null;
      if (hex === null) value += ESCAPES[escaped] ?? escaped;
      else {
        value += String.fromCharCode(Number.parseInt(hex[0], 16));
        at += 2;
      }
    }
    return undefined;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
