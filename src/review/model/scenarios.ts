/** Under what a function is run: the kind of query, and who holds the BQL when it begins. */
import type { Bql, Scenario } from '../code/paths.ts';
import { CALLBACK, CORE_QUERY, conditionIn, isQueryName, SYNC, type Truths } from './names.ts';

export type ScenarioId = 'estimate' | 'exact' | 'final' | 'estimate-in-postcopy' | 'exact-in-postcopy' | 'switchover';

const TRUTHS: Readonly<Record<ScenarioId, Truths>> = {
  estimate: { exact: false, final: false, inPostcopy: false },
  exact: { exact: true, final: false, inPostcopy: false },
  final: { exact: true, final: true, inPostcopy: false },
  'estimate-in-postcopy': { exact: false, final: false, inPostcopy: true },
  'exact-in-postcopy': { exact: true, final: false, inPostcopy: true },
  switchover: { exact: undefined, final: undefined, inPostcopy: undefined },
};

/** Who holds the BQL when these begin, in 10.2 and 11.1. */
const AT_ENTRY: Readonly<Record<string, Bql>> = {
  migration_switchover_start: 'held',
  migration_switchover_prepare: 'held',
  qemu_savevm_query_pending_final: 'held',
  ram_postcopy_send_discard_bitmap: 'held',
  qemu_savevm_state_complete_precopy: 'held',
  migration_completion_precopy: 'free',
  migration_completion: 'free',
  postcopy_start: 'free',
  colo_do_checkpoint_transaction: 'free',
  migration_iteration_run: 'free',
  migration_iteration_go_next: 'free',
  qemu_savevm_query_pending_iter: 'free',
};

/** Places of `exact` and `final` among a function's parameters. */
export interface FlagPlaces {
  readonly exact: number | undefined;
  readonly final: number | undefined;
}

export const HANDLER_FLAGS: FlagPlaces = { exact: 2, final: 3 };

export function flagsOf(name: string, isHandler: boolean): FlagPlaces {
  if (isHandler || name === CALLBACK) return HANDLER_FLAGS;
  if (name === CORE_QUERY) return { exact: 1, final: 2 };
  if (name === 'qemu_savevm_query_pending_iter') return { exact: 1, final: undefined };
  return { exact: undefined, final: undefined };
}

/** `entry`: what the caller holds, where it is seen. */
export function scenarioOf(id: ScenarioId, name: string, flags: FlagPlaces, entry: Bql | undefined): Scenario {
  const truths = TRUTHS[id];
  return {
    bql: entry ?? (id === 'switchover' ? (AT_ENTRY[name] ?? 'unknown') : id === 'final' ? 'held' : 'free'),
    known: (text) => conditionIn(truths, text),
    param: (param, index, type) => {
      if (!/^(?:const )?(?:bool|int)$/.test(type)) return undefined;
      if (index === flags.exact) return truths.exact;
      return index === flags.final ? truths.final : conditionIn(truths, param);
    },
    // A switchover is looked at from outside of the query.
    isOpaque: (callee) => SYNC.test(callee) || (id === 'switchover' && isQueryName(callee)),
  };
}
