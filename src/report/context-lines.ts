/**
 * The lines of the logs around those that prove a violation. They stand beside
 * the report, which holds the proof alone: a reader of a page sees the proof in
 * its place, and a program that reads the report misses nothing.
 */
import type { Elided } from '../base/text.ts';
import type { LineReport, Report } from './report.ts';

/** Lines before and behind each line of evidence. */
export const AROUND = 3;
/** As many lines of evidence get them: a page shows no more. */
const MAX_EVIDENCE = 400;
/** Of a line that is only shown around another one. */
export const MAX_CHARACTERS = 2000;

/** Per name of an input, the lines by their numbers; an input whose lines can't be had is not in it. */
export type ContextLines = ReadonlyMap<string, ReadonlyMap<number, Elided>>;

export const NO_CONTEXT: ContextLines = new Map();

/** Evidence of the findings, by input; bounded, whatever the log is. */
export function evidenceByInput(report: Report): ReadonlyMap<string, readonly LineReport[]> {
  const byInput = new Map<string, LineReport[]>();
  const evidence = report.verdicts.flatMap(({ findings }) => findings.flatMap((finding) => finding.evidence));
  for (const line of evidence.slice(0, MAX_EVIDENCE)) {
    const known = byInput.get(line.file);
    if (known === undefined) byInput.set(line.file, [line]);
    else known.push(line);
  }
  return byInput;
}
