/** The callback of SaveVMHandlers, as the series declares it. */
import type { Param } from '../code/functions.ts';
import type { CodeLine } from '../code/image.ts';
import type { SeriesModel } from './model.ts';
import { CALLBACK } from './names.ts';

export interface Callback {
  readonly params: readonly Param[];
  readonly line: CodeLine;
  readonly patch: number;
  /** It is new, or its parameters differ from those before. */
  readonly changed: boolean;
}

/** The last declaration in the series; undefined where no hunk shows one. */
export function callbackOf({ oldFiles, newFiles }: SeriesModel): Callback | undefined {
  const members = (files: typeof newFiles) =>
    files.flatMap(({ patch, text }) =>
      text.prototypes.filter(({ name, member }) => member && name === CALLBACK).map((one) => ({ ...one, patch })),
    );
  const last = members(newFiles).at(-1);
  if (last === undefined) return undefined;
  const first = members(oldFiles)[0];
  const types = (params: readonly Param[]): string => params.map(({ type }) => type).join(', ');
  const changed = first === undefined || types(first.params) !== types(last.params);
  return { params: last.params, line: last.line, patch: last.patch, changed };
}
