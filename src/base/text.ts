/**
 * Trace text is untrusted: a guest can choose parts of it. Before it reaches a
 * terminal or a report, everything that is not plain printable text becomes a
 * visible escape (control characters, bidirectional marks, lone surrogates).
 */
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be made visible
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** At most `limit` characters, the cut marked with how much was left out. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const note = ` [... ${text.length - limit} more]`;
  return text.slice(0, Math.max(0, limit)) + note;
}

/** `1 line`, `2 lines`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}
