import type { CodeLine } from '../code/image.ts';
import type { Op, Path } from '../code/paths.ts';
import { defineCheck, finalEntries, remarkAt, when } from '../model/check.ts';
import { breachOf, type Holds } from '../model/compare.ts';
import { lineOf, lostAt } from '../model/guilt.ts';
import type { FunctionChange, SeriesModel } from '../model/model.ts';
import { CALLBACK, handsPendingOn, isReport, isShare, type Module, moduleOf } from '../model/names.ts';
import type { Remark } from '../series.ts';

export const finalSkipsModule = defineCheck({
  id: 'final-skips-module',
  what: 'A module reports nothing in the final query.',
  why: 'The final total falls below what is really left, and whatever the module would have flushed stays where it is.',
  limits:
    'VFIO reads its state in full while the VM is stopped, whatever it reports: there only a comment is asked for.',
  run: (model) => [...inModules(model), ...inCore(model), ...leavesEarly(model)],
});

function inModules(model: SeriesModel): readonly Remark[] {
  return finalEntries(model, ({ isHandler }) => isHandler).flatMap((change) => {
    const pending = (change.new ?? change.old)?.text.params?.[1]?.name ?? 'pending';
    const reports = ({ ops }: Path): Holds => {
      if (ops.some(isReport)) return 'yes';
      return ops.some((op) => handsPendingOn(op, pending) || (op.kind === 'unseen' && !op.leading)) ? 'maybe' : 'no';
    };
    const breach = breachOf(change.before('final'), change.after('final'), reports);
    if (breach === undefined || breach.conditions.length > 0) return [];
    // A module that reports less in every query is no matter of the final one.
    if (breachOf(change.before('exact'), change.after('exact'), reports) !== undefined) return [];
    const module = moduleOf(change.path);
    const spoilt = lineOf(breach.path.ops.find((op) => isShare(op) && lineOf(op)?.changed === true));
    const line = spoilt ?? lostAt(change, breach.path, isReport);
    if (module?.dirtyState === false && line !== undefined && isExplained(model, change, line)) return [];
    return remarkAt(model, line, { rule: 'final-skips-module', ...said(module, change) });
  });
}

function said(module: Module | undefined, { name }: FunctionChange) {
  const reason = `On the path final=1 of ${name}() nothing is added to the pending bytes; before it was.`;
  if (module === undefined) {
    return {
      severity: 'info',
      confidence: 'possible',
      message: 'Nothing is reported in the final query. Has this module no dirty state that it would have to flush?',
      reason,
    } as const;
  }
  if (!module.dirtyState) {
    return {
      severity: 'info',
      confidence: 'likely',
      message: `${module.name} may leave the final query out, since its state is read in full anyway; a comment here that says so would help.`,
      reason,
    } as const;
  }
  return {
    severity: 'warning',
    confidence: 'certain',
    message: `${module.name} skips the final query, so that the final total falls below what is left to send. Let it report as in any other query${module.name === 'block-dirty-bitmap' ? ', and take the BQL only when final is false' : ''}.`,
    reason,
  } as const;
}

/** A comment stands at the line. */
function isExplained({ newFiles }: SeriesModel, change: FunctionChange, line: CodeLine): boolean {
  const file = newFiles.find((one) => one.patch === change.patch && one.file === change.file);
  return file?.text.comments.some((comment) => isNear(comment.line, line)) ?? false;
}

const isNear = (a: CodeLine, b: CodeLine): boolean =>
  a.file === b.file && a.hunk === b.hunk && a.hunkLine <= b.hunkLine + 2 && a.hunkLine >= b.hunkLine - 2;

const asksModule = (op: Op): boolean => op.kind === 'call' && op.name === CALLBACK;

/** The core asks some modules only. */
function inCore(model: SeriesModel): readonly Remark[] {
  const holds = ({ ops }: Path): Holds => (ops.some(asksModule) ? 'yes' : 'no');
  return finalEntries(model, ({ inQuery, isHandler }) => inQuery && !isHandler).flatMap((change) => {
    const breach = breachOf(change.before('final'), change.after('final'), holds);
    if (breach === undefined || breach.conditions.length === 0) return [];
    if (breachOf(change.before('exact'), change.after('exact'), holds) !== undefined) return [];
    return remarkAt(model, lostAt(change, breach.path, asksModule), {
      rule: 'final-skips-module',
      severity: 'warning',
      confidence: 'likely',
      message: `The final query leaves modules out${when(breach.conditions)}; their bytes are missing in the final total.`,
      reason: `With final=1 ${change.name}() passes over ->${CALLBACK}() on this path.`,
    });
  });
}

/** The core leaves its loop behind a module that it has asked. */
function leavesEarly(model: SeriesModel): readonly Remark[] {
  const leaves = ({ ops }: Path): Op | undefined =>
    ops.slice(ops.findIndex(asksModule) + 1).find(({ kind }) => kind === 'break');
  const holds = (path: Path): Holds => (path.ops.some(asksModule) && leaves(path) !== undefined ? 'no' : 'yes');
  return finalEntries(model, ({ inQuery, isHandler }) => inQuery && !isHandler).flatMap((change) => {
    const breach = breachOf(change.before('final'), change.after('final'), holds);
    if (breach === undefined) return [];
    const line = lineOf(leaves(breach.path));
    return remarkAt(model, line?.changed === true ? line : change.changed[0], {
      rule: 'final-skips-module',
      severity: 'warning',
      // The condition may be that of a migration that fails.
      confidence: breach.conditions.length === 0 ? 'likely' : 'possible',
      message: `The loop over the modules ends here${when(breach.conditions)}: those behind the one just asked report nothing, and their bytes are missing in the total.`,
      reason: `With final=1 ${change.name}() leaves the loop behind ->${CALLBACK}().`,
    });
  });
}
