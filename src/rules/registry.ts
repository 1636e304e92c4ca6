import { ackPendingAtSwitchover } from './checks/ack-pending-at-switchover.ts';
import { dirtyBytesNotUpdated } from './checks/dirty-bytes-not-updated.ts';
import { estimateWithSync } from './checks/estimate-with-sync.ts';
import { exactWithoutSync } from './checks/exact-without-sync.ts';
import { finalBeforeStop } from './checks/final-before-stop.ts';
import { finalMissing } from './checks/final-missing.ts';
import { finalNotExact } from './checks/final-not-exact.ts';
import { finalRepeated } from './checks/final-repeated.ts';
import { finalSkipsModule } from './checks/final-skips-module.ts';
import { finalWithoutBql } from './checks/final-without-bql.ts';
import { finalWithoutSync } from './checks/final-without-sync.ts';
import { handlerTakesBql } from './checks/handler-takes-bql.ts';
import { iterationQueryWithBql } from './checks/iteration-query-with-bql.ts';
import { lastSyncNotMarked } from './checks/last-sync-not-marked.ts';
import { postcopySwitchoverWithoutSync } from './checks/postcopy-switchover-without-sync.ts';
import { queryAfterFinal } from './checks/query-after-final.ts';
import { switchoverStepWithoutBql } from './checks/switchover-step-without-bql.ts';
import { switchoverWithoutExact } from './checks/switchover-without-exact.ts';
import { syncAfterFinal } from './checks/sync-after-final.ts';
import { syncInPostcopy } from './checks/sync-in-postcopy.ts';
import { totalNotSum } from './checks/total-not-sum.ts';
import type { Rule } from './rule.ts';

/** Every rule, in the order of the report. A test holds this list against the folder. */
export const RULES: readonly Rule[] = [
  finalWithoutBql,
  handlerTakesBql,
  finalMissing,
  finalRepeated,
  finalBeforeStop,
  finalNotExact,
  finalWithoutSync,
  postcopySwitchoverWithoutSync,
  queryAfterFinal,
  syncAfterFinal,
  syncInPostcopy,
  exactWithoutSync,
  estimateWithSync,
  totalNotSum,
  dirtyBytesNotUpdated,
  lastSyncNotMarked,
  switchoverWithoutExact,
  ackPendingAtSwitchover,
  finalSkipsModule,
  iterationQueryWithBql,
  switchoverStepWithoutBql,
];
