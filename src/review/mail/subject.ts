/** `Re: [PATCH v2 1/3] migration: ...` taken apart. */

export interface Subject {
  readonly isReply: boolean;
  readonly version: number;
  /** 0 is the cover letter. */
  readonly number: number | undefined;
  readonly total: number | undefined;
  /** Without brackets and `Re:`. */
  readonly title: string;
}

const REPLY = /^(?:(?:re|aw|sv|antw|fwd?)(?:\[\d+\])?:\s*)+/i;
const TAGS = /^(?:\[[^\]]{0,200}\]\s*)+/;
const LONGEST = 2000;

export function parseSubject(subject: string): Subject {
  const text = subject.slice(0, LONGEST).trim();
  const reply = REPLY.exec(text)?.[0] ?? '';
  const rest = text.slice(reply.length);
  const tags = TAGS.exec(rest)?.[0] ?? '';
  const [, number, total] = /(?:^|[\s[])(\d{1,4})\/(\d{1,4})\]/.exec(tags) ?? [];
  return {
    isReply: reply !== '',
    version: Number(/[\s[]v(\d{1,3})\b/i.exec(tags)?.[1] ?? 1),
    number: number === undefined ? undefined : Number(number),
    total: total === undefined ? undefined : Number(total),
    title: rest.slice(tags.length).replace(/\s+/g, ' ').trim(),
  };
}

/** The subject of the mail that was answered. */
export function withoutReply(subject: string): string {
  return subject.trim().replace(REPLY, '');
}
