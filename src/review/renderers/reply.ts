/**
 * The review as a reply to the patch: hunks quoted, each remark right under
 * its line, raw trace lines pasted. It is a draft: a person reads and sends it.
 */
import { plural, visible } from '../../base/text.ts';
import { wrap } from '../../report/renderers/text/layout.ts';
import type { PatchReport, PlacedFinding, RemarkReport, ReviewReport, TraceFinding } from '../report.ts';
import type { ReviewRenderer } from './renderer.ts';
import { headerLines, replyTo } from './reply/headers.ts';
import { fileLines, hunkHeader, quotedUpTo } from './reply/quote.ts';

const COLUMNS = 72;
/** What separates the mails of an mbox. */
const SEPARATOR = 'From qtrace Thu Jan  1 00:00:00 1970';

export const replyRenderer: ReviewRenderer = {
  id: 'reply',
  render: renderReply,
};

/** One mail per patch that there is something to say of, as an mbox where they are several. */
function renderReply(report: ReviewReport): string {
  const told = report.patches.flatMap((patch, at) => (hasNews(report, at) ? [mailLines(report, patch, at)] : []));
  const [first] = report.patches;
  const mails = told.length === 0 && first !== undefined ? [nothingToSay(report, first)] : told;
  const texts = mails.map((lines) => `${lines.join('\n')}\n`);
  if (texts.length === 1) return texts[0] ?? '';
  return texts.map((text) => `${SEPARATOR}\n${text.replaceAll(/^(?=>*From )/gm, '>')}\n`).join('');
}

/** Findings that no remark has, in the mail of their patch, or of the last one. */
function ownFindings({ findings, patches }: ReviewReport, patch: number): readonly PlacedFinding[] {
  const ofPatch = (one: PlacedFinding): number => one.patch ?? patches.length - 1;
  return findings.filter((one) => one.remark === null && one.change !== 'fixed' && ofPatch(one) === patch);
}

function hasNews(report: ReviewReport, patch: number): boolean {
  return report.remarks.some((one) => one.patch === patch) || ownFindings(report, patch).length > 0;
}

function mailLines(report: ReviewReport, patch: PatchReport, index: number): readonly string[] {
  const remarks = report.remarks.filter((one) => one.patch === index);
  return [
    ...headerLines(patch, report.qtrace),
    '',
    ...attribution(patch),
    ...remarkedFiles(patch, remarks),
    ...ownFindings(report, index).flatMap(findingLines),
  ];
}

function attribution({ date, from }: PatchReport): readonly string[] {
  const who = from === null ? 'the author' : visible(from);
  return wrapped(`${date === null ? '' : `On ${visible(date)}, `}${who} wrote:`);
}

function remarkedFiles({ files }: PatchReport, remarks: readonly RemarkReport[]): readonly string[] {
  const pasted = new Set<string>();
  return files.flatMap((file) => {
    const own = remarks.filter(({ path }) => path === file.path);
    if (own.length === 0) return [];
    const hunks = file.hunks.flatMap((hunk, at) => {
      const here = own.filter((one) => one.hunk === at);
      if (here.length === 0) return [];
      let done = -1;
      const parts = places(here).flatMap((place) => {
        const quote = quotedUpTo(hunk, done, place);
        done = place;
        return [
          ...quote,
          '',
          ...here.filter(({ hunkLine }) => hunkLine === place).flatMap((remark) => remarkLines(remark, pasted)),
        ];
      });
      return [hunkHeader(hunk), ...parts];
    });
    return [...fileLines(file), ...hunks];
  });
}

const places = (remarks: readonly RemarkReport[]): readonly number[] =>
  [...new Set(remarks.map(({ hunkLine }) => hunkLine))].sort((a, b) => a - b);

/** The message; the reason once, and only where the text alone does not make it certain. */
function remarkLines(remark: RemarkReport, pasted: Set<string>): readonly string[] {
  const { message, severity, confidence, reason, traceFindings } = remark;
  const fresh = traceFindings.filter((one) => !pasted.has(keyOf(one)));
  for (const one of fresh) pasted.add(keyOf(one));
  const isNew = confidence !== 'certain' && severity !== 'info' && !pasted.has(reason);
  if (isNew) pasted.add(reason);
  const doubt = isNew ? ` (${visible(reason)})` : '';
  return [...wrapped(`${visible(message)}${doubt}`), ...fresh.flatMap(traceLines), ''];
}

/** The same lines are pasted once. */
const keyOf = ({ says, rule, migration }: TraceFinding): string => `${says} ${rule} ${migration}`;

function traceLines({ says, rule, text, evidence }: TraceFinding): readonly string[] {
  switch (says) {
    case 'confirms':
      return [
        '',
        ...wrapped(`A trace of the patched build shows it (${rule}: ${visible(text)}):`),
        '',
        ...rawLines(evidence),
      ];
    case 'refutes':
      return ['', ...wrapped(`In the trace that I have the duty is kept, though (${rule}).`)];
    case 'undecided':
      return [];
  }
}

function findingLines({ rule, message, evidence, change, near, path }: PlacedFinding): readonly string[] {
  const known = change === 'still-violated' ? 'as the one without it' : 'and no remark above says why';
  const where =
    near === 'elsewhere' || path === null ? '' : ` The patch changes ${visible(path)}, where the duty lies.`;
  const text = `A trace of the patched build violates ${rule}, ${known}: ${visible(message)}.${where}`;
  return [...wrapped(text), '', ...rawLines(evidence), ''];
}

const rawLines = (evidence: TraceFinding['evidence']): readonly string[] =>
  evidence.map(({ file, line, text }) => `  ${visible(file)}:${line}: ${visible(text)}`);

const wrapped = (text: string): readonly string[] => wrap(text, '', '', COLUMNS);

function nothingToSay(report: ReviewReport, patch: PatchReport): readonly string[] {
  const { head } = report.traces;
  const cover = report.cover?.mail;
  const headers = cover === undefined ? headerLines(patch, report.qtrace) : replyTo(cover, cover.from, report.qtrace);
  const trace =
    head === null
      ? ''
      : ` In the trace of the patched build ${plural(head.summary.pass, 'duty', 'duties')} of it hold${head.summary.pass === 1 ? 's' : ''}, ${head.summary.violated} violated, ${head.summary.undecidable} not decided.`;
  return [...headers, '', ...wrapped(`I found nothing to remark on what this does to the query protocol.${trace}`)];
}
