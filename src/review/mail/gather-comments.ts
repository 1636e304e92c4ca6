/**
 * All comments of all mails, each once: a reply quotes the comments that it
 * answers, so that one comment stands in many mails.
 */
import type { Patch, ReviewComment } from '../series.ts';
import { nameOf } from './attribution.ts';
import { Placer } from './place-comments.ts';
import type { MailReading } from './read-mail.ts';

/** A mail and the patch that it speaks of. */
export interface Discussion {
  readonly reading: MailReading;
  readonly input: number;
  /** Index of the patch; undefined where it is about none, or all. */
  readonly patch: number | undefined;
}

export function gatherComments(patches: readonly Patch[], mails: readonly Discussion[]): readonly ReviewComment[] {
  const placers = patches.map(({ files }) => new Placer(files));
  const names = namesByAddress(mails);
  const all = mails.flatMap(({ reading, input, patch }) =>
    reading.comments.map(({ quoted, ...said }): ReviewComment => {
      const comment = { ...said, author: names.get(said.author?.toLowerCase() ?? '') ?? said.author };
      const placer = patch === undefined ? undefined : placers[patch];
      const place = placer?.place(reading.files, { quoted, ...comment });
      return { ...comment, ...place, patch, input };
    }),
  );
  const once = withoutRepeated(all);
  return inOrder(once, patches);
}

/** An attribution may give the address alone; the headers of another mail know the name. */
function namesByAddress(mails: readonly Discussion[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { reading } of mails) {
    const { from, to, cc } = reading.message.headers;
    for (const text of [from, ...to, ...cc]) {
      const [, name, address] = /^(.+) <([^<>]+)>$/.exec(text) ?? [];
      if (name !== undefined && address !== undefined) names.set(address.toLowerCase(), nameOf(name));
    }
  }
  return names;
}

const MOST_SEARCHED = 500_000_000;

/** The author's own mail has it whole; what others quote of it may be a part. */
function withoutRepeated(comments: readonly ReviewComment[]): readonly ReviewComment[] {
  const own = new Map<string, string[]>();
  for (const comment of comments.filter(({ depth }) => depth === 0)) {
    const key = keyOf(comment);
    const texts = own.get(key) ?? [];
    texts.push(words(comment.text));
    own.set(key, texts);
  }
  const joined = new Map([...own].map(([key, texts]) => [key, `\n${texts.join('\n')}\n`]));
  const seen = new Set<string>();
  let searched = 0;
  // To look for a part costs the length of all that was said: enough for any thread of people.
  const isQuoted = (text: string, said: string): boolean => {
    searched += said.length;
    return searched < MOST_SEARCHED && said.includes(text);
  };
  return comments.filter((comment) => {
    const text = words(comment.text);
    if (comment.authorFrom === 'turns') return true;
    if (comment.depth > 0 && isQuoted(text, joined.get(keyOf(comment)) ?? '')) return false;
    const key = `${keyOf(comment)}\n${comment.path ?? ''}\n${comment.hunk ?? ''}\n${comment.hunkLine ?? ''}\n${text}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

function keyOf({ author, patch }: ReviewComment): string {
  return `${patch ?? ''}\n${author?.toLowerCase() ?? ''}`;
}

function words(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** As one reads the patches; what stands at one place keeps the order of the mails. */
function inOrder(comments: readonly ReviewComment[], patches: readonly Patch[]): readonly ReviewComment[] {
  const files = patches.map((patch) => new Map(patch.files.map(({ path }, at) => [path, at])));
  const rank = ({ patch, path, hunk, hunkLine }: ReviewComment): readonly number[] => [
    patch ?? -1,
    path === undefined || patch === undefined ? -1 : (files[patch]?.get(path) ?? -1),
    hunk ?? -1,
    hunkLine ?? -1,
  ];
  return comments
    .map((comment) => ({ comment, rank: rank(comment) }))
    .sort((a, b) => a.rank.map((value, at) => value - (b.rank[at] ?? 0)).find((difference) => difference !== 0) ?? 0)
    .map(({ comment }) => comment);
}
