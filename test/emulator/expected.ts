/** Which rules a fault shows under, as the contract has it. */
import { FAULTS, type FaultId } from '../../src/emulator/faults/registry.ts';

/** Rules of severity error that a fault shows under; a scenario that is absent never comes to its place. */
export interface Expected {
  readonly precopy?: readonly string[];
  readonly postcopy?: readonly string[];
  readonly colo?: readonly string[];
  /** Where another scenario is needed. */
  readonly other?: { readonly scenario: string; readonly rules: readonly string[] };
}

const everywhere = (rule: string): Expected => ({ precopy: [rule], postcopy: [rule], colo: [rule] });

export const EXPECTED: Readonly<Record<FaultId, Expected>> = {
  'no-bql': everywhere('final-without-bql'),
  'no-bql-assert': everywhere('final-without-bql'),
  'handler-takes-bql': everywhere('handler-takes-bql'),
  'handler-drops-bql': everywhere('final-without-bql'),
  'no-final': {
    precopy: ['final-missing'],
    postcopy: ['final-missing', 'postcopy-switchover-without-sync'],
    colo: ['final-missing'],
  },
  'double-final': everywhere('final-repeated'),
  'final-before-stop': {
    precopy: ['final-before-stop'],
    postcopy: ['final-before-stop', 'postcopy-switchover-without-sync'],
    colo: ['final-before-stop'],
  },
  'final-estimate': {
    precopy: ['final-not-exact', 'final-without-sync'],
    postcopy: ['final-not-exact', 'postcopy-switchover-without-sync'],
    colo: ['final-not-exact', 'final-without-sync'],
  },
  'precopy-no-sync': { precopy: ['final-without-sync'], colo: ['final-without-sync'] },
  'postcopy-no-sync': { postcopy: ['postcopy-switchover-without-sync'] },
  'exact-no-sync': everywhere('exact-without-sync'),
  'estimate-sync': everywhere('estimate-with-sync'),
  'skip-dirty-bytes': everywhere('dirty-bytes-not-updated'),
  'wrong-total': everywhere('total-not-sum'),
  'last-stage-false': everywhere('last-sync-not-marked'),
  'query-after-final': everywhere('query-after-final'),
  'sync-after-final': everywhere('sync-after-final'),
  'postcopy-sync-again': { postcopy: ['sync-in-postcopy'] },
  // A warning, so nothing at severity error.
  'final-skips-module': { precopy: [], postcopy: [], colo: [] },
  'ack-ignored': { other: { scenario: 'vfio-switchover-ack', rules: ['ack-pending-at-switchover'] } },
  'decide-on-estimate': {
    precopy: ['switchover-without-exact'],
    postcopy: ['switchover-without-exact'],
    colo: ['switchover-without-exact'],
  },
  // A remark on time lost, of severity info.
  'late-log-clear': { precopy: [], colo: [] },
};

/** What the patch as posted leaves out, whatever else is wrong: --qemu thread without `as-posted=false`. */
export const POSTED = {
  precopy: ['dirty-bytes-not-updated'],
  postcopy: ['dirty-bytes-not-updated', 'sync-after-final'],
  colo: ['dirty-bytes-not-updated', 'final-missing'],
} as const;

export const FAULT_IDS: readonly FaultId[] = FAULTS.map(({ id }) => id);

/** Those of any kind of migration. */
export function rulesOf(fault: FaultId): readonly string[] {
  const { precopy = [], postcopy = [], colo = [], other } = EXPECTED[fault];
  return [...precopy, ...postcopy, ...colo, ...(other?.rules ?? [])];
}
