/**
 * The review as its renderers see it and, as it stands, the JSON of `review`
 * (schema `qtrace-review/1`). What the mails do not say is null. No clock, path
 * or random value: the same mails give the same report.
 */
import type { Diff } from '../diff/diff.ts';
import type { Report, LineReport as TraceLine } from '../report/report.ts';
import type { HunkLine, HunkState, PatchFile, Remark, RemarkSeverity } from './series.ts';

export interface ReviewReport {
  readonly schema: 'qtrace-review/1';
  /** Version of qtrace. */
  readonly qtrace: string;
  readonly inputs: readonly { readonly name: string }[];
  readonly cover: { readonly mail: MailReport; readonly message: string } | null;
  readonly patches: readonly PatchReport[];
  readonly remarks: readonly RemarkReport[];
  /** What the patch does to the query protocol, in the order of the patch. */
  readonly effects: readonly EffectReport[];
  /** What the traces show, each at the hunk that explains it. */
  readonly findings: readonly PlacedFinding[];
  /** Reports of --trace and --base-trace, and the two compared; null where they are not given. */
  readonly traces: { readonly head: Report | null; readonly base: Report | null; readonly diff: Diff | null };
  readonly comments: readonly CommentReport[];
  readonly problems: readonly ReviewProblem[];
  readonly lines: {
    readonly patch: number;
    readonly message: number;
    readonly comment: number;
    readonly header: number;
  };
  /** What changed since an older version of the series; null without one. */
  readonly versions: VersionsReport | null;
}

/** What a reply needs of the mail that it answers. */
export interface MailReport {
  readonly subject: string | null;
  readonly from: string | null;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly messageId: string | null;
  readonly references: readonly string[];
  readonly date: string | null;
}

export interface PatchReport extends MailReport {
  /** The mail that it was read from: its own, or a reply that quotes it. */
  readonly mail: MailReport;
  readonly input: string;
  readonly version: number;
  readonly number: number | null;
  readonly total: number | null;
  readonly message: string;
  readonly diffstat: { readonly files: number; readonly additions: number; readonly deletions: number } | null;
  readonly additions: number;
  readonly deletions: number;
  readonly files: readonly FileReport[];
}

export interface FileReport {
  readonly path: string;
  readonly oldPath: string;
  readonly change: PatchFile['change'];
  readonly additions: number;
  readonly deletions: number;
  readonly hunks: readonly HunkReport[];
}

export interface HunkReport {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  readonly section: string;
  readonly state: HunkState;
  readonly note: string;
  /** Line of the input that holds its header, from 1. */
  readonly inputLine: number;
  readonly lines: readonly LineReport[];
}

export interface LineReport {
  readonly kind: HunkLine['kind'];
  /** Without the mark in the first column. */
  readonly text: string;
  readonly oldLine: number | null;
  readonly newLine: number | null;
  readonly inputLine: number;
}

export interface RemarkReport extends Remark {
  /** What a trace shows of it. */
  readonly traceFindings: readonly TraceFinding[];
}

/** Says of a remark that a trace bears it out, or that the same duty is kept in it. */
export interface TraceFinding {
  readonly says: 'confirms' | 'refutes' | 'undecided';
  /** The rule that was judged; not always the remark's own. */
  readonly rule: string;
  readonly migration: number;
  readonly text: string;
  readonly evidence: readonly TraceLine[];
  /** What would decide it. */
  readonly enable: readonly string[];
}

export interface EffectReport {
  readonly patch: number;
  readonly path: string;
  readonly line: number;
  readonly hunk: number;
  readonly hunkLine: number;
  readonly text: string;
}

/** A violation of --trace, or one that only --base-trace has. */
export interface PlacedFinding {
  readonly rule: string;
  readonly severity: RemarkSeverity;
  readonly migration: number;
  readonly message: string;
  readonly evidence: readonly TraceLine[];
  /** Against --base-trace; null without one. */
  readonly change: 'newly-violated' | 'still-violated' | 'fixed' | null;
  /** How near the patch comes to what explains it. */
  readonly near: 'hunk' | 'function' | 'file' | 'elsewhere';
  /** Index of the remark that says the same; null where there is none. */
  readonly remark: number | null;
  readonly patch: number | null;
  readonly path: string | null;
  readonly hunk: number | null;
}

export interface CommentReport {
  readonly author: string | null;
  /** `turns`: worked out from the turns of a conversation without quote marks. */
  readonly authorFrom: 'mail' | 'turns';
  readonly date: string | null;
  readonly patch: number | null;
  readonly path: string | null;
  readonly hunk: number | null;
  /** Index, in the hunk's lines, of the line right above it. */
  readonly hunkLine: number | null;
  /** Line in the new file of the line right above it (in the old one if that is deleted). */
  readonly line: number | null;
  readonly text: string;
  readonly depth: number;
  readonly input: string;
  readonly inputLine: number;
}

export interface ReviewProblem {
  readonly code: string;
  readonly count: number;
  readonly input: string;
  readonly firstLine: number;
  readonly text: string;
  readonly hint: string;
}

export type VersionChange = 'unchanged' | 'moved' | 'changed' | 'dropped' | 'new';

export interface VersionsReport {
  /** The older version; `patches` of the report are the newer one. */
  readonly base: { readonly patches: readonly PatchReport[] };
  readonly patches: readonly PatchChange[];
  /** Each comment on the older version: did its lines change? */
  readonly comments: readonly CommentChange[];
}

export interface PatchChange {
  readonly change: Exclude<VersionChange, 'moved'>;
  /** Indices of the patches; null where there is none. */
  readonly base: number | null;
  readonly head: number | null;
  readonly messageChanged: boolean;
  readonly hunks: readonly HunkChange[];
}

export interface HunkChange {
  /** `moved`: the same lines are added and deleted, among other ones or in another file. */
  readonly change: VersionChange;
  readonly base: HunkPlace | null;
  readonly head: HunkPlace | null;
}

export interface HunkPlace {
  readonly path: string;
  /** Index of the hunk in its file. */
  readonly hunk: number;
}

export interface CommentChange {
  /** As it was made; its `patch` is an index of the base. */
  readonly comment: CommentReport;
  readonly lines: 'changed' | 'unchanged' | 'gone';
  /** Where they stand in the newer version; null where they are gone. */
  readonly patch: number | null;
  readonly path: string | null;
  readonly line: number | null;
}
