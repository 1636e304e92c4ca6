/**
 * Reads the lines around the proof, in a second pass that nothing but a
 * violation causes and that ends at the last line of evidence. Standard input
 * can't be read twice. Where the lines of a file are not those that were judged
 * (a binary log, a log that was rotated meanwhile), it has no context.
 */
import { UserError } from '../base/errors.ts';
import { type Elided, elide } from '../base/text.ts';
import { ByteSource } from '../ingest/byte-source.ts';
import { LineReader } from '../ingest/line-reader.ts';
import { AROUND, type ContextLines, evidenceByInput, MAX_CHARACTERS } from '../report/context-lines.ts';
import type { LineReport, Report } from '../report/report.ts';
import type { InputPlan } from './replay-inputs.ts';

export async function readContext(report: Report, plan: InputPlan): Promise<ContextLines> {
  const context = new Map<string, ReadonlyMap<number, Elided>>();
  for (const [name, evidence] of evidenceByInput(report)) {
    const path = plan.files[plan.names.indexOf(name)];
    if (path === undefined || path === '-') continue;
    const lines = await linesOf(path, evidence);
    if (lines !== undefined) context.set(name, lines);
  }
  return context;
}

async function linesOf(
  path: string,
  evidence: readonly LineReport[],
): Promise<ReadonlyMap<number, Elided> | undefined> {
  try {
    const source = await ByteSource.open(path, false);
    try {
      // What has no size is no file: a pipe was read to its end.
      return source.size === undefined ? undefined : await collect(new LineReader(source), evidence);
    } finally {
      source.close();
    }
  } catch (thrown) {
    if (thrown instanceof UserError) return undefined;
    throw thrown;
  }
}

/** undefined where a line is not the one that was judged. */
async function collect(
  reader: LineReader,
  evidence: readonly LineReport[],
): Promise<ReadonlyMap<number, Elided> | undefined> {
  const judged = new Map(evidence.map(({ line, text }) => [line, text]));
  const wanted = new Set([...judged.keys()].flatMap(around));
  const last = Math.max(...wanted);
  const lines = new Map<number, Elided>();
  while (reader.line < last) {
    // Waiting for what is there already would cost more than the reading.
    const more = reader.advance();
    if (!(typeof more === 'boolean' ? more : await more)) break;
    // Of an endless line only the beginning is known.
    if (!wanted.has(reader.line) || reader.overlong) continue;
    const text = reader.buffer.toString('utf8', reader.start, reader.end).replace(/\r$/, '');
    if (!isJudged(text, judged.get(reader.line))) return undefined;
    lines.set(reader.line, elide(text, MAX_CHARACTERS));
  }
  return lines;
}

/** In a mail a line may go on in the next one. */
function isJudged(text: string, evidence: string | undefined): boolean {
  return evidence === undefined || (text !== '' && evidence.startsWith(text));
}

function around(line: number): readonly number[] {
  return Array.from({ length: 2 * AROUND + 1 }, (_, at) => line - AROUND + at).filter((one) => one > 0);
}
