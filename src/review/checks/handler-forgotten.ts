import { type Callback, callbackOf } from '../model/callback.ts';
import { defineCheck, remarkAt } from '../model/check.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { CALLBACK, isExactName, isFinalName, MODULES, moduleOf } from '../model/names.ts';
import type { Remark } from '../series.ts';

export const handlerForgotten = defineCheck({
  id: 'handler-forgotten',
  what: 'The callback changes, and an implementation or a call of it does not.',
  why: 'A handler with another signature does not build, or reads one argument for the other.',
  limits: 'Without --tree the implementers are those of QEMU 10.2 and 11.1: RAM, block-dirty-bitmap, CMMA and VFIO.',
  run: (model) => {
    const callback = callbackOf(model);
    if (callback === undefined) return [];
    return [...untouched(model, callback), ...unlike(model, callback), ...badCalls(model, callback)];
  },
});

/** Implementers that the series does not touch. */
function untouched(model: SeriesModel, callback: Callback): readonly Remark[] {
  if (!callback.changed) return [];
  const follows = ({ isHandler, new: code }: FunctionChange): boolean =>
    isHandler && code?.text.params?.length === callback.params.length;
  const touched = new Set(
    model.changes.filter((change) => follows(change) || hasOtherTypes(change, callback)).map(({ path }) => path),
  );
  const fromTree = model.tree?.implementers(CALLBACK);
  const all = fromTree ?? MODULES.map(({ path, name }) => ({ path, name }));
  const forgotten = all.filter(
    ({ path }) => ![...touched].some((one) => one === path || path.endsWith(`/${one}`) || one.endsWith(`/${path}`)),
  );
  if (forgotten.length === 0) return [];
  const names = forgotten.map(({ path, name }) => `${path} (${name})`).join(', ');
  return remarkAt(model, callback.line, {
    rule: 'handler-forgotten',
    severity: fromTree === undefined ? 'warning' : 'error',
    confidence: fromTree === undefined ? 'likely' : 'certain',
    message: `${CALLBACK}() gets another signature, and the series does not change ${names}.`,
    reason:
      fromTree === undefined
        ? 'QEMU 10.2 and 11.1 implement it there; --tree DIR reads the implementers off your source.'
        : 'The source tree implements it there.',
  });
}

/** Changed, and remarked on for what it has become. */
const hasOtherTypes = ({ isHandler, new: code }: FunctionChange, callback: Callback): boolean =>
  isHandler && code?.text.params !== undefined && code.text.params.length !== callback.params.length;

/** Implementers with other parameters than the callback. */
function unlike(model: SeriesModel, callback: Callback): readonly Remark[] {
  return model.changes
    .filter(
      ({ isHandler, new: fresh }) => isHandler && fresh !== undefined && !/_(?:exact|estimate)$/.test(fresh.text.name),
    )
    .flatMap((change) => {
      const params = change.new?.text.params;
      const last = model.changes.findLast(({ name, path }) => name === change.name && path === change.path);
      if (params === undefined || last !== change || callback.patch > change.patch) return [];
      const problem = unlikeness(change, params.length, callback);
      return problem === undefined
        ? []
        : remarkAt(model, change.new?.text.header ?? change.changed[0], {
            rule: 'handler-forgotten',
            severity: 'error',
            confidence: 'certain',
            message: problem,
            reason: `The series declares the callback with ${callback.params.length} parameters: ${callback.params.map(({ name }) => name).join(', ')}.`,
          });
    });
}

function unlikeness(change: FunctionChange, count: number, callback: Callback): string | undefined {
  if (count !== callback.params.length) {
    return `${change.name}() has ${count} parameters, and ${CALLBACK}() ${callback.params.length}.`;
  }
  const types = (params: readonly { readonly type: string }[]): string => params.map(({ type }) => type).join(', ');
  if (types(change.new?.text.params ?? []) !== types(callback.params)) {
    return `The parameters of ${change.name}() have other types than those of ${CALLBACK}().`;
  }
  const flags = (names: readonly { readonly name: string }[]): string =>
    names.map(({ name }) => (isExactName(name) ? 'exact' : isFinalName(name) ? 'final' : '-')).join(' ');
  const [own, declared] = [flags(change.new?.text.params ?? []), flags(callback.params)];
  const isSwapped = own.includes('final') && own.includes('exact') && declared.includes('final') && own !== declared;
  return isSwapped ? `${change.name}() has exact and final in another order than ${CALLBACK}().` : undefined;
}

/** Calls with another number of arguments. */
function badCalls(model: SeriesModel, callback: Callback): readonly Remark[] {
  return model.changes.flatMap((change) => {
    if (change.patch < callback.patch) return [];
    for (const { ops } of change.after('final')?.paths ?? []) {
      const call = ops.find(
        (op) => op.kind === 'call' && op.indirect && op.name === CALLBACK && op.args.length !== callback.params.length,
      );
      if (call?.kind !== 'call') continue;
      return remarkAt(model, call.line, {
        rule: 'handler-forgotten',
        severity: 'error',
        confidence: 'certain',
        message: `${CALLBACK}() is called with ${call.args.length} arguments here, and declared with ${callback.params.length}.`,
        reason: `${moduleOf(change.path)?.name ?? change.path}: the declaration is in the series too.`,
      });
    }
    return [];
  });
}
