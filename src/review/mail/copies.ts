/**
 * Which mails hold the same patch: a reply quotes what it answers, so that one
 * patch stands in many mails. The fullest copy is the patch; the others place
 * the comments.
 */
import type { PatchFile } from '../series.ts';
import type { MailReading } from './read-mail.ts';
import type { Subject } from './subject.ts';

export interface Mail {
  readonly reading: MailReading;
  readonly subject: Subject;
  /** Index of the input. */
  readonly input: number;
}

export interface PatchCopies {
  /** As it was posted, where the inputs hold that. */
  readonly posted: Mail | undefined;
  best: Mail;
  readonly copies: Mail[];
}

/** A hunk that stands in more patches tells none of them; so many hunks of a mail are looked for. */
const MOST_ALIKE = 20;
const MOST_MARKS = 50;

/** The patches found so far, by all that names them. */
export class CopyIndex {
  readonly groups: PatchCopies[] = [];
  readonly #byMail = new Map<Mail, PatchCopies>();
  readonly #byId = new Map<string, PatchCopies>();
  readonly #bySubject = new Map<string, PatchCopies>();
  readonly #byMark = new Map<string, PatchCopies[]>();
  readonly #marks = new Map<Mail, ReadonlySet<string>>();

  constructor(mails: readonly Mail[]) {
    const withPatch = mails.filter(({ reading }) => reading.files.length > 0);
    for (const mail of withPatch.filter(isPosted)) this.#add(mail, this.#samePost(mail), mail);
    const quoted = withPatch.filter((mail) => !isPosted(mail)).sort((a, b) => fullness(b) - fullness(a));
    for (const mail of quoted) this.#add(mail, this.#quotedBy(mail), undefined);
  }

  of(mail: Mail): PatchCopies | undefined {
    return this.#byMail.get(mail);
  }

  withId(id: string): PatchCopies | undefined {
    return this.#byId.get(id);
  }

  withSubject(subject: Subject): PatchCopies | undefined {
    return subject.title === '' ? undefined : this.#bySubject.get(subjectKey(subject));
  }

  #add(mail: Mail, known: PatchCopies | undefined, posted: Mail | undefined): void {
    const group = known ?? { posted, best: mail, copies: [] };
    if (known === undefined) {
      this.groups.push(group);
      for (const mark of this.#marksOf(mail)) {
        const alike = this.#byMark.get(mark);
        if (alike === undefined) this.#byMark.set(mark, [group]);
        else if (alike.length < MOST_ALIKE) alike.push(group);
      }
    }
    group.copies.push(mail);
    if (fullness(mail) > fullness(group.best)) group.best = mail;
    this.#byMail.set(mail, group);
    const { messageId } = mail.reading.message.headers;
    if (messageId !== undefined && !this.#byId.has(messageId)) this.#byId.set(messageId, group);
    const key = subjectKey(mail.subject);
    if (!this.#bySubject.has(key)) this.#bySubject.set(key, group);
  }

  /** The same mail, given twice. */
  #samePost(mail: Mail): PatchCopies | undefined {
    const { messageId } = mail.reading.message.headers;
    const own = this.#marksOf(mail);
    return this.#candidates(mail).find(({ posted }) => {
      const other = posted?.reading.message.headers.messageId;
      if (posted === undefined) return false;
      if (messageId !== undefined && other !== undefined) return messageId === other;
      const marks = this.#marksOf(posted);
      const same = marks.size === own.size && [...own].every((mark) => marks.has(mark));
      return same && subjectKey(posted.subject) === subjectKey(mail.subject);
    });
  }

  #quotedBy(mail: Mail): PatchCopies | undefined {
    const own = this.#marksOf(mail);
    const paths = new Set(mail.reading.files.map(({ path }) => path));
    const named = new Set([this.withSubject(mail.subject), ...idsOf(mail).map((id) => this.#byId.get(id))]);
    let best: PatchCopies | undefined;
    let most = 0;
    for (const group of this.#candidates(mail)) {
      const marks = this.#marksOf(group.best);
      const hunks = [...own].filter((mark) => marks.has(mark)).length;
      const common = group.best.reading.files.filter(({ path }) => paths.has(path)).length + 2 * hunks;
      // What answers the patch quotes it, perhaps a hunk without its file; what it does not quote is its own.
      const isNamed = named.has(group) && mail.reading.depth > 0;
      const score = isNamed ? common + 0.5 : hunks * 2 >= own.size && hunks > 0 ? common - 1 : 0;
      if (score > most) [best, most] = [group, score];
    }
    return best;
  }

  #candidates(mail: Mail): readonly PatchCopies[] {
    const marks = [...this.#marksOf(mail)].slice(0, MOST_MARKS);
    const all = [
      ...idsOf(mail).map((id) => this.#byId.get(id)),
      this.#bySubject.get(subjectKey(mail.subject)),
      ...marks.flatMap((mark) => this.#byMark.get(mark) ?? []),
    ];
    return [...new Set(all)].filter((group) => group !== undefined);
  }

  /** What tells its hunks apart: file and place. */
  #marksOf(mail: Mail): ReadonlySet<string> {
    const known = this.#marks.get(mail) ?? hunkMarks(mail.reading.files);
    this.#marks.set(mail, known);
    return known;
  }
}

/** Its own, and those of the mails that it answers. */
function idsOf({ reading }: Mail): readonly string[] {
  const { headers, inReplyTo } = reading.message;
  return [headers.messageId, inReplyTo, ...headers.references].filter((id) => id !== undefined);
}

function isPosted({ reading, subject }: Mail): boolean {
  return reading.depth === 0 && !subject.isReply;
}

function subjectKey({ title, version, number }: Subject): string {
  return `${title}\n${version}\n${number ?? ''}`;
}

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
