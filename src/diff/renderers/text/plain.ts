import { clean, clip } from '../../../report/renderers/text/layout.ts';

/** Clean text in ASCII: a mail survives every mailer. */
export function plain(text: string, limit?: number): string {
  return ascii(clean(text, limit));
}

/** At most `width` columns of it. */
export function plainClip(text: string, width: number): string {
  return clip(plain(text, width * 2), width);
}

export function ascii(text: string): string {
  return text.replace(/\P{ASCII}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
