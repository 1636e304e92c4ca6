/** Where a trace reader gets its lines: a log as it stands, or the trace lines that were found in a mail. */
export interface LineSource {
  readonly buffer: Buffer;
  /** The current line in the buffer, without its line end and without NUL bytes at its beginning. */
  readonly start: number;
  end: number;
  /** NUL bytes that stood at the beginning of the current line. */
  readonly nuls: number;
  /** Number of the current line, counted from 1. */
  readonly line: number;
  /** False for a last line without a line end. */
  readonly terminated: boolean;
  readonly overlong: boolean;
  /** What stands in the file, where that is not the line itself: quoted, escaped or wrapped by a mailer. */
  readonly raw?: string;
  /** Lines may have been left out before this one. */
  readonly gap?: boolean;
  /** Goes to the next line; false at the end. */
  advance(): boolean | Promise<boolean>;
}
