/**
 * In postcopy-device (10.2 and later) the source waits for the destination to
 * say that it has loaded the devices. A destination that hangs there holds a
 * guest that runs nowhere.
 */
import type { Migration, StateChange } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';

/** No set of devices needs as long to load; the longest known one took some seconds. */
const BOUND_NS = 30e9;

export const postcopyDeviceStuck = defineRule({
  id: 'postcopy-device-stuck',
  severity: 'warning',
  title: 'The source waits in postcopy-device for a destination that does not answer',
  demands: 'The destination loads the package and says so; then the source goes on to postcopy-active.',
  why: 'The guest is stopped on the source and does not run on the destination yet: it stands still for that long.',
  needs: ['migrate_set_state'],
  qemu: { function: 'postcopy_start', versions: '10.2 and later' },
  limits: 'Judged from 30 s on; needs time stamps.',
  bugs: [
    { commit: '1ae7d9c30d', what: 'the load of the package blocked postcopy-device' },
    { commit: '1529ec8f5f', what: 'the tail of the package stayed in a buffer and the destination waited for it' },
  ],
  reads: ['source_return_path_thread_postcopy_package_loaded'],
  begin: (migration) => {
    let loaded = false;
    return {
      event: () => {
        loaded = true;
        return undefined;
      },
      end: () => judge(migration, loaded),
    };
  },
});

function judge(migration: Migration, loaded: boolean): Judgement {
  const index = migration.states.findIndex(({ state }) => state === 'postcopy-device');
  const waiting = migration.states[index];
  if (waiting === undefined) return notApplicable('the migration has no state postcopy-device');
  const next = migration.states[index + 1];
  if (loaded || next?.state === 'postcopy-active') return pass('the destination loaded the package');
  const untilNs = next?.at.ns ?? migration.last.ns;
  const { ns } = waiting.at;
  if (ns === undefined || untilNs === undefined) {
    return undecidable('without time stamps nothing shows how long the source waited', ['migrate_set_state']);
  }
  const waitedNs = untilNs - ns;
  if (waitedNs < BOUND_NS) return notApplicable('the migration ends, or the log does, before the wait is long');
  return stuck(waiting, next, waitedNs);
}

function stuck(waiting: StateChange, next: StateChange | undefined, waitedNs: number): Judgement {
  const seconds = Math.round(waitedNs / 1e9);
  return violated({
    message: `the source waited ${seconds} s in postcopy-device and the destination never said that it loaded the package`,
    expected: 'postcopy-active soon after postcopy-device',
    actual: next === undefined ? 'the log ends in postcopy-device' : `the next state is ${next.state}`,
    evidence: next === undefined ? [waiting.at.place] : [waiting.at.place, next.at.place],
  });
}
