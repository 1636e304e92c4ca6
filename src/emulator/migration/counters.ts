/** migration_update_counters() and migration_rate_limit(): windows of 100 ms, and the threshold from them. */
import { Done, type Steps } from '../clock/scheduler.ts';
import { type Attempt, WINDOW_MS } from './attempt.ts';

/** 7.2 and 10.x reckon an expected downtime only from a window with this much in it. */
const MEANINGFUL_BYTES = 10_000;

export function startWindow(attempt: Attempt): void {
  attempt.windowStartMs = attempt.core.scheduler.nowMs;
  attempt.windowEndNs = (attempt.windowStartMs + WINDOW_MS) * 1e6;
  attempt.windowStartBytes = attempt.countedBytes;
  attempt.windowStartPages = attempt.ram.normalPages + attempt.ram.zeroPages;
}

export function updateCounters(attempt: Attempt): void {
  if (attempt.core.nowNs >= attempt.windowEndNs) endWindow(attempt);
}

function endWindow(attempt: Attempt): void {
  const { core, parameters } = attempt;
  const spentMs = core.scheduler.nowMs - attempt.windowStartMs;
  const transferred = attempt.countedBytes - attempt.windowStartBytes;
  const measured = transferred / spentMs;
  const available = parameters['avail-switchover-bandwidth'] / 1000;
  attempt.mbps = (transferred * 8) / spentMs / 1000;
  updatePages(attempt, spentMs);
  attempt.bytesPerMs = available > 0 && core.version.band !== '7.2' ? available : measured;
  attempt.thresholdBytes = Math.floor(attempt.bytesPerMs * parameters['downtime-limit']);
  updateExpectedDowntime(attempt, transferred);
  startWindow(attempt);
  print(attempt, transferred, spentMs);
}

function updatePages(attempt: Attempt, spentMs: number): void {
  const pages = attempt.ram.normalPages + attempt.ram.zeroPages;
  attempt.pagesPerSecond = Math.floor(((pages - attempt.windowStartPages) * 1000) / spentMs);
}

function updateExpectedDowntime(attempt: Attempt, transferred: number): void {
  const { core, ram, bytesPerMs } = attempt;
  if (core.version.band === '11.1' || bytesPerMs === 0) return;
  if (ram.syncing.dirtyPagesRate === 0 || transferred <= MEANINGFUL_BYTES) return;
  attempt.expectedDowntimeMs = Math.floor(ram.syncing.dirtyBytes / bytesPerMs);
}

function print(attempt: Attempt, transferred: number, time_spent: number): void {
  const { core, parameters, bytesPerMs, thresholdBytes: max_size } = attempt;
  const { tracer } = core;
  const measured = transferred / time_spent;
  switch (core.version.band) {
    case '7.2':
      tracer.event('migrate_transferred', { transferred, time_spent, bandwidth: Math.floor(measured), max_size });
      return;
    case '10.0':
    case 'thread': {
      const switchover_bw = Math.floor(parameters['avail-switchover-bandwidth'] / 1000);
      const bandwidth = Math.floor(measured);
      tracer.event('migrate_transferred', { transferred, time_spent, bandwidth, switchover_bw, max_size });
      return;
    }
    case '11.1': {
      const bandwidth = Math.floor((measured * 8) / 1000);
      const switchover_bw = Math.floor(bytesPerMs);
      tracer.event('migrate_transferred', { transferred, time_spent, bandwidth, switchover_bw, max_size });
    }
  }
}

const NOT_URGENT: Steps<boolean> = new Done(false);

/** True: a page was asked for, and the loop goes on past the limit. */
export function rateLimit(attempt: Attempt): Steps<boolean> {
  updateCounters(attempt);
  return !attempt.rateExceeded() || attempt.stream.error !== undefined ? NOT_URGENT : waitForWindow(attempt);
}

function* waitForWindow(attempt: Attempt): Steps<boolean> {
  const { core } = attempt;
  const ms = attempt.windowStartMs + WINDOW_MS - core.scheduler.nowMs;
  core.tracer.event('migration_rate_limit_pre', { ms });
  const untilNs = core.nowNs + ms * 1e6 + core.random.between(30_000, 70_000);
  if (!attempt.ram.hasRequests) yield* core.scheduler.waitUntil(attempt.urgent, untilNs);
  const isUrgent = attempt.ram.hasRequests;
  core.tracer.event('migration_rate_limit_post', { urgent: isUrgent ? 1 : 0 });
  return isUrgent;
}
