import { type Callback, callbackOf, impliedCallback } from '../model/callback.ts';
import { defineCheck, isComplete, remarkAt } from '../model/check.ts';
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
    if (callback === undefined) return withoutDeclaration(model);
    return [...untouched(model, callback), ...unlike(model, callback), ...badCalls(model, callback)];
  },
});

/** Implementers that the series does not touch. */
function untouched(model: SeriesModel, callback: Callback): readonly Remark[] {
  if (!callback.changed) return [];
  const follows = ({ isHandler, new: code }: FunctionChange): boolean =>
    isHandler && code?.text.params?.length === callback.params.length;
  const touched = model.changes
    .filter((change) => follows(change) || hasOtherTypes(change, callback))
    .map(({ path }) => path);
  const { fromTree, forgotten } = forgottenBy(model, touched);
  if (forgotten.length === 0) return [];
  return remarkAt(model, callback.line, {
    rule: 'handler-forgotten',
    severity: fromTree ? 'error' : 'warning',
    confidence: fromTree ? 'certain' : 'likely',
    message: `${CALLBACK}() gets another signature, and the series does not change ${namesOf(forgotten)}.`,
    reason: sourceOf(fromTree),
  });
}

interface Implementer {
  readonly path: string;
  readonly name: string;
}

function forgottenBy(
  { tree }: SeriesModel,
  touched: readonly string[],
): { readonly fromTree: boolean; readonly forgotten: readonly Implementer[] } {
  const known = tree?.implementers(CALLBACK);
  const all = known ?? MODULES.map(({ path, name }) => ({ path, name }));
  const isTouched = ({ path }: Implementer): boolean =>
    touched.some((one) => one === path || path.endsWith(`/${one}`) || one.endsWith(`/${path}`));
  return { fromTree: known !== undefined, forgotten: all.filter((one) => !isTouched(one)) };
}

const namesOf = (all: readonly Implementer[]): string => all.map(({ path, name }) => `${path} (${name})`).join(', ');
const sourceOf = (fromTree: boolean): string =>
  fromTree
    ? 'The source tree implements it there.'
    : 'QEMU 10.2 and 11.1 implement it there; --tree DIR reads the implementers off your source.';

/** The declaration is not shown: its call, or a handler, says how many arguments it has now. */
function withoutDeclaration(model: SeriesModel): readonly Remark[] {
  const callback = impliedCallback(model);
  if (callback === undefined || !isComplete(model)) return [];
  const { count, from, line } = callback;
  const follows = ({ isHandler, new: code }: FunctionChange): boolean =>
    isHandler && code?.text.params?.length === count;
  const { fromTree, forgotten } = forgottenBy(
    model,
    model.changes.filter(follows).map(({ path }) => path),
  );
  const left = ['its declaration in include/migration/register.h', namesOf(forgotten)].filter((text) => text !== '');
  return remarkAt(model, line, {
    rule: 'handler-forgotten',
    severity: fromTree && forgotten.length > 0 ? 'error' : 'warning',
    confidence: fromTree && forgotten.length > 0 ? 'certain' : 'likely',
    message: `${CALLBACK}() ${from === 'call' ? 'is called with' : 'is implemented with'} ${count} arguments now, and the series does not change ${left.join(', nor ')}.`,
    reason: sourceOf(fromTree),
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
