/** Mails, an mbox, a page or a plain diff, as the series of patches that they hold. */
import { CopyIndex, type Mail, type PatchCopies } from './mail/copies.ts';
import { type Discussion, gatherComments } from './mail/gather-comments.ts';
import type { LineKind } from './mail/line-kinds.ts';
import { type MailReading, readMail } from './mail/read-mail.ts';
import { readMessages } from './mail/read-message.ts';
import { splitInput } from './mail/split-input.ts';
import { parseSubject } from './mail/subject.ts';
import { answeredBy, headersOfPatch, subjectOf } from './mail/thread.ts';
import type { LineCounts, Patch, Series } from './series.ts';
import { addMissing, addPatchProblems, ProblemList } from './series-problems.ts';

/** Reads bytes, or text, or several of these as one series; any bytes give a series, perhaps an empty one. */
export async function readSeries(input: Uint8Array | string | readonly (Uint8Array | string)[]): Promise<Series> {
  const inputs = typeof input === 'string' || input instanceof Uint8Array ? [input] : input;
  const problems = new ProblemList();
  const mails: Mail[] = [];
  for (const [at, one] of inputs.entries()) {
    for (const raw of splitInput(typeof one === 'string' ? Buffer.from(one, 'utf8') : one)) {
      for (const message of await readMessages(raw)) {
        for (const problem of message.problems) problems.add({ ...problem, input: at });
        const reading = readMail(message);
        mails.push({ reading, subject: parseSubject(subjectOf(reading)), input: at });
      }
    }
  }
  const index = new CopyIndex(mails);
  const groups = inOrder(index.groups);
  const patches = groups.map(patchOf);
  addPatchProblems(problems, patches);
  addMissing(problems, patches);
  const covers = mails.filter(isCover);
  const [cover] = covers;
  return {
    patches,
    comments: gatherComments(patches, discussions(mails, index, groups, covers)),
    problems: problems.all,
    cover: cover === undefined ? undefined : { headers: cover.reading.message.headers, message: cover.reading.text },
    lineCounts: countLines(mails.map(({ reading }) => reading)),
  };
}

/** Older versions first, each series by its numbers; a patch without a number follows the one that it came after. */
function inOrder(groups: readonly PatchCopies[]): readonly PatchCopies[] {
  const places = new Map<string, number>();
  let last: readonly number[] = [0, 0, 0];
  const ranked = groups.map((group) => {
    const { subject, reading } = group.posted ?? group.best;
    const series = `${subject.total ?? ''}\n${reading.message.headers.references[0] ?? ''}`;
    const place = places.get(series) ?? places.size;
    if (subject.number !== undefined) {
      places.set(series, place);
      last = [subject.version, place, subject.number];
    } else last = [subject.version, last[1] ?? 0, last[2] ?? 0];
    return { group, rank: last };
  });
  return ranked
    .sort((a, b) => a.rank.map((value, at) => value - (b.rank[at] ?? 0)).find((difference) => difference !== 0) ?? 0)
    .map(({ group }) => group);
}

function patchOf(group: PatchCopies): Patch {
  const { best, posted } = group;
  const { subject } = posted ?? best;
  return {
    headers: headersOfPatch(group),
    mail: best.reading.message.headers,
    version: subject.version,
    number: subject.number,
    total: subject.total,
    input: best.input,
    message: (posted ?? best).reading.text,
    files: best.reading.files,
    diffstat: (posted ?? best).reading.diffstat,
  };
}

function isCover({ subject, reading }: Mail): boolean {
  return reading.files.length === 0 && !subject.isReply && subject.number === 0;
}

function discussions(
  mails: readonly Mail[],
  index: CopyIndex,
  groups: readonly PatchCopies[],
  covers: readonly Mail[],
): readonly Discussion[] {
  const places = new Map(groups.map((group, at) => [group, at]));
  return mails.map((mail) => {
    const isSpeech = mail.reading.files.length === 0 && !isCover(mail);
    const group = index.of(mail) ?? (isSpeech ? answeredBy(mail, index, covers) : undefined);
    return { reading: mail.reading, input: mail.input, patch: group === undefined ? undefined : places.get(group) };
  });
}

function countLines(readings: readonly MailReading[]): LineCounts {
  const counts: Record<LineKind, number> = { patch: 0, message: 0, comment: 0, header: 0 };
  for (const { kinds, message } of readings) {
    counts.header += message.headerLines;
    for (const kind of kinds) counts[kind] += 1;
  }
  return counts;
}
