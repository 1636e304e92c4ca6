/** What the rules ask of a version of QEMU: its duties, as data. One profile per band. */
import type { EventName } from './catalog.ts';
import { STATES_7_2, STATES_8_0, STATES_11_1, type StateTable } from './states.ts';
import type { Band } from './vocabulary.ts';

export interface Profile {
  /** Events of its pending queries. */
  readonly queryEvents: readonly EventName[];
  /** The one of exact queries, where there is that kind. */
  readonly exactQueryEvent: EventName | undefined;
  /** One final query at switchover, which stores its total as dirty_bytes_total. */
  readonly hasFinalQuery: boolean;
  /** Where RAM is synced for the last time in a precopy switchover. */
  readonly lastSync: 'final-query' | 'ram-section';
  /** The switchover may be decided on an estimate that lies at the threshold. */
  readonly mayDecideOnEstimate: boolean;
  /** How much may be left when postcopy completes. `changed`: the band's older versions may, its newer ones not. */
  readonly postcopyEnds: 'below-threshold' | 'at-zero' | 'changed';
  readonly states: StateTable;
}

const NEW_QUERY = {
  queryEvents: ['qemu_savevm_query_pending'],
  exactQueryEvent: 'qemu_savevm_query_pending',
  hasFinalQuery: true,
  lastSync: 'final-query',
  postcopyEnds: 'at-zero',
} as const;

const PROFILES: Readonly<Record<Band, Profile>> = {
  '7.2': {
    queryEvents: ['migrate_pending'],
    exactQueryEvent: undefined,
    hasFinalQuery: false,
    lastSync: 'ram-section',
    mayDecideOnEstimate: true,
    postcopyEnds: 'below-threshold',
    states: STATES_7_2,
  },
  '10.0': {
    queryEvents: ['migrate_pending_exact', 'migrate_pending_estimate'],
    exactQueryEvent: 'migrate_pending_exact',
    hasFinalQuery: false,
    lastSync: 'ram-section',
    mayDecideOnEstimate: true,
    postcopyEnds: 'changed',
    states: STATES_8_0,
  },
  '11.1': { ...NEW_QUERY, mayDecideOnEstimate: false, states: STATES_11_1 },
  // All duties of the final query, but the decision and the states of the base that the patch was made for.
  thread: { ...NEW_QUERY, mayDecideOnEstimate: true, states: STATES_8_0 },
};

export function profileOf(band: Band): Profile {
  return PROFILES[band];
}
