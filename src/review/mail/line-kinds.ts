/** What a line of a mail is: every line is one of these. */
export type LineKind = 'patch' | 'message' | 'comment' | 'header';

/** Who wrote at one depth of quoting. */
export interface Voice {
  readonly author: string | undefined;
  readonly date: string | undefined;
}
