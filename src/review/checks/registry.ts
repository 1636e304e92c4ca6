import type { Check } from '../model/check.ts';
import { ackPendingAtSwitchover } from './ack-pending-at-switchover.ts';
import { assertionRemoved } from './assertion-removed.ts';
import { dirtyBytesNotUpdated } from './dirty-bytes-not-updated.ts';
import { estimateWithSync } from './estimate-with-sync.ts';
import { exactQuerySpin } from './exact-query-spin.ts';
import { exactSyncWithoutBql } from './exact-sync-without-bql.ts';
import { exactWithoutSync } from './exact-without-sync.ts';
import { finalBeforeStop } from './final-before-stop.ts';
import { finalMissing } from './final-missing.ts';
import { finalNotExact } from './final-not-exact.ts';
import { finalRepeated } from './final-repeated.ts';
import { finalSkipsModule } from './final-skips-module.ts';
import { finalUndocumented } from './final-undocumented.ts';
import { finalWithoutBql } from './final-without-bql.ts';
import { finalWithoutSync } from './final-without-sync.ts';
import { handlerForgotten } from './handler-forgotten.ts';
import { handlerTakesBql } from './handler-takes-bql.ts';
import { iterationQueryWithBql } from './iteration-query-with-bql.ts';
import { lastSyncNotMarked } from './last-sync-not-marked.ts';
import { notifierSkipped } from './notifier-skipped.ts';
import { pendingNotCleared } from './pending-not-cleared.ts';
import { pendingOverwritten } from './pending-overwritten.ts';
import { postcopyCompletedDirty } from './postcopy-completed-dirty.ts';
import { postcopySwitchoverWithoutSync } from './postcopy-switchover-without-sync.ts';
import { queryAfterFinal } from './query-after-final.ts';
import { switchoverOverThreshold } from './switchover-over-threshold.ts';
import { switchoverWithoutExact } from './switchover-without-exact.ts';
import { syncAfterFinal } from './sync-after-final.ts';
import { syncInPostcopy } from './sync-in-postcopy.ts';
import { totalNotSum } from './total-not-sum.ts';
import { traceFormatMismatch } from './trace-format-mismatch.ts';

/** Every check. A test holds this list against the folder. */
export const CHECKS: readonly Check[] = [
  finalWithoutBql,
  handlerTakesBql,
  assertionRemoved,
  finalMissing,
  finalRepeated,
  finalBeforeStop,
  finalNotExact,
  finalWithoutSync,
  postcopySwitchoverWithoutSync,
  lastSyncNotMarked,
  notifierSkipped,
  syncAfterFinal,
  queryAfterFinal,
  syncInPostcopy,
  exactWithoutSync,
  exactSyncWithoutBql,
  iterationQueryWithBql,
  exactQuerySpin,
  estimateWithSync,
  totalNotSum,
  pendingOverwritten,
  pendingNotCleared,
  dirtyBytesNotUpdated,
  finalSkipsModule,
  switchoverWithoutExact,
  switchoverOverThreshold,
  postcopyCompletedDirty,
  ackPendingAtSwitchover,
  handlerForgotten,
  traceFormatMismatch,
  finalUndocumented,
];
