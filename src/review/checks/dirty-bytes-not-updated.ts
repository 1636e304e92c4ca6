import type { Op, Path } from '../code/paths.ts';
import { defineCheck, entries, finalEntries, remarkAt, when } from '../model/check.ts';
import { breachOf, everyPath, type Holds, somePath } from '../model/compare.ts';
import { lineOf, lostAt, madeAt } from '../model/guilt.ts';
import { asksBelow, callsChangedCore, callsFrom, type FunctionChange, type SeriesModel } from '../model/model.ts';
import { CALLBACK, CORE_QUERY, isCounterStore, isTotalStore } from '../model/names.ts';
import { isWhole, partsIn } from '../model/totals.ts';
import type { Remark } from '../series.ts';

export const dirtyBytesNotUpdated = defineCheck({
  id: 'dirty-bytes-not-updated',
  what: 'A query does not store its total as dirty_bytes_total.',
  why: 'Management software plans the switchover by this figure: a stale one hides what is left to send.',
  limits: 'A store in a function that the series does not show is not seen.',
  run: (model) => [...notStored(model), ...wronglyStored(model)],
});

const asks = (op: Op): boolean => op.kind === 'call' && (op.name === CALLBACK || op.name === CORE_QUERY);
const isStore = (op: Op): boolean => op.kind === 'assign' && isCounterStore(op.target);
const stores = ({ ops }: Path): Holds => (ops.some(isStore) ? 'yes' : 'no');
/** The core stores it below what is shown. */
const storesOrWill = ({ ops }: Path): Holds => {
  if (ops.some(isStore)) return 'yes';
  return ops.some((op) => op.kind === 'unseen' && !op.leading) ? 'maybe' : 'no';
};
const KINDS = ['final', 'exact', 'estimate'] as const;
const IN_WORDS = { final: 'The final query', exact: 'An exact query', estimate: 'An estimate' };

function notStored(model: SeriesModel): readonly Remark[] {
  return entries(model, isCore).flatMap((change) => {
    for (const id of KINDS) {
      const holds = change.name === CORE_QUERY && change.new?.text.opened !== true ? storesOrWill : stores;
      const breach = breachOf(change.before(id), change.after(id), holds) ?? neverInFinal(change, id);
      // Where the modules are not asked either, that is the worse fault.
      if (breach !== undefined && asksBelow(change) && !breach.path.ops.some(asks)) continue;
      if (breach === undefined || storedByCaller(model, change, id)) continue;
      const sure = breach.conditions.length === 0;
      return remarkAt(model, lostAt(change, breach.path, isStore), {
        rule: 'dirty-bytes-not-updated',
        severity: sure ? 'error' : 'warning',
        confidence: sure ? 'certain' : 'possible',
        message: `${IN_WORDS[id]} does not store its total as dirty_bytes_total any more${when(breach.conditions)}, so query-migrate goes on to show that of the query before. If a module reports too little, it is the module that should be mended.`,
        reason: `On this path of ${change.name}() nothing is stored as dirty_bytes_total.`,
      });
    }
    return [];
  });
}

/** Makes the query, and has the counter to keep. */
function isCore(change: FunctionChange): boolean {
  const asks = ({ ops }: Path): boolean =>
    ops.some((op) => isStore(op) || (op.kind === 'call' && op.name === CALLBACK));
  const keeps = ({ ops }: Path): boolean => ops.some(isStore);
  const { inQuery, isHandler, name, before, after } = change;
  if (name === CORE_QUERY) return true;
  if (!inQuery || isHandler || ![before('exact'), after('exact')].some((paths) => somePath(paths, asks))) return false;
  return (
    [before, after].some((side) => [side('exact'), side('switchover')].some((paths) => somePath(paths, keeps))) ||
    change.old === undefined
  );
}

/** A new store that leaves the final query out from the beginning. */
function neverInFinal(change: FunctionChange, id: (typeof KINDS)[number]) {
  const [exact, final] = [change.after('exact'), change.after('final')];
  if (id !== 'final' || somePath(change.before('exact'), ({ ops }) => ops.some(isStore))) return undefined;
  if (!everyPath(exact, (path) => stores(path) === 'yes') || !everyPath(final, (path) => stores(path) === 'no'))
    return undefined;
  const path = final?.paths[0];
  return path === undefined ? undefined : { path, conditions: [], seen: true };
}

/** Added in a function that calls this one. */
function storedByCaller({ changes }: SeriesModel, than: FunctionChange, id: (typeof KINDS)[number]): boolean {
  const isAdded = (op: Op): boolean => isStore(op) && lineOf(op)?.changed === true;
  return changes.some(
    (change) =>
      change.name !== than.name &&
      // The wrapper of the iteration makes no final query.
      (id !== 'final' || !change.name.endsWith('_iter')) &&
      callsFrom(change, than.name) &&
      somePath(change.after('switchover'), ({ ops }) => ops.some(isAdded)),
  );
}

/** Another figure than the total, or the total before it is worked out. */
function wronglyStored(model: SeriesModel): readonly Remark[] {
  return finalEntries(model, (change) => !callsChangedCore(model, change)).flatMap((change) => {
    for (const id of KINDS) {
      const breach = breachOf(change.before(id), change.after(id), ({ ops }) =>
        wrongStore(ops) === undefined ? 'yes' : 'no',
      );
      const store = breach === undefined ? undefined : wrongStore(breach.path.ops);
      if (breach === undefined || store === undefined || breach.conditions.length > 0) continue;
      // It is told of the function that stores.
      if (lineOf(store)?.file !== change.file) continue;
      return remarkAt(model, madeAt(change, store), {
        rule: 'dirty-bytes-not-updated',
        severity: 'error',
        confidence: 'certain',
        message: `What is stored as dirty_bytes_total here is not the total of ${id === 'final' ? 'the final' : 'this'} query.`,
        reason: `It is worked out from the assignments of ${change.name}().`,
      });
    }
    return [];
  });
}

function wrongStore(ops: readonly Op[]): Op | undefined {
  for (const [at, op] of ops.entries()) {
    if (op.kind !== 'assign' || !isCounterStore(op.target)) continue;
    const parts = partsIn(op.value);
    const isPart = parts !== undefined && !isWhole(op.value);
    const isEarly =
      parts?.has('total') === true &&
      ops.slice(at).some((later) => later.kind === 'assign' && isTotalStore(later.target));
    if (isPart || isEarly) return op;
  }
  return undefined;
}
