/**
 * A patch series as it was read from mails: every patch with its files and
 * hunks, cleaned of what mailers, archives and people put between their lines.
 * Texts are as they stand in the mail, never trusted and never escaped here.
 */
export interface Series {
  /** In their order in the series; a cover letter is none. */
  readonly patches: readonly Patch[];
  readonly comments: readonly ReviewComment[];
  /** What could not be read, counted by kind, with where it began and what to do. */
  readonly problems: readonly SeriesProblem[];
  /** What introduces the series; undefined without one. */
  readonly cover: CoverLetter | undefined;
  /** Every line of the inputs is one of these. */
  readonly lineCounts: LineCounts;
}

export interface CoverLetter {
  readonly headers: MailHeaders;
  readonly message: string;
}

export interface LineCounts {
  readonly patch: number;
  readonly message: number;
  readonly comment: number;
  /** Headers, attributions, signatures, a page's own words, and what no text is. */
  readonly header: number;
}

export interface SeriesProblem {
  readonly code: string;
  readonly count: number;
  /** Index of the input that it was first seen in. */
  readonly input: number;
  /** Line of that input, from 1. */
  readonly firstLine: number;
  readonly text: string;
  readonly hint: string;
}

export interface Patch {
  /** Of the patch as it was posted, as far as the input tells: a reply that quotes it names its Message-ID and author. */
  readonly headers: MailHeaders;
  /** Of the mail that it was read from: the patch's own, or a reply that quotes it. */
  readonly mail: MailHeaders;
  /** `[PATCH v2 1/3]`: 2, 1 and 3; undefined where the subject does not say. A version is 1 unless it says. */
  readonly version: number;
  readonly number: number | undefined;
  readonly total: number | undefined;
  /** Index of the input. */
  readonly input: number;
  /** What the author says above the `---`, without the mail's headers. */
  readonly message: string;
  readonly files: readonly PatchFile[];
  /** `9 files changed, 91 insertions(+), 47 deletions(-)` of the mail; undefined where it has none. */
  readonly diffstat: { readonly files: number; readonly additions: number; readonly deletions: number } | undefined;
}

export interface MailHeaders {
  readonly subject: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  /** With its angle brackets; undefined where the mail has none. */
  readonly messageId: string | undefined;
  readonly references: readonly string[];
  readonly date: string | undefined;
}

export interface PatchFile {
  /** Without a/ and b/; the old path of a deleted file. */
  readonly path: string;
  /** Differs from `path` for a rename or a copy. */
  readonly oldPath: string;
  readonly change: 'modified' | 'added' | 'deleted' | 'renamed' | 'copied' | 'binary' | 'mode';
  readonly additions: number;
  readonly deletions: number;
  readonly hunks: readonly Hunk[];
}

/** `repaired`: its lines fit the header's counts after mending; `unresolved`: they don't, and it is read as far as it goes. */
export type HunkState = 'clean' | 'repaired' | 'unresolved';

export interface Hunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** What stands behind the second `@@`: mostly the function that it lies in. */
  readonly section: string;
  readonly state: HunkState;
  /** What was mended, or why it can't be; empty for a clean one. */
  readonly note: string;
  readonly lines: readonly HunkLine[];
  /** Where its header stands in the input, from 1. */
  readonly inputLine: number;
}

export interface HunkLine {
  readonly kind: 'context' | 'added' | 'deleted';
  /** Without the mark in the first column. */
  readonly text: string;
  /** Line in the old file; undefined for an added one. */
  readonly oldLine: number | undefined;
  /** Line in the new file; undefined for a deleted one. */
  readonly newLine: number | undefined;
  /** Line of the input, from 1. */
  readonly inputLine: number;
}

/** What somebody wrote between the lines of a patch, or below it. */
export interface ReviewComment {
  /** As the attribution line or the From header gives him; undefined if neither does. */
  readonly author: string | undefined;
  /** `turns`: a page without quote marks, where only the turns of the conversation tell who speaks. */
  readonly authorFrom: 'mail' | 'turns';
  readonly date: string | undefined;
  /** Index of the patch; undefined for what was said before any. */
  readonly patch: number | undefined;
  /** undefined where it does not stand in a file's diff: it is about the message or the whole. */
  readonly path: string | undefined;
  /** Index of the hunk in its file. */
  readonly hunk: number | undefined;
  /** Index, in the hunk's lines, of the line right above it. */
  readonly hunkLine: number | undefined;
  /** Line in the new file of the line right above it (in the old one if that is deleted). */
  readonly line: number | undefined;
  /** Its own words, without quoting, several lines joined by \n. */
  readonly text: string;
  /** How many quote marks stood before it: 0 is the mail's own author. */
  readonly depth: number;
  /** Index of the input, and the line there where it begins, from 1. */
  readonly input: number;
  readonly inputLine: number;
}

export type RemarkSeverity = 'error' | 'warning' | 'info';

/** What a check says of a patch. */
export interface Remark {
  /** Id of the duty that it endangers, or one of the review's own: `handler-forgotten`, ... */
  readonly rule: string;
  readonly severity: RemarkSeverity;
  /** How sure the text alone makes it; said to the reader, never `certain` where another file could settle it. */
  readonly confidence: 'certain' | 'likely' | 'possible';
  readonly patch: number;
  readonly path: string;
  /** Line in the new file (in the old one if the line is deleted). */
  readonly line: number;
  /** Index of the hunk in its file. */
  readonly hunk: number;
  /** Index in the hunk's lines. */
  readonly hunkLine: number;
  /** One or two sentences: what the patch does there, and what that breaks. */
  readonly message: string;
  /** What in the text it rests on, and what would refute it. */
  readonly reason: string;
}
