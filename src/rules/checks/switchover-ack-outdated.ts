/**
 * A switchover ack says that the destination has loaded the initial data of a
 * VFIO device. Such data may appear anew while precopy runs; since 11.1 the
 * device then asks for another ack in a pending query, and the switchover waits
 * for that one. Two lines show an ack that no longer holds: a query that
 * collected a request, with no ack until the switchover is over, and initial
 * bytes that grew again behind an ack without a request. What the final query
 * collects is the matter of ack-pending-at-switchover.
 */
import type { Place } from '../../ingest/trace-item.ts';
import type { Migration, ProtocolEvent, Query, Switchover } from '../../replay/run.ts';
import { defineRule, type Finding, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { places, STOP_EVENT_NAMES, withoutQueryLine } from '../shared.ts';
import { withoutVfio } from '../vfio.ts';

const MAX_DEVICES = 256;
const ACKED = 'source_return_path_thread_switchover_acked';

export const switchoverAckOutdated = defineRule({
  id: 'switchover-ack-outdated',
  severity: 'info',
  title: 'The switchover rests on an ack that no longer holds',
  demands: 'When a VFIO device has new initial data, the switchover waits for another ack.',
  why: 'The destination has not loaded what the device needs to start quickly: the downtime is longer than it was to be.',
  needs: ['vfio_state_pending', ACKED, 'qemu_savevm_query_pending', 'runstate_set'],
  qemu: { function: 'migration_can_switchover', versions: '11.1; up to 11.0 one ack was for good' },
  limits: 'Only where acks were asked for and one came. The sizes are what the driver of the device says.',
  bugs: [
    { commit: 'de0a1aed07', what: 'the switchover ack could be given only once' },
    { commit: '5fcadd7d14', what: 'VFIO did not see that a device had new initial data (VFIO_PRECOPY_INFO_REINIT)' },
  ],
  reads: ['vfio_state_pending', ACKED, 'runstate_set'],
  begin: (migration) => {
    const acks = new Acks();
    // Told at the end: it rests on the rounds, too, and a hole there spoils it.
    let judged: Judgement | undefined;
    return {
      queryMade: (query) => acks.query(query),
      event: (seen) => acks.event(seen),
      switchover: (switchover) => {
        judged ??= judgeSwitchover(switchover, acks);
        return undefined;
      },
      end: () => judged ?? judgeRest(migration, acks),
    };
  },
});

interface Device {
  /** Its initial data was all sent when the last ack came. */
  acked: boolean;
  done: boolean;
  /** Initial bytes again, behind the ack. */
  again: { readonly bytes: number | bigint; readonly place: Place } | undefined;
}

class Acks {
  /** A query collected a request: devices ask for acks. */
  collected = false;
  lastAck: Place | undefined;
  /** Collected a request, and no ack came since. */
  asked: Query | undefined;
  lastQuery: Query | undefined;
  /** The VM ran until the migration stopped it: a stopped one waits for no ack. */
  ranUntil: Place | undefined;
  readonly devices = new Map<string, Device>();

  query(query: Query): undefined {
    if (query.final === true) return;
    this.lastQuery = query;
    if (query.ackCollected === undefined || query.ackCollected === 0) return;
    this.collected = true;
    this.asked = query;
  }

  event({ event, at: { place } }: ProtocolEvent): undefined {
    switch (event.name) {
      case ACKED:
        this.lastAck = place;
        this.asked = undefined;
        for (const device of this.devices.values()) {
          device.acked = device.done;
          device.again = undefined;
        }
        return;
      case 'runstate_set':
        if (event.args.new_state_str !== 'finish-migrate') return;
        this.ranUntil = event.args.current_state_str === 'running' ? place : undefined;
        return;
      case 'vfio_state_pending': {
        const { args } = event;
        if (!('final' in args) || args.final !== 0) return;
        this.#pending(args.name, args.precopy_init_size, args.request_switchover_ack !== 0, place);
        return;
      }
      default:
        return;
    }
  }

  #pending(name: string, bytes: number | bigint, requested: boolean, place: Place): undefined {
    const known = this.devices.get(name);
    if (known === undefined && this.devices.size >= MAX_DEVICES) return;
    const device = known ?? { acked: false, done: false, again: undefined };
    this.devices.set(name, device);
    device.done = bytes === 0;
    if (requested) device.acked = false;
    device.again = device.acked && !device.done ? { bytes, place } : undefined;
  }
}

function judgeSwitchover(switchover: Switchover, acks: Acks): Judgement | undefined {
  if (switchover.checkpoint || !acks.collected || acks.lastAck === undefined) return undefined;
  if (switchover.completed === 'no') return notApplicable('the switchover was given up');
  const finding = findingOf(acks, acks.lastAck);
  if (finding === undefined) return pass('every switchover ack still held at the switchover');
  if (acks.ranUntil === undefined) {
    return undecidable('the log does not show that the VM ran until the switchover', STOP_EVENT_NAMES);
  }
  return violated(finding);
}

function findingOf({ asked, lastQuery, devices, ranUntil }: Acks, lastAck: Place): Finding | undefined {
  if (asked !== undefined && lastQuery?.ackTotal !== undefined && lastQuery.ackTotal > 0) {
    return {
      message: `the last query to ask for a switchover ack collected ${asked.ackCollected}, and the VM was stopped without one`,
      expected: 'a switchover ack before the switchover',
      actual: 'no ack since the request',
      evidence: [asked.at.place, lastAck, ...places(ranUntil)],
    };
  }
  for (const [name, { again }] of devices) {
    if (again === undefined) continue;
    return {
      message: `VFIO device ${name} had ${again.bytes} initial bytes again when the VM was stopped, and the last switchover ack was older`,
      expected: 'a request for another ack, and that ack',
      actual: 'neither',
      evidence: [again.place, lastAck, ...places(ranUntil)],
    };
  }
  return undefined;
}

function judgeRest(migration: Migration, { collected, lastAck }: Acks): Judgement {
  const absent = withoutVfio(migration);
  if (absent !== undefined) return absent;
  const { band } = migration;
  if (band === undefined) return withoutQueryLine();
  if (band !== '11.1') return notApplicable(`in QEMU ${band} a switchover ack is for good`);
  if (!collected) return notApplicable('no query collected a request for a switchover ack');
  if (lastAck === undefined && !migration.saw(ACKED)) return undecidable('the log shows no switchover ack', [ACKED]);
  return notApplicable('no switchover came behind a switchover ack');
}
