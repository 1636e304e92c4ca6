/** What differs between the versions, as data. A version is one of the bands that qtrace knows. */
import type { Band } from '../../catalog/vocabulary.ts';

export interface Version {
  readonly band: Band;
  /** One query per round, an estimate and an exact one with lines of their own, or one line for all kinds. */
  readonly query: 'migrate_pending' | 'migrate_pending_estimate' | 'qemu_savevm_query_pending';
  /** Which rule iteration_run() decides by. */
  readonly decision: '7.2' | '8.0' | '10.2' | '11.1';
  /** One final query at switchover. */
  readonly hasFinal: boolean;
  /** ram_postcopy_send_discard_bitmap() syncs on its own. */
  readonly discardSyncs: boolean;
  /** COLO checkpoints make a final query. */
  readonly coloFinal: boolean;
  readonly hasSwitchoverAck: boolean;
  readonly bandwidthUnit: 'bytes/ms' | 'Mbit/s';
  /** The rate limit counts what went out; 7.2 counts what was put on the stream. */
  readonly countsFlushed: boolean;
  /** src-downtime-start and the like, and vmstate_downtime_save. */
  readonly hasCheckpoints: boolean;
  /** The dirty-bitmap module has a vmstate_downtime_save line of its own among the iterable ones. */
  readonly savesInactiveIterables: boolean;
  /** `device` in every switchover, not only behind a pause. */
  readonly alwaysDevice: boolean;
  readonly hasFailing: boolean;
  readonly hasRecoverSetup: boolean;
  /** postcopy-device, the prepare step, and a ping with 0x42. */
  readonly hasPostcopyDevice: boolean;
  /** Postcopy ends when nothing is pending; before, below the threshold. */
  readonly postcopyEndsAtZero: boolean;
  readonly hasBlockActivation: boolean;
  readonly hasRamSaveComplete: boolean;
  /** The last round and postcopy clear the dirty log of what they send; not from 10.1 on. */
  readonly clearsLogToTheEnd: boolean;
  /** migration_cleanup and migration_cancel; 7.2 has migrate_fd_cleanup and migrate_fd_cancel. */
  readonly hasNotifiers: boolean;
  readonly hasMigrateError: boolean;
  readonly passAfterQuery: boolean;
  readonly ramSectionId: number;
}

const BASE_10 = {
  hasFinal: false,
  discardSyncs: true,
  coloFinal: false,
  hasSwitchoverAck: true,
  bandwidthUnit: 'bytes/ms',
  countsFlushed: true,
  hasCheckpoints: true,
  savesInactiveIterables: false,
  alwaysDevice: true,
  hasFailing: false,
  hasRecoverSetup: true,
  hasPostcopyDevice: false,
  postcopyEndsAtZero: false,
  hasBlockActivation: true,
  hasRamSaveComplete: false,
  clearsLogToTheEnd: true,
  hasNotifiers: false,
  hasMigrateError: true,
  passAfterQuery: false,
  ramSectionId: 1,
} as const;

const VERSIONS: Readonly<Record<Band, Version>> = {
  '7.2': {
    ...BASE_10,
    band: '7.2',
    query: 'migrate_pending',
    decision: '7.2',
    hasSwitchoverAck: false,
    countsFlushed: false,
    hasCheckpoints: false,
    alwaysDevice: false,
    hasRecoverSetup: false,
    hasBlockActivation: false,
    hasMigrateError: false,
    ramSectionId: 2,
  },
  '10.0': { ...BASE_10, band: '10.0', query: 'migrate_pending_estimate', decision: '8.0' },
  thread: {
    ...BASE_10,
    band: 'thread',
    query: 'qemu_savevm_query_pending',
    decision: '10.2',
    hasFinal: true,
    discardSyncs: false,
    coloFinal: true,
    hasPostcopyDevice: true,
    postcopyEndsAtZero: true,
    hasRamSaveComplete: true,
    clearsLogToTheEnd: false,
    savesInactiveIterables: true,
  },
  '11.1': {
    ...BASE_10,
    band: '11.1',
    query: 'qemu_savevm_query_pending',
    decision: '11.1',
    hasFinal: true,
    discardSyncs: false,
    coloFinal: true,
    bandwidthUnit: 'Mbit/s',
    savesInactiveIterables: true,
    hasFailing: true,
    hasPostcopyDevice: true,
    postcopyEndsAtZero: true,
    hasRamSaveComplete: true,
    clearsLogToTheEnd: false,
    hasNotifiers: true,
    passAfterQuery: true,
  },
};

export function versionOf(band: Band): Version {
  return VERSIONS[band];
}
