/** The points of the simulated code that a fault can turn; with what the code does there when it is right. */

export interface CodePath {
  /** The BQL in the final query; `asserted`: released, and the query looks. */
  readonly finalLock: 'held' | 'released' | 'asserted';
  /** RAM's sync in the final query runs under the caller's BQL, or its handler locks it, or lets it go meanwhile. */
  readonly finalSyncLock: 'caller' | 'handler' | 'dropped';
  /** Final queries in one switchover. */
  readonly finals: 0 | 1 | 2;
  /** Behind the VM's stop, or where the switchover is decided. */
  readonly finalPlace: 'stopped' | 'decision';
  readonly finalKind: 'exact' | 'estimate';
  readonly finalModules: 'all' | 'not-all';
  /** The final query stores its total as dirty_bytes_total. */
  readonly finalStores: boolean;
  /** last_stage of the sync in the final query. */
  readonly finalLastStage: boolean;
  readonly queryAfterFinal: boolean;
  readonly syncAfterFinal: boolean;
  readonly precopyLastSync: boolean;
  readonly postcopyLastSync: boolean;
  readonly exactSync: boolean;
  readonly estimateSync: boolean;
  readonly total: 'sum' | 'ram-twice';
  readonly syncAfterPackage: boolean;
  /** Acks that the final query collects end the migration. */
  readonly acksFail: boolean;
  /** A VFIO device re-initialises when it stops, whatever the scenario says. */
  readonly deviceAsksAgain: boolean;
  readonly decision: 'exact' | 'estimate';
  /** The dirty log of what the last round sends is cleared. */
  readonly lastRoundClears: boolean;
}

export const RIGHT: CodePath = {
  finalLock: 'held',
  finalSyncLock: 'caller',
  finals: 1,
  finalPlace: 'stopped',
  finalKind: 'exact',
  finalModules: 'all',
  finalStores: true,
  finalLastStage: true,
  queryAfterFinal: false,
  syncAfterFinal: false,
  precopyLastSync: true,
  postcopyLastSync: true,
  exactSync: true,
  estimateSync: false,
  total: 'sum',
  syncAfterPackage: false,
  acksFail: true,
  deviceAsksAgain: false,
  decision: 'exact',
  lastRoundClears: false,
};
