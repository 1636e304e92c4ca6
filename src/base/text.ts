/** Nearly all that a trace says. The tables of Unicode take longer to load than a small log to be judged. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * Trace text is untrusted: a guest can choose parts of it. Before it reaches a
 * terminal or a report, everything that is not plain printable text becomes a
 * visible escape (control characters, bidirectional marks, lone surrogates).
 */
export function visible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    const digits = code.toString(16).padStart(4, '0');
    return code < 0x10000 ? `\\u${digits}` : `\\u{${digits}}`;
  });
}

/**
 * The same for a page that is read, not pasted into a shell: `\u202e` stands as `\u27e8U+202E\u27e9`. Nor may a document
 * hold what is no character to Unicode.
 */
export function marked(text: string): string {
  if (PLAIN.test(text)) return text;
  const unfit = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;
  return text.replace(unfit, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27e9`;
  });
}

/** At most `limit` characters, the cut marked with how much was left out. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const note = ` [... ${text.length - limit} more]`;
  return text.slice(0, Math.max(0, limit)) + note;
}

export interface Elided {
  readonly head: string;
  /** Characters left out between the two; 0 where nothing is. */
  readonly omitted: number;
  readonly tail: string;
}

/** At most `limit` characters, the middle left out: a line is told by its beginning and its end. */
export function elide(text: string, limit: number): Elided {
  if (text.length <= limit) return { head: text, omitted: 0, tail: '' };
  const tailLength = Math.floor(limit / 4);
  // Never between the two halves of a surrogate pair.
  const head = text.slice(0, limit - tailLength).replace(/[\ud800-\udbff]$/, '');
  const tail = text.slice(text.length - tailLength).replace(/^[\udc00-\udfff]/, '');
  return { head, omitted: text.length - head.length - tail.length, tail };
}

/** The same with less room. */
export function elideFurther({ head, omitted, tail }: Elided, limit: number): Elided {
  const further = elide(head + tail, limit);
  return further.omitted === 0
    ? { head, omitted, tail }
    : { head: further.head, omitted: omitted + further.omitted, tail: further.tail };
}

/** `1 line`, `2 lines`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}

/** For the beginning of a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
