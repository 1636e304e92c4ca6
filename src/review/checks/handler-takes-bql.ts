import type { CodeLine } from '../code/image.ts';
import type { Op, Path } from '../code/paths.ts';
import { truthOf } from '../code/values.ts';
import { defineCheck, entries, finalEntries, remarkAt, when } from '../model/check.ts';
import { breachOf, somePath } from '../model/compare.ts';
import { deletedAt, lineOf, lostAt, madeAt } from '../model/guilt.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { CALLBACK, isSync } from '../model/names.ts';
import { asking } from '../model/orders.ts';
import { mayBeSync } from '../model/syncs.ts';
import type { Remark } from '../series.ts';

export const handlerTakesBql = defineCheck({
  id: 'handler-takes-bql',
  what: 'A handler takes the BQL in the final query, or asserts that it is not held, or is not told that the query is the final one.',
  why: 'The final query is called with the BQL held, and bql_lock() asserts that the caller does not hold it: QEMU aborts in the switchover.',
  limits: 'A lock in a helper that the series does not show is not seen.',
  run: (model) => [
    ...locksAgain(model),
    ...assertsFree(model),
    ...notTold(model),
    ...keepsIt(model),
    ...releasesNoMore(model),
    ...signatureOnly(model),
  ],
});

const isNested = (op: Op): boolean => op.kind === 'lock' && op.before === 'held';
const isUnlock = ({ kind }: Op): boolean => kind === 'unlock';
const isDenied = (op: Op): boolean => op.kind === 'assert' && op.is === false && /locked/.test(op.text);

/** What a function did before it knew of the final query does not tell what it may do in it. */
const beforeFinal = (model: SeriesModel, change: FunctionChange) =>
  model.bringsFinal && !change.knewFinal ? undefined : change.before('final');

function locksAgain(model: SeriesModel): readonly Remark[] {
  return finalEntries(model, ({ inQuery }) => inQuery).flatMap((change) => {
    for (const id of ['final', 'exact', 'estimate'] as const) {
      const pre = id === 'final' ? beforeFinal(model, change) : change.before(id);
      const breach = breachOf(pre, asking(change.after(id)), ({ ops }) => (ops.some(isNested) ? 'no' : 'yes'));
      const lock = breach?.path.ops.find(isNested);
      if (breach === undefined || lock === undefined) continue;
      const sure = breach.conditions.length === 0;
      return remarkAt(model, guardOrLock(change, lock), {
        rule: 'handler-takes-bql',
        severity: sure ? 'error' : 'warning',
        confidence: sure ? 'certain' : 'possible',
        message:
          id === 'final'
            ? `The final query is called with the BQL held, and this takes it again${when(breach.conditions)}: bql_lock() aborts.`
            : `This takes the BQL where the query holds it already${when(breach.conditions)}: bql_lock() aborts.`,
        reason: `On the path ${id === 'final' ? 'final=1' : `final=0, exact=${id === 'exact' ? 1 : 0}`} of ${change.name}() the lock is held when it is taken.`,
      });
    }
    return [];
  });
}

/** Where the lock lost its condition, no line of its own has changed. */
function guardOrLock(change: FunctionChange, lock: Op) {
  const own = lineOf(lock);
  if (own?.changed === true) return own;
  const guard = change.changed.find(({ text }) => /^\s*(?:\}?\s*(?:else\s+)?if\b|if\b)/.test(text));
  return guard ?? madeAt(change, lock);
}

function assertsFree(model: SeriesModel): readonly Remark[] {
  return finalEntries(model, ({ inQuery }) => inQuery).flatMap((change) => {
    const breach = breachOf(beforeFinal(model, change), change.after('final'), ({ ops }) =>
      ops.some(isDenied) ? 'no' : 'yes',
    );
    const assertion = breach?.path.ops.find(isDenied);
    if (breach === undefined || assertion === undefined || breach.conditions.length > 0) return [];
    return remarkAt(model, madeAt(change, assertion), {
      rule: 'handler-takes-bql',
      severity: 'error',
      confidence: 'certain',
      message: 'The final query is called with the BQL held; this assertion then fails, and QEMU aborts.',
      reason: `${change.name}() reaches the assertion with final=1.`,
    });
  });
}

/** The core hands on another flag than it got, or a handler does to a helper that it told before. */
function notTold(model: SeriesModel): readonly Remark[] {
  return finalEntries(model, ({ inQuery }) => inQuery).flatMap((change) => {
    const told = (op: Op): boolean => toldFlag(op) === true;
    const knew = somePath(change.before('final'), ({ ops }) => ops.some((op) => isHelper(op) && told(op)));
    const isUntold = (op: Op): boolean => (knew || !isHelper(op)) && toldFlag(op) === false;
    const breach = breachOf(beforeFinal(model, change), asking(change.after('final')), ({ ops }) =>
      ops.some(isUntold) ? 'no' : 'yes',
    );
    const call = breach?.path.ops.find(isUntold);
    if (call?.kind !== 'call' || breach === undefined || breach.conditions.length > 0) return [];
    const helper = isHelper(call);
    return remarkAt(model, madeAt(change, call), {
      rule: 'handler-takes-bql',
      severity: 'error',
      confidence: helper ? 'likely' : 'certain',
      message: `${helper ? 'The helper is' : 'The handlers are'} called with final=false in the final query. The BQL, which is held, is taken again, and QEMU aborts; the last sync is not marked either.`,
      reason: `On the path final=1 of ${change.name}() the last argument of ${helper ? '' : '->'}${call.name}() is false.`,
    });
  });
}

