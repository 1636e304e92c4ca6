/**
 * downtime-limit bounds what precopy leaves over: the switchover is decided when
 * the pending bytes fit into it at the bandwidth measured. Stopping the VM,
 * saving the devices and loading them on the other side is in no prediction.
 *
 * The limit in force is the one that max_size of migrate_transferred was
 * reckoned with; one that is set later counts only from the next such line on.
 */
import { formatDuration } from '../../base/units.ts';
import { type Range, readTransfer, type TransferSample } from '../../catalog/transfer.ts';
import type { Place } from '../../ingest/trace-item.ts';
import type { Downtime, Migration, Moment, Switchover } from '../../replay/run.ts';
import { pauseIn } from '../downtime/pause.ts';
import { describeDowntime } from '../downtime/stages.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { isSnapshot, places, WINDOW_NS } from '../shared.ts';

interface LastTransfer {
  readonly at: Moment;
  readonly sample: TransferSample;
}

/** What the log shows until the end. */
interface Seen {
  transfer: LastTransfer | undefined;
  switchover: Switchover | undefined;
  /** CPR stops the VM before anything is sent. */
  cpr: boolean;
  /** The VM did not run when it was stopped. */
  stoodStill: boolean;
}

export const downtimeOverLimit = defineRule({
  id: 'downtime-over-limit',
  severity: 'warning',
  title: 'The guest stood still for longer than downtime-limit',
  demands:
    'From the stop of the VM to the end of the switchover no more time passes than downtime-limit, what is spent in pre-switchover left aside.',
  why: 'Who sets the limit relies on it: clients time out, clusters fence the node.',
  needs: ['vmstate_downtime_checkpoint', 'migrate_transferred', 'migrate_set_state'],
  qemu: { function: 'migration_completion, postcopy_start', versions: 'all' },
  limits:
    'A warning even where QEMU did as designed: it predicts only how long the pending bytes take. The default limit is never assumed. The time on the source counts, not when the guest runs on the destination.',
  reads: ['migrate_transferred', 'runstate_set', 'cpr_state_save'],
  begin: (migration) => {
    const seen: Seen = { transfer: undefined, switchover: undefined, cpr: false, stoodStill: false };
    return {
      event: ({ event, at }) => {
        if (event.name === 'migrate_transferred' && migration.switchovers === 0) {
          seen.transfer = { at, sample: readTransfer(event.args) };
        }
        if (event.name === 'cpr_state_save' && event.args.mode !== 'normal') seen.cpr = true;
        if (event.name === 'runstate_set' && event.args.new_state_str === 'finish-migrate') {
          seen.stoodStill ||= !/^(?:running|finish-migrate)$/.test(event.args.current_state_str);
        }
        return undefined;
      },
      switchover: (switchover) => {
        if (!switchover.checkpoint) seen.switchover ??= switchover;
        return undefined;
      },
      end: () => verdict(migration, seen),
    };
  },
});

function verdict(migration: Migration, seen: Seen): Judgement {
  const { kind, outcome, downtime, first } = migration;
  if (isSnapshot(migration) || kind === 'colo') return notApplicable(`no downtime-limit bounds the stops of ${kind}`);
  if (seen.cpr) return notApplicable('CPR stops the VM before anything is sent');
  if (downtime !== undefined) return judge(migration, downtime, seen);
  if (outcome !== 'completed' && !migration.inPostcopy) return notApplicable('no switchover was carried through');
  const why =
    first.ns === undefined
      ? 'the log has no time stamps: QEMU writes them with -msg timestamp=on'
      : 'the log does not show the downtime';
  return undecidable(why, ['vmstate_downtime_checkpoint']);
}

