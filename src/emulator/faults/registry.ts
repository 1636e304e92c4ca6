/** The faults that can be switched on, each a change of the simulated code path. */
import type { Band } from '../../catalog/vocabulary.ts';

export interface Fault {
  /** What the code does wrong, in one sentence. */
  readonly summary: string;
  /** The versions whose code has the place. */
  readonly versions: readonly Band[];
}

const WITH_FINAL = ['11.1', 'thread'] as const;
const ALL = ['7.2', '10.0', '11.1', 'thread'] as const;
const KINDS = ['10.0', '11.1', 'thread'] as const;

export const FAULTS = {
  'no-bql': { summary: 'The BQL is released before the final query, and nobody asserts.', versions: WITH_FINAL },
  'no-bql-assert': {
    summary: 'The BQL is released before the final query, which asserts that it is held.',
    versions: WITH_FINAL,
  },
  'handler-takes-bql': { summary: 'A pending handler locks the BQL also in the final query.', versions: WITH_FINAL },
  'no-final': { summary: 'The switchover makes no final query.', versions: WITH_FINAL },
  'double-final': { summary: 'The switchover makes two final queries.', versions: WITH_FINAL },
  'final-before-stop': { summary: 'The final query comes before the VM is stopped.', versions: WITH_FINAL },
  'final-estimate': { summary: 'The final query asks for an estimate.', versions: WITH_FINAL },
  'precopy-no-sync': { summary: 'The last sync of a precopy switchover is left out.', versions: ALL },
  'postcopy-no-sync': { summary: 'The last sync of a postcopy switchover is left out.', versions: ALL },
  'exact-no-sync': { summary: 'RAM does not sync in an exact query.', versions: KINDS },
  'estimate-sync': { summary: 'RAM syncs in an estimate query.', versions: KINDS },
  'skip-dirty-bytes': {
    summary: 'The final query does not store its total as dirty_bytes_total.',
    versions: WITH_FINAL,
  },
  'wrong-total': {
    summary: 'The total counts the bytes of RAM twice.',
    versions: WITH_FINAL,
  },
  'last-stage-false': { summary: 'The sync of the final query is not marked as the last one.', versions: WITH_FINAL },
  'query-after-final': { summary: 'One more query follows the final one.', versions: WITH_FINAL },
  'sync-after-final': { summary: 'RAM syncs once more after the final query.', versions: WITH_FINAL },
  'postcopy-sync-again': { summary: 'RAM syncs after postcopy has begun.', versions: WITH_FINAL },
  'final-skips-module': {
    summary: 'Modules besides RAM report nothing in the final query; without any, RAM reports nothing.',
    versions: WITH_FINAL,
  },
  'ack-ignored': {
    summary: 'Switchover acks that the final query collects do not fail the migration.',
    versions: ['11.1'],
  },
  'decide-on-estimate': { summary: 'An estimate at the threshold is enough for the switchover.', versions: ['11.1'] },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultId = keyof typeof FAULTS;
