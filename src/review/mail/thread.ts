/**
 * Which mails hold the same patch: a reply quotes what it answers, so that one
 * patch stands in many mails. The fullest copy is the patch; the others place
 * the comments.
 */
import type { MailHeaders, PatchFile } from '../series.ts';
import type { MailReading } from './read-mail.ts';
import { type Subject, withoutReply } from './subject.ts';

export interface Mail {
  readonly reading: MailReading;
  readonly subject: Subject;
  /** Index of the input. */
  readonly input: number;
}

export interface PatchCopies {
  /** As it was posted, where the inputs hold that. */
  posted: Mail | undefined;
  best: Mail;
  readonly copies: Mail[];
}

export function groupCopies(mails: readonly Mail[]): readonly PatchCopies[] {
  const groups: PatchCopies[] = [];
  const withPatch = mails.filter(({ reading }) => reading.files.length > 0);
  const posted = withPatch.filter(isPosted);
  for (const mail of posted) {
    const same = groups.find((group) => group.posted !== undefined && isSamePost(group.posted, mail));
    if (same === undefined) groups.push({ posted: mail, best: mail, copies: [mail] });
    else same.copies.push(mail);
  }
  const quoted = withPatch.filter((mail) => !isPosted(mail)).sort((a, b) => fullness(b) - fullness(a));
  for (const mail of quoted) {
    const group = groupOf(mail, groups);
    if (group === undefined) groups.push({ posted: undefined, best: mail, copies: [mail] });
    else {
      group.copies.push(mail);
      if (fullness(mail) > fullness(group.best)) group.best = mail;
    }
  }
  return groups;
}

/** The patch that a mail without a patch of its own speaks of. */
export function answeredBy(
  mail: Mail,
  groups: readonly PatchCopies[],
  covers: readonly Mail[],
): PatchCopies | undefined {
  const { headers, inReplyTo } = mail.reading.message;
  for (const id of [...headers.references, inReplyTo].reverse()) {
    if (id === undefined) continue;
    const group = groups.find(({ copies }) => copies.some((copy) => copy.reading.message.headers.messageId === id));
    if (group !== undefined) return group;
  }
  const isOf = (other: Mail): boolean => mail.subject.title !== '' && isSameSubject(mail.subject, other.subject);
  const named = groups.find(({ copies }) => copies.some(isOf));
  if (named !== undefined || covers.some(isOf)) return named;
  return groups.length === 1 ? groups[0] : undefined;
}

export function headersOfPatch({ posted, best }: PatchCopies): MailHeaders {
  const { headers, inReplyTo } = (posted ?? best).reading.message;
  const { patchAuthor, depth, author } = (posted ?? best).reading;
  if (posted !== undefined) return author === undefined ? headers : { ...headers, from: author };
  return {
    ...headers,
    subject: withoutReply(headers.subject),
    from: author ?? patchAuthor.author ?? '',
    date: patchAuthor.date,
    // Only the mail that was answered is named; deeper ones are not.
    messageId: depth === 1 ? inReplyTo : undefined,
    references: [],
  };
}

function isPosted({ reading, subject }: Mail): boolean {
  return reading.depth === 0 && !subject.isReply;
}

function isSamePost(a: Mail, b: Mail): boolean {
  const [idA, idB] = [a.reading.message.headers.messageId, b.reading.message.headers.messageId];
  if (idA !== undefined && idB !== undefined) return idA === idB;
  if (!isSameSubject(a.subject, b.subject)) return false;
  const [marksA, marksB] = [hunkMarks(a.reading.files), hunkMarks(b.reading.files)];
  return marksA.size === marksB.size && [...marksA].every((mark) => marksB.has(mark));
}

function isSameSubject(a: Subject, b: Subject): boolean {
  return a.title === b.title && a.version === b.version && a.number === b.number;
}

function groupOf(mail: Mail, groups: readonly PatchCopies[]): PatchCopies | undefined {
  const { headers, inReplyTo } = mail.reading.message;
  const ids = new Set([...headers.references, inReplyTo]);
  const own = hunkMarks(mail.reading.files);
  const paths = new Set(mail.reading.files.map(({ path }) => path));
  let best: PatchCopies | undefined;
  let most = 0;
  for (const group of groups) {
    const { files } = group.best.reading;
    const hunks = [...hunkMarks(files)].filter((mark) => own.has(mark)).length;
    const common = files.filter(({ path }) => paths.has(path)).length + 2 * hunks;
    const named = group.copies.some(
      (copy) =>
        ids.has(copy.reading.message.headers.messageId) ||
        (mail.subject.title !== '' && isSameSubject(mail.subject, copy.subject)),
    );
    // One that answers the patch and quotes a hunk without its file is of it, too.
    const score = named ? common + 0.5 : hunks * 2 >= own.size && hunks > 0 ? common - 1 : 0;
    if (score > most) [best, most] = [group, score];
  }
  return best;
}

/** What tells hunks apart: file and place. */
function hunkMarks(files: readonly PatchFile[]): ReadonlySet<string> {
  return new Set(
    files.flatMap(({ path, hunks }) =>
      hunks.map((hunk) => `${path}\n${hunk.oldStart},${hunk.oldLines} ${hunk.newStart},${hunk.newLines}`),
    ),
  );
}

/** Lines in hunks that fit their counts. */
function fullness({ reading }: Mail): number {
  return reading.files.reduce(
    (sum, { hunks }) =>
      sum + hunks.reduce((all, { state, lines }) => all + (state === 'unresolved' ? 0 : lines.length), 1),
    0,
  );
}
