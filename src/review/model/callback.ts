/** The callback of SaveVMHandlers, as the series declares it. */
import type { Param } from '../code/functions.ts';
import type { CodeLine } from '../code/image.ts';
import type { FunctionChange, SeriesModel } from './model.ts';
import { CALLBACK } from './names.ts';

export interface Callback {
  readonly params: readonly Param[];
  readonly line: CodeLine;
  readonly patch: number;
  /** It is new, or its parameters differ from those before. */
  readonly changed: boolean;
}

/**
 * The same where no hunk shows the declaration: from the call of it in the
 * core, or from a handler, that has another number of arguments than before.
 */
export function impliedCallback(model: SeriesModel): ImpliedCallback | undefined {
  const calls = model.changes.flatMap((change) => {
    const [old, fresh] = [argumentsIn(change, 'before'), argumentsIn(change, 'after')];
    if (old === undefined || fresh === undefined || old.count === fresh.count) return [];
    return [{ count: fresh.count, line: fresh.line, patch: change.patch, from: 'call' as const }];
  });
  const handlers = model.changes.flatMap((change) => {
    const [old, fresh] = [change.old?.text, change.new?.text];
    const isPair = /_(?:exact|estimate)$/.test(change.name);
    if (!change.isHandler || isPair || old?.params === undefined || fresh?.params === undefined) return [];
    if (fresh.header === undefined || old.params.length === fresh.params.length) return [];
    return [{ count: fresh.params.length, line: fresh.header, patch: change.patch, from: 'handler' as const }];
  });
  return calls.at(-1) ?? handlers.at(-1);
}

export interface ImpliedCallback {
  readonly count: number;
  readonly line: CodeLine;
  readonly patch: number;
  readonly from: 'call' | 'handler';
}

function argumentsIn(
  change: FunctionChange,
  side: 'before' | 'after',
): { readonly count: number; readonly line: CodeLine } | undefined {
  for (const { ops } of change[side]('exact')?.paths ?? []) {
    const call = ops.find((op) => op.kind === 'call' && op.indirect && op.name === CALLBACK);
    if (call?.kind === 'call') return { count: call.args.length, line: call.line };
  }
  return undefined;
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
