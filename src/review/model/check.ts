/**
 * A check is one duty that a patch may endanger: one file, one exported
 * constant. It reads the code before and after, says what it finds at the line
 * that does it, and is never surer than the text.
 */
import type { CodeLine } from '../code/image.ts';
import type { Remark } from '../series.ts';
import type { FunctionChange, SeriesModel } from './model.ts';

export interface Check {
  /** Equals the file name, and the rule of its remarks. */
  readonly id: string;
  /** What it looks for, in one sentence. */
  readonly what: string;
  /** What the guest, or the reader of traces, loses. */
  readonly why: string;
  /** What it cannot see. */
  readonly limits: string;
  run(model: SeriesModel): readonly Remark[];
}

export function defineCheck(check: Check): Check {
  return check;
}

export type Said = Pick<Remark, 'rule' | 'severity' | 'confidence' | 'message' | 'reason'>;

/** The remark at its line; none where the line is not in the series. */
export function remarkAt({ series }: SeriesModel, at: CodeLine | undefined, said: Said): readonly Remark[] {
  if (at === undefined) return [];
  const file = series.patches[at.patch]?.files[at.file];
  const line = file?.hunks[at.hunk]?.lines[at.hunkLine];
  if (file === undefined || line === undefined) return [];
  const { patch, hunk, hunkLine } = at;
  return [{ ...said, patch, path: file.path, line: line.newLine ?? line.oldLine ?? 0, hunk, hunkLine }];
}

/** What is run by itself: functions that no other one of the series enters. */
export const entries = (model: SeriesModel, fits: (change: FunctionChange) => boolean): readonly FunctionChange[] =>
  model.changes.filter((change) => change.isEntry && change.new !== undefined && fits(change));

/** The same for what is run with final=1: a handler that is not told of it yet is not called so. */
export const finalEntries = (
  model: SeriesModel,
  fits: (change: FunctionChange) => boolean,
): readonly FunctionChange[] =>
  entries(model, (change) => fits(change) && (model.base !== 'without-final' || change.knowsFinal || !change.inQuery));

/** `when a and b`, or nothing. */
export function when(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` when ${conditions.slice(0, 3).join(' and ')}`;
}

/** All patches that its subjects count are there: nothing stands in one that is not seen. */
export function isComplete({ series: { patches } }: SeriesModel): boolean {
  return patches.every(({ total }) => total === undefined || total <= patches.length);
}

/** No patch comes behind those that are seen. */
export function isEnd({ series: { patches } }: SeriesModel): boolean {
  return patches.every(
    ({ number, total }) => total === undefined || number === undefined || patches.some((one) => one.number === total),
  );
}

export const call = (name: string): string => `${name}()`;

/** A later patch of the series makes it good. */
export function mendedLater(
  model: SeriesModel,
  change: FunctionChange,
  isGood: (later: FunctionChange) => boolean,
): boolean {
  const later = model.changes.filter(({ name, patch }) => name === change.name && patch > change.patch);
  const last = later.at(-1);
  return last !== undefined && isGood(last);
}
