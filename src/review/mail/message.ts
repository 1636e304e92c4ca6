/** One mail as text: its headers, and the lines of its body with their places in the input. */
import type { MailHeaders, SeriesProblem } from '../series.ts';

export interface TextLine {
  readonly text: string;
  /** Line of the input, from 1; for base64 the line where its block begins. */
  readonly inputLine: number;
}

export interface Message {
  readonly headers: MailHeaders;
  /** undefined where the input has no headers at all. */
  readonly inReplyTo: string | undefined;
  readonly lines: readonly TextLine[];
  /** Lines of the input that are headers, MIME boundaries and what is not text. */
  readonly headerLines: number;
  readonly problems: readonly Omit<SeriesProblem, 'input' | 'count'>[];
}

export const NO_HEADERS: MailHeaders = {
  subject: '',
  from: '',
  to: [],
  cc: [],
  messageId: undefined,
  references: [],
  date: undefined,
};
