/**
 * Reads the trace lines that are pasted into a mail. A mail is an excerpt:
 * nobody knows what its author left out, whether two blocks are of one run, or
 * of one process. So every block begins with a hole, and the first one weakens
 * whatever rests on what is not there.
 */
import type { ByteSource } from '../byte-source.ts';
import type { InputFacts } from '../item-reader.ts';
import type { LineSource } from '../line-source.ts';
import { TraceReader, type TraceReaderOptions } from '../trace-reader.ts';
import { type FoundLine, findLines } from './find-lines.ts';
import { readMail } from './mime.ts';

/** What is found in a mail, one line after the other. */
class FoundLines implements LineSource {
  readonly #found: readonly FoundLine[];
  #next = 0;
  buffer: Buffer = Buffer.alloc(0);
  readonly start = 0;
  end = 0;
  readonly nuls = 0;
  readonly terminated = true;
  readonly overlong = false;
  line = 0;
  raw = '';
  gap = false;

  constructor(found: readonly FoundLine[]) {
    this.#found = found;
  }

  advance(): boolean {
    const found = this.#found[this.#next];
    if (found === undefined) return false;
    this.#next += 1;
    this.buffer = Buffer.from(found.text);
    this.end = this.buffer.length;
    this.line = found.line;
    this.raw = found.raw;
    this.gap = found.gap;
    return true;
  }
}

export class MailReader extends TraceReader {
  readonly #lines: number;

  /** `bytes` is the whole of `source`, which has handed it out. */
  constructor(source: ByteSource, bytes: Buffer, withHeaders: boolean, options: TraceReaderOptions) {
    const mail = readMail(bytes, withHeaders);
    const { found, problems, read } = findLines(mail.lines);
    // A number in its name is no thread.
    super(source, { ...options, thread: undefined }, new FoundLines(found));
    this.#lines = mail.count;
    for (const line of mail.filled) if (!read.has(line)) this.note('prose', line);
    for (const { code, line } of problems) this.note(code, line);
  }

  override facts(): InputFacts {
    const facts = super.facts();
    const format = facts.events > 0 ? `mail:${facts.format}` : 'mail';
    return { ...facts, format, lines: this.#lines };
  }
}
