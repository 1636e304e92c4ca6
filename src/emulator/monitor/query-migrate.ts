/** query-migrate's answer, in the fields that its versions have. */
import type { Attempt } from '../migration/attempt.ts';

type Answer = Readonly<Record<string, unknown>>;

const RUNNING = [
  'active',
  'pre-switchover',
  'device',
  'postcopy-device',
  'postcopy-active',
  'postcopy-paused',
  'postcopy-recover-setup',
  'postcopy-recover',
  'colo',
  'cancelling',
  'failing',
];

export function queryMigrate(attempt: Attempt | undefined): Answer {
  const status = attempt?.state;
  if (attempt === undefined || status === undefined) return {};
  if (status === 'setup' || status === 'cancelled' || status === 'failed') return { status };
  const { core } = attempt;
  const isRunning = RUNNING.includes(status);
  const remaining = core.version.band === '11.1' && isRunning ? { remaining: attempt.dirtyBytesTotal } : {};
  const patched = core.version.band === 'thread' && isRunning ? { 'dirty-bytes-total': attempt.dirtyBytesTotal } : {};
  return {
    ...remaining,
    ...patched,
    ...(isRunning ? { 'expected-downtime': expectedDowntime(attempt) } : {}),
    status,
    'setup-time': attempt.setupMs,
    ...(attempt.downtimeMs === undefined ? {} : { downtime: attempt.downtimeMs }),
    'total-time': Math.floor(((attempt.endNs ?? core.nowNs) - attempt.startNs) / 1e6),
    ram: ramOf(attempt, isRunning),
    ...throttle(attempt),
  };
}

function expectedDowntime(attempt: Attempt): number {
  if (attempt.core.version.band !== '11.1') return attempt.expectedDowntimeMs;
  if (attempt.exactTotal === undefined || attempt.bytesPerMs === 0) return attempt.parameters['downtime-limit'];
  return Math.floor(attempt.exactTotal / attempt.bytesPerMs);
}

function throttle({ vm }: Attempt): Answer {
  return vm.throttlePercent > 0 ? { 'cpu-throttle-percentage': vm.throttlePercent } : {};
}

function ramOf(attempt: Attempt, isRunning: boolean): Answer {
  const { ram, stream, vm, isPostcopyBegun } = attempt;
  const sent = stream.putBytes;
  const postcopy = isPostcopyBegun ? sent - attempt.postcopyStartBytes : 0;
  return {
    total: vm.memory.totalPages * 4096,
    'postcopy-requests': ram.requests,
    'dirty-sync-count': ram.syncs,
    'multifd-bytes': 0,
    'page-size': 4096,
    remaining: isRunning ? ram.dirtyBytes : 0,
    mbps: Math.round(attempt.bytesPerMs * 8) / 1000,
    transferred: sent,
    'precopy-bytes': sent - postcopy,
    'postcopy-bytes': postcopy,
    duplicate: ram.zeroPages,
    'dirty-pages-rate': ram.dirtyPagesRate,
    'normal-bytes': ram.normalPages * 4096,
    normal: ram.normalPages,
  };
}