function judge(migration: Migration, downtime: Downtime, seen: Seen): Judgement {
  const limit = limitOf(migration, downtime, seen);
  if (limit === undefined) {
    return undecidable('the log does not show the downtime-limit', [
      'migrate_transferred',
      'qmp_enter_migrate_set_parameters',
      '--qmp',
    ]);
  }
  const pause = pauseIn(migration, downtime);
  const longest = downtime.durationNs - (pause.shown ? pause.ns : 0);
  if (isWithin(longest, limit.ms.low)) {
    return pass(`the downtime was within the limit of ${limit.ms.low} ms`);
  }
  if (seen.stoodStill) return notApplicable('the guest did not run before the switchover');
  if (isWithin(longest, limit.ms.high)) {
    return undecidable('the log does not show which downtime-limit was in force', ['migrate_transferred']);
  }
  if (isWithin(downtime.durationNs - pause.ns, limit.ms.high)) {
    return undecidable('a part of the downtime may have been spent in pre-switchover', ['migrate_set_state']);
  }
  return accuse(migration, downtime, { pauseNs: pause.shown ? pause.ns : 0, limit }, seen);
}

/** QEMU counts both in whole milliseconds. */
function isWithin(ns: number, limitMs: number): boolean {
  return ns < (limitMs + 1) * 1e6;
}

interface Limit {
  /** More than one value where the log allows for several. */
  readonly ms: Range;
  readonly place: Place;
}

/**
 * What the last line of migrate_transferred was reckoned with, and what was set
 * since. A newer such line may be lost, with a limit of which nothing else tells.
 */
function limitOf(migration: Migration, { startNs }: Downtime, { transfer, switchover }: Seen): Limit | undefined {
  const set = migration.downtimeLimitAt(startNs);
  const reckoned = transfer?.sample.limitMs;
  if (transfer === undefined || reckoned === undefined) {
    return set === undefined ? undefined : { ms: { low: set.ms, high: set.ms }, place: set.place };
  }
  const reckonedNs = transfer.at.ns ?? 0;
  if (set !== undefined && set.ns > reckonedNs) {
    const ms = { low: Math.min(reckoned.low, set.ms), high: Math.max(reckoned.high, set.ms) };
    return { ms, place: set.place };
  }
  const decidedNs = switchover?.decision?.at.ns ?? switchover?.decidingQuery?.at.ns ?? startNs;
  const known = decidedNs - reckonedNs < WINDOW_NS || (set !== undefined && set.ms <= reckoned.high);
  return { ms: known ? reckoned : { ...reckoned, high: Number.POSITIVE_INFINITY }, place: transfer.at.place };
}

function accuse(
  migration: Migration,
  downtime: Downtime,
  { pauseNs, limit }: { readonly pauseNs: number; readonly limit: Limit },
  { switchover, transfer }: Seen,
): Judgement {
  const spentNs = downtime.durationNs - pauseNs;
  const without = pauseNs > 0 ? `, ${formatDuration(pauseNs)} in pre-switchover left aside` : '';
  return violated({
    message: `the guest stood still for ${formatDuration(spentNs)}${without}, ${formatDuration(spentNs - limit.ms.high * 1e6)} longer than the downtime-limit of ${limit.ms.high} ms`,
    expected: `at most ${limit.ms.high} ms${predicted(switchover, transfer)}`,
    actual: describeDowntime(migration, downtime, switchover),
    evidence: [downtime.end, downtime.start, limit.place, ...places(switchover?.decidingQuery?.at.place)],
  });
}

/** What the decision rested on: how long the pending bytes take at the bandwidth measured. */
function predicted(switchover: Switchover | undefined, transfer: LastTransfer | undefined): string {
  if (switchover?.mode === 'postcopy') return '; in postcopy QEMU bounds only what counts as precopy';
  const bytes = switchover?.decision?.pendingBytes ?? switchover?.decidingQuery?.totalBytes;
  const perMs = transfer?.sample.switchoverBytesPerMs.low ?? 0;
  if (bytes === undefined || perMs === 0) return '';
  return `; QEMU predicted ${formatDuration((Number(bytes) / perMs) * 1e6)} for ${bytes} bytes`;
}