/** A helper that syncs, and is no sync itself. */
const isHelper = (op: Op): boolean => op.kind === 'call' && op.name !== CALLBACK && !isSync(op) && mayBeSync(op);

/** What a handler, or such a helper, is told of the final query. */
function toldFlag(op: Op): boolean | undefined {
  if (op.kind !== 'call' || !(op.name === CALLBACK || isHelper(op))) return undefined;
  const flag = op.args[op.name === CALLBACK ? 3 : 1];
  return flag === undefined ? undefined : truthOf(flag);
}

/** A handler that returns with the lock makes the next one abort. */
function keepsIt(model: SeriesModel): readonly Remark[] {
  const behindLock = ({ ops }: Path): readonly Op[] | undefined => {
    const at = ops.findLastIndex(({ kind }) => kind === 'lock');
    return at < 0 ? undefined : ops.slice(at + 1);
  };
  return entries(model, ({ isHandler, inQuery, old }) => isHandler || (inQuery && old !== undefined)).flatMap(
    (change) => {
      // What gave it back before, in what is seen, does not do it again below.
      const released = somePath(change.before('exact'), (path) => behindLock(path)?.some(isUnlock) === true);
      const keeps = (path: Path): boolean => {
        const behind = path.bql === 'held' ? behindLock(path) : undefined;
        return behind !== undefined && (path.returns || released || behind.every(({ kind }) => kind !== 'unseen'));
      };
      const breach = breachOf(change.before('exact'), change.after('exact'), (path) => (keeps(path) ? 'no' : 'yes'));
      const lock = breach?.path.ops.findLast(({ kind }) => kind === 'lock');
      if (breach === undefined || lock === undefined || (change.old === undefined && breach.conditions.length > 0))
        return [];
      return remarkAt(model, lostAt(change, breach.path, isUnlock), {
        rule: 'handler-takes-bql',
        severity: 'error',
        confidence: 'likely',
        message: `The handler can return with the BQL held${when(breach.conditions)}; the next one that takes it aborts.`,
        reason: `On a path of ${change.name}() with final=0 the lock is taken and not given back.`,
      });
    },
  );
}

/** The lock itself stands above what the hunks show. */
function releasesNoMore(model: SeriesModel): readonly Remark[] {
  const isPair = ({ text }: CodeLine): boolean => /\b(?:bql|iothread)_?(?:un)?lock|LOCK_GUARD|WITH_BQL/i.test(text);
  return entries(model, ({ inQuery, old }) => inQuery && old !== undefined).flatMap((change) => {
    const sees = ({ ops }: Path): boolean => ops.some(({ kind }) => kind === 'lock');
    const breach = breachOf(change.before('exact'), change.after('exact'), ({ ops }) =>
      ops.some(isUnlock) ? 'yes' : 'no',
    );
    const line = deletedAt(change, isUnlock);
    if (breach === undefined || line === undefined || sees(breach.path) || somePath(change.before('exact'), sees))
      return [];
    // What takes and releases it may have moved, as a whole.
    const others = model.changes.flatMap(({ changed }) => changed).filter((one) => one !== line && isPair(one));
    if (others.length > 0) return [];
    return remarkAt(model, line, {
      rule: 'handler-takes-bql',
      severity: 'warning',
      confidence: 'likely',
      message: `The BQL is not given back here any more${when(breach.conditions)}; the next one that takes it aborts.`,
      reason: `With final=0 ${change.name}() gave it back, and the series does not change where it is taken.`,
    });
  });
}

/** Two handlers take the BQL further down than their signature. */
function signatureOnly(model: SeriesModel): readonly Remark[] {
  if (!model.bringsFinal) return [];
  return model.changes
    .filter(
      ({ name, isHandler, knowsFinal }) => isHandler && knowsFinal && /^(?:dirty_bitmap|ram)_state_pending$/.test(name),
    )
    .flatMap((change) => {
      const header = change.new?.text.header;
      if (header === undefined || somePath(change.after('final'), ({ ops }) => ops.some(saysSomething))) return [];
      return remarkAt(model, header, {
        rule: 'handler-takes-bql',
        severity: 'warning',
        confidence: 'likely',
        message: `${change.name}() takes the BQL unconditionally in QEMU 10.2, and only its signature is changed here. In the final query the BQL is held already.`,
        reason: 'The hunk does not show the lock; it is right if the base takes it in another way.',
      });
    });
}

/** Anything that is done with the lock, or because of the final query. */
function saysSomething(op: Op): boolean {
  if (op.kind === 'call') return isSync(op) || /sync/.test(op.name);
  return op.kind === 'lock' || op.kind === 'unlock' || op.kind === 'branch' || op.kind === 'return';
}
