/**
 * Up to 8.1 a VFIO device went from STOP_COPY to STOP as soon as its last byte
 * was read. That transition may take long and nothing waits for it: it belongs
 * into the cleanup, after the downtime. A device without precopy is in STOP
 * before STOP_COPY, and one whose STOP_COPY fails falls back to STOP.
 */
import type { Place } from '../../ingest/trace-item.ts';
import type { Migration, ProtocolEvent, Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { END_EVENT_NAMES } from '../shared.ts';
import { withoutVfio } from '../vfio.ts';

const MAX_DEVICES = 256;

export const vfioStopInBlackout = defineRule({
  id: 'vfio-stop-in-blackout',
  severity: 'warning',
  title: 'A VFIO device goes from STOP_COPY to STOP during the downtime',
  demands: 'A VFIO device leaves STOP_COPY in the cleanup, when the downtime is over.',
  why: 'The guest stands still for as long as the device needs for a transition that nobody waits for.',
  needs: ['vfio_migration_set_device_state', 'vmstate_downtime_checkpoint'],
  qemu: { function: 'vfio_save_cleanup; up to 8.1 vfio_save_complete_precopy', versions: '8.2 and later' },
  limits: 'The end of the switchover must be in the log.',
  bugs: [
    {
      commit: '5485298ce0',
      what: 'vfio_save_complete_precopy set the device from STOP_COPY to STOP while the guest was stopped (fixed in 8.2)',
    },
  ],
  reads: ['vfio_migration_set_device_state', 'vfio_migration_set_state'],
  begin: (migration) => {
    /** Devices in STOP_COPY. */
    const devices = new Map<string, Place>();
    let shown = false;
    let of: number | undefined;
    let stopped: Stopped | undefined;
    // Told at the end: STOP_COPY may stand before the switchover, and a hole there spoils it.
    let judged: Judgement | undefined;
    return {
      event: (seen) => {
        const entered = enteredState(seen);
        if (entered === undefined) return undefined;
        const { name, state } = entered;
        const { place } = seen.at;
        const stopCopy = devices.get(name);
        devices.delete(name);
        if (state === 'STOP_COPY' && devices.size < MAX_DEVICES) devices.set(name, place);
        shown = true;
        if (seen.switchover === undefined) return undefined;
        if (of !== seen.switchover) stopped = undefined;
        of = seen.switchover;
        if (state === 'STOP' && stopCopy !== undefined) stopped ??= { name, stopCopy, stop: place };
        return undefined;
      },
      switchover: (switchover) => {
        if (!switchover.checkpoint && of === switchover.index) judged ??= judgeSwitchover(switchover, stopped);
        return undefined;
      },
      end: () => judged ?? judgeRest(migration, shown),
    };
  },
});

interface Stopped {
  readonly name: string;
  readonly stopCopy: Place;
  readonly stop: Place;
}

/** The state that the device is in from this line on. Since 9.1 set_state is only the request. */
function enteredState({ event }: ProtocolEvent): { name: string; state: string } | undefined {
  if (event.name === 'vfio_migration_set_device_state') return event.args;
  if (event.name !== 'vfio_migration_set_state' || 'recover_state' in event.args) return undefined;
  return { name: event.args.name, state: event.args.new_state };
}

function judgeSwitchover({ endedBy, end }: Switchover, stopped: Stopped | undefined): Judgement {
  if (stopped === undefined) return pass('no VFIO device left STOP_COPY for STOP during the downtime');
  // Only these two come before the cleanup in every version.
  if (end === undefined || (endedBy !== 'downtime-end' && endedBy !== 'completed')) {
    return undecidable('the log does not show the end of the downtime', END_EVENT_NAMES);
  }
  return violated({
    message: `VFIO device ${stopped.name} went from STOP_COPY to STOP before the downtime was over`,
    expected: 'STOP in the cleanup, after the end of the downtime',
    actual: 'STOP before it',
    evidence: [stopped.stop, stopped.stopCopy, end.place],
  });
}

function judgeRest(migration: Migration, shown: boolean): Judgement {
  const absent = withoutVfio(migration);
  if (absent !== undefined) return absent;
  if (migration.switchovers === 0) return notApplicable('the migration never came to its switchover');
  if (shown) return notApplicable('no VFIO device changed its state in a switchover');
  return undecidable('the log does not show the states of the VFIO devices', ['vfio_migration_set_device_state']);
}
