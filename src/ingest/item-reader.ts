/** What reads one input, whatever its form: trace items in order, and what was wrong with it. */
import type { Problem, ProblemCode } from './problems.ts';
import type { TraceItem } from './trace-item.ts';

export interface InputFacts {
  readonly bytes: number;
  /** Lines of a text, records of a binary log. */
  readonly lines: number;
  readonly events: number;
  readonly messages: number;
  /** Id of the form, `+gzip` or `+zstd` appended. */
  readonly format: string;
  readonly problems: readonly Problem[];
  readonly digest: { readonly kind: 'sha256' | 'sha256-ends'; readonly hex: string };
}

export interface ItemReader {
  /** Index of the input. */
  readonly input: number;
  /** Size in bytes where it is known beforehand, for a progress bar. */
  readonly size: number | undefined;
  readonly bytesRead: number;
  /** Most of it holds bytes that no text has. */
  readonly looksBinary: boolean;
  /** The next item in the order of the input, undefined at the end. Waits only for packed inputs. */
  next(): TraceItem | undefined | Promise<TraceItem | undefined>;
  /** After the end. */
  facts(): InputFacts;
  /** Counts a problem that only the replay can see, such as a log that starts in the middle. */
  note(code: ProblemCode, line: number): void;
  close(): void;
}
