/** Makes the report out of what was read, and compared with an older version. */
import type {
  CommentReport,
  EffectReport,
  FileReport,
  HunkPlace,
  HunkReport,
  MailReport,
  PatchReport,
  ReviewReport,
  VersionsReport,
} from './report.ts';
import type { Hunk, MailHeaders, Patch, PatchFile, Remark, ReviewComment, Series } from './series.ts';
import { type Runs, tieToTraces } from './tie.ts';
import type { HunkAt } from './versions/compare-hunks.ts';
import type { ComparedPatch, VersionComparison } from './versions/compare-versions.ts';

export interface ReviewParts {
  /** Of qtrace. */
  readonly version: string;
  readonly series: Series;
  readonly remarks: readonly Remark[];
  readonly effects: readonly EffectReport[];
  readonly runs: Runs;
  /** Name of an input of the series. */
  readonly nameOf: (input: number) => string;
  readonly inputs: readonly string[];
  /** An older version of the series, if there is one. */
  readonly base: BaseParts | undefined;
}

export interface BaseParts {
  readonly series: Series;
  readonly comparison: VersionComparison;
  readonly nameOf: (input: number) => string;
}

export function buildReview(parts: ReviewParts): ReviewReport {
  const { version, series, remarks, effects, runs, nameOf, inputs, base } = parts;
  const { cover } = series;
  const tied = tieToTraces(series, remarks, runs);
  return {
    schema: 'qtrace-review/1',
    qtrace: version,
    inputs: inputs.map((name) => ({ name })),
    cover: cover === undefined ? null : { mail: buildMail(cover.headers), message: cover.message },
    patches: series.patches.map((patch) => buildPatch(patch, nameOf)),
    remarks: remarks.map((remark, at) => ({ ...remark, traceFindings: tied.traceFindings[at] ?? [] })),
    effects,
    findings: tied.findings,
    traces: { head: runs.head ?? null, base: runs.base ?? null, diff: runs.diff ?? null },
    comments: series.comments.map((comment) => buildComment(comment, nameOf)),
    problems: series.problems.map(({ input, ...problem }) => ({ ...problem, input: nameOf(input) })),
    lines: series.lineCounts,
    versions: base === undefined ? null : buildVersions(base),
  };
}

function buildMail(headers: MailHeaders): MailReport {
  const textOrNull = (text: string): string | null => (text === '' ? null : text);
  return {
    subject: textOrNull(headers.subject),
    from: textOrNull(headers.from),
    to: headers.to,
    cc: headers.cc,
    messageId: headers.messageId ?? null,
    references: headers.references,
    date: headers.date ?? null,
  };
}

function buildPatch(patch: Patch, nameOf: ReviewParts['nameOf']): PatchReport {
  const { files } = patch;
  return {
    ...buildMail(patch.headers),
    mail: buildMail(patch.mail),
    input: nameOf(patch.input),
    version: patch.version,
    number: patch.number ?? null,
    total: patch.total ?? null,
    message: patch.message,
    diffstat: patch.diffstat ?? null,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    files: files.map(buildFile),
  };
}

function buildFile({ hunks, ...file }: PatchFile): FileReport {
  return { ...file, hunks: hunks.map(buildHunk) };
}

function buildHunk({ lines, ...hunk }: Hunk): HunkReport {
  return {
    ...hunk,
    lines: lines.map(({ oldLine, newLine, ...line }) => ({
      ...line,
      oldLine: oldLine ?? null,
      newLine: newLine ?? null,
    })),
  };
}

function buildComment(comment: ReviewComment, nameOf: ReviewParts['nameOf']): CommentReport {
  return {
    author: comment.author ?? null,
    authorFrom: comment.authorFrom,
    date: comment.date ?? null,
    patch: comment.patch ?? null,
    path: comment.path ?? null,
    hunk: comment.hunk ?? null,
    hunkLine: comment.hunkLine ?? null,
    line: comment.line ?? null,
    text: comment.text,
    depth: comment.depth,
    input: nameOf(comment.input),
    inputLine: comment.inputLine,
  };
}

function buildVersions({ series, comparison, nameOf }: BaseParts): VersionsReport {
  return {
    base: { patches: series.patches.map((patch) => buildPatch(patch, nameOf)) },
    patches: comparison.patches.map(buildPatchChange),
    comments: comparison.comments.map(({ comment, lines, patch, path, line }) => ({
      comment: buildComment(comment, nameOf),
      lines,
      patch: patch ?? null,
      path: path ?? null,
      line: line ?? null,
    })),
  };
}

function buildPatchChange({ change, older, newer, messageChanged, hunks }: ComparedPatch) {
  return {
    change,
    base: older ?? null,
    head: newer ?? null,
    messageChanged,
    hunks: hunks.map((hunk) => ({ change: hunk.change, base: placeOf(hunk.older), head: placeOf(hunk.newer) })),
  };
}

function placeOf(at: HunkAt | undefined): HunkPlace | null {
  return at === undefined ? null : { path: at.path, hunk: at.hunk };
}
