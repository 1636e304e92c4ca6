/** What a mail says of the patch that it holds, and which patch one without any speaks of. */
import type { MailHeaders } from '../series.ts';
import type { CopyIndex, Mail, PatchCopies } from './copies.ts';
import type { MailReading } from './read-mail.ts';
import { withoutReply } from './subject.ts';

/** The patch that a mail without a patch of its own speaks of. */
export function answeredBy(mail: Mail, index: CopyIndex, covers: readonly Mail[]): PatchCopies | undefined {
  const { headers, inReplyTo } = mail.reading.message;
  for (const id of [inReplyTo, ...[...headers.references].reverse()]) {
    const group = id === undefined ? undefined : index.withId(id);
    if (group !== undefined) return group;
  }
  const named = index.withSubject(mail.subject);
  const answersCover = covers.some(({ subject }) => subject.title === mail.subject.title);
  if (named !== undefined || answersCover) return named;
  return index.groups.length === 1 ? index.groups[0] : undefined;
}

export function headersOfPatch({ posted, best }: PatchCopies): MailHeaders {
  const { reading } = posted ?? best;
  const { headers, inReplyTo } = reading.message;
  const { patchAuthor, depth, author } = reading;
  const subject = subjectOf(reading);
  if (posted !== undefined) return { ...headers, subject, from: author ?? headers.from };
  return {
    ...headers,
    subject: withoutReply(subject),
    from: author ?? patchAuthor.author ?? '',
    date: patchAuthor.date,
    // Only the mail that was answered is named; deeper ones are not.
    messageId: depth === 0 ? headers.messageId : depth === 1 ? inReplyTo : undefined,
    references: [],
  };
}

export function subjectOf({ message, subject }: MailReading): string {
  return message.headers.subject === '' ? (subject ?? '') : message.headers.subject;
}
