import { ackPendingAtSwitchover } from './checks/ack-pending-at-switchover.ts';
import { bandwidthUnderestimated } from './checks/bandwidth-underestimated.ts';
import { dirtyBytesNotUpdated } from './checks/dirty-bytes-not-updated.ts';
import { dirtyLogLeftOn } from './checks/dirty-log-left-on.ts';
import { downtimeEndRepeated } from './checks/downtime-end-repeated.ts';
import { downtimeNotShownInPostcopy } from './checks/downtime-not-shown-in-postcopy.ts';
import { downtimeOverLimit } from './checks/downtime-over-limit.ts';
import { estimateExactOscillation } from './checks/estimate-exact-oscillation.ts';
import { estimateWithSync } from './checks/estimate-with-sync.ts';
import { exactQuerySpin } from './checks/exact-query-spin.ts';
import { exactWithoutSync } from './checks/exact-without-sync.ts';
import { finalBeforeStop } from './checks/final-before-stop.ts';
import { finalMissing } from './checks/final-missing.ts';
import { finalNotExact } from './checks/final-not-exact.ts';
import { finalRepeated } from './checks/final-repeated.ts';
import { finalSkipsModule } from './checks/final-skips-module.ts';
import { finalWithoutBql } from './checks/final-without-bql.ts';
import { finalWithoutSync } from './checks/final-without-sync.ts';
import { firstSyncCountsAllRam } from './checks/first-sync-counts-all-ram.ts';
import { handlerTakesBql } from './checks/handler-takes-bql.ts';
import { illegalStateTransition } from './checks/illegal-state-transition.ts';
import { lastSyncNotMarked } from './checks/last-sync-not-marked.ts';
import { logClearInBlackout } from './checks/log-clear-in-blackout.ts';
import { migratedInPostmigrate } from './checks/migrated-in-postmigrate.ts';
import { migrationNotConverging } from './checks/migration-not-converging.ts';
import { migrationStalled } from './checks/migration-stalled.ts';
import { notifierRepeated } from './checks/notifier-repeated.ts';
import { postcopyBytesWithoutCapability } from './checks/postcopy-bytes-without-capability.ts';
import { postcopyCompletedDirty } from './checks/postcopy-completed-dirty.ts';
import { postcopyDeviceStuck } from './checks/postcopy-device-stuck.ts';
import { postcopySwitchoverWithoutSync } from './checks/postcopy-switchover-without-sync.ts';
import { precopyModuleInPostcopy } from './checks/precopy-module-in-postcopy.ts';
import { queryAfterFinal } from './checks/query-after-final.ts';
import { rateLimitInBlackout } from './checks/rate-limit-in-blackout.ts';
import { switchoverAckOutdated } from './checks/switchover-ack-outdated.ts';
import { switchoverOverThreshold } from './checks/switchover-over-threshold.ts';
import { switchoverWithoutExact } from './checks/switchover-without-exact.ts';
import { syncAfterFinal } from './checks/sync-after-final.ts';
import { syncCountMismatch } from './checks/sync-count-mismatch.ts';
import { syncInPostcopy } from './checks/sync-in-postcopy.ts';
import { totalNotSum } from './checks/total-not-sum.ts';
import { vfioInitialDataStarved } from './checks/vfio-initial-data-starved.ts';
import { vfioSizeCountedTwice } from './checks/vfio-size-counted-twice.ts';
import { vfioStateRepeated } from './checks/vfio-state-repeated.ts';
import { vfioStopInBlackout } from './checks/vfio-stop-in-blackout.ts';
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
  illegalStateTransition,
  postcopyCompletedDirty,
  ackPendingAtSwitchover,
  finalSkipsModule,
  vfioSizeCountedTwice,
  vfioInitialDataStarved,
  vfioStateRepeated,
  vfioStopInBlackout,
  switchoverAckOutdated,
  logClearInBlackout,
  firstSyncCountsAllRam,
  postcopyBytesWithoutCapability,
  precopyModuleInPostcopy,
  downtimeEndRepeated,
  downtimeNotShownInPostcopy,
  postcopyDeviceStuck,
  notifierRepeated,
  rateLimitInBlackout,
  migrationStalled,
  dirtyLogLeftOn,
  migratedInPostmigrate,
  syncCountMismatch,
  bandwidthUnderestimated,
  switchoverOverThreshold,
  downtimeOverLimit,
  exactQuerySpin,
  estimateExactOscillation,
  migrationNotConverging,
];
