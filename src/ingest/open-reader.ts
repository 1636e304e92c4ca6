/** Opens an input with the reader that its content asks for. */
import { ByteSource } from './byte-source.ts';
import type { Clock } from './clock.ts';
import type { ItemReader } from './item-reader.ts';
import { MailReader } from './mail/mail-reader.ts';
import { HEAD_LENGTH, LONGEST_MAIL, mailFormOf } from './mail/recognise.ts';
import { tableFor } from './simple/event-table.ts';
import { HEADER_BYTES } from './simple/layout.ts';
import { isSimpleLog, SimpleReader } from './simple/simple-reader.ts';
import { TraceReader } from './trace-reader.ts';

/** Bytes. */
const LARGE = 1_000_000;

export interface ReaderOptions {
  /** A file or `-`. */
  readonly path: string;
  /** Index of the input. */
  readonly input: number;
  readonly clock: Clock;
  /** Thread id that the file's name gives to all its lines. */
  readonly thread: number | undefined;
  readonly fullDigest: boolean;
  /** It is the only input of its process: lines that are only counted need not come one by one. */
  readonly alone: boolean;
  /** Tables of trace events that were given, for binary logs. */
  readonly tables: readonly string[];
}

/** @throws UserError when the input can't be opened. */
export async function openReader(options: ReaderOptions): Promise<ItemReader> {
  const source = await ByteSource.open(options.path, options.fullDigest);
  try {
    const head = await source.peek(HEADER_BYTES);
    if (isSimpleLog(head, options.path)) {
      return new SimpleReader(source, head, { ...options, table: await tableFor(options.path, options.tables) });
    }
    return (
      (await openMail(source, options)) ??
      new TraceReader(source, { ...options, runs: options.alone && isLarge(source) })
    );
  } catch (thrown) {
    source.close();
    throw thrown;
  }
}

/** It pays to pass over its lines. */
function isLarge({ size, packing }: ByteSource): boolean {
  return size === undefined || packing !== 'plain' || size >= LARGE;
}

/** A mail is taken apart as a whole; what is too long for one, or one of a set of logs, is read as a log. */
async function openMail(source: ByteSource, options: ReaderOptions): Promise<ItemReader | undefined> {
  if (options.thread !== undefined) return undefined;
  const form = mailFormOf(await source.peek(HEAD_LENGTH));
  if (form === undefined) return undefined;
  // A packed one may be longer than its file.
  const length = source.packing === 'plain' ? (source.size ?? LONGEST_MAIL) : LONGEST_MAIL;
  const bytes = await source.peek(Math.min(length, LONGEST_MAIL) + 1);
  return bytes.length > LONGEST_MAIL ? undefined : new MailReader(source, bytes, form === 'headers', options);
}
