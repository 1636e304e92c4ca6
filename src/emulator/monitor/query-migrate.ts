/** query-migrate's answer: the fields that a state has in a version, in the order in which QEMU prints them. */
import type { State } from '../../catalog/vocabulary.ts';
import type { Attempt } from '../migration/attempt.ts';

type Answer = Readonly<Record<string, unknown>>;

/** Which fields a state shows; `bare`: its name, and an error. */
type Extent = 'bare' | 'running' | 'ended';

const EXTENTS: Readonly<Record<State, Extent>> = {
  setup: 'bare',
  'wait-unplug': 'bare',
  active: 'running',
  'pre-switchover': 'running',
  device: 'running',
  colo: 'bare',
  'postcopy-device': 'running',
  'postcopy-active': 'running',
  'postcopy-paused': 'running',
  'postcopy-recover-setup': 'running',
  'postcopy-recover': 'running',
  completed: 'ended',
  cancelling: 'running',
  cancelled: 'bare',
  failing: 'running',
  failed: 'bare',
};

/** What a dirty ring of 4096 entries stands for. */
const RING_BYTES = 4096 * 4096;

/** INT64_MAX: a division by a bandwidth that nobody has measured. */
const NEVER = 2n ** 63n - 1n;

export function queryMigrate(attempt: Attempt | undefined): Answer {
  const status = attempt?.state;
  if (attempt === undefined || status === undefined) return {};
  const extent = EXTENTS[status];
  if (extent === 'bare') return { status, ...errorOf(attempt) };
  return {
    ...dirtyBytesOf(attempt, extent),
    status,
    'setup-time': attempt.setupMs,
    ...errorOf(attempt),
    ...downtimeOf(attempt),
    'total-time': totalMs(attempt, extent),
    ...throttleOf(attempt),
    ram: ramOf(attempt, extent),
    ...dirtyLimitOf(attempt),
    ...vfioOf(attempt),
  };
}

/** `remaining` is of 11.1, the other of the patched QEMU; and what is expected as long as there is no downtime. */
function dirtyBytesOf(attempt: Attempt, extent: Extent): Answer {
  if (extent !== 'running' && attempt.core.version.band !== 'thread') return {};
  const expected =
    extent === 'running' && !showsDowntime(attempt) ? { 'expected-downtime': expectedDowntime(attempt) } : {};
  switch (attempt.core.version.band) {
    case '11.1':
      return { ...expected, remaining: attempt.dirtyBytesTotal };
    case 'thread':
      return { 'dirty-bytes-total': attempt.dirtyBytesTotal, ...expected };
    case '7.2':
    case '10.0':
      return expected;
  }
}

/** migrate_show_downtime(); 7.2 shows it when the migration is over. */
function showsDowntime({ state, core }: Attempt): boolean {
  if (state === 'completed') return true;
  return core.version.band !== '7.2' && state?.startsWith('postcopy-') === true;
}

function downtimeOf(attempt: Attempt): Answer {
  return showsDowntime(attempt) ? { downtime: attempt.isCalculated ? (attempt.downtimeMs ?? 0) : 0 } : {};
}

/** A snapshot and COLO never come to migration_calculate_complete(). */
function totalMs({ core, endNs, startNs, isCalculated }: Attempt, extent: Extent): number {
  if (extent === 'ended' && !isCalculated) return 0;
  return Math.floor(((endNs ?? core.nowNs) - startNs) / 1e6);
}

function expectedDowntime(attempt: Attempt): number | bigint {
  const { core, exactTotal, bytesPerMs, expectedDowntimeMs } = attempt;
  if (core.version.band !== '11.1' || exactTotal === undefined) return expectedDowntimeMs;
  return bytesPerMs === 0 ? NEVER : Math.floor(exactTotal / bytesPerMs);
}

/** 7.2 shows an error when the migration has failed. */
function errorOf({ core, state, firstError }: Attempt): Answer {
  const isShown = firstError !== undefined && (state === 'failed' || core.version.band !== '7.2');
  return isShown ? { 'error-desc': firstError } : {};
}

function throttleOf({ vm }: Attempt): Answer {
  return vm.throttlePercent > 0 ? { 'cpu-throttle-percentage': vm.throttlePercent } : {};
}

/** Microseconds: how long a vCPU sleeps when its ring is full, and how long it takes to fill it. */
function dirtyLimitOf({ capabilities, vm, core }: Attempt): Answer {
  const limit = vm.dirtyLimitBytesPerSecond;
  if (!capabilities['dirty-limit'] || limit === undefined) return {};
  const { count } = vm.vcpus;
  const rate = core.config.guest.dirtyRateBytesPerSecond;
  const fillUs = Math.floor((RING_BYTES * count * 1e6) / Math.max(rate, limit, 1));
  const dueUs = Math.floor((RING_BYTES * count * 1e6) / Math.max(limit, 1));
  return {
    'dirty-limit-throttle-time-per-round': Math.max(0, dueUs - fillUs),
    'dirty-limit-ring-full-time': fillUs,
  };
}

function vfioOf({ modules }: Attempt): Answer {
  const sent = modules.flatMap(({ deviceBytesSent }) => deviceBytesSent ?? []);
  return sent.length === 0 ? {} : { vfio: { transferred: sent.reduce((sum, bytes) => sum + bytes, 0) } };
}

function ramOf(attempt: Attempt, extent: Extent): Answer {
  const { ram, vm, core } = attempt;
  const isRunning = extent === 'running';
  const { precopy, stopped, postcopy } = attempt.ramBytes();
  const isOld = core.version.band === '7.2';
  return {
    total: vm.memory.totalPages * 4096,
    'postcopy-requests': ram.requests,
    'dirty-sync-count': attempt.syncCount,
    'multifd-bytes': 0,
    'pages-per-second': attempt.pagesPerSecond,
    'downtime-bytes': stopped,
    'page-size': 4096,
    remaining: isRunning ? ram.dirtyBytes : 0,
    'postcopy-bytes': postcopy,
    mbps: isRunning || !attempt.isCalculated ? attempt.mbps : meanMbps(attempt),
    transferred: isOld ? precopy + stopped + postcopy : attempt.stream.flushedBytes,
    'dirty-sync-missed-zero-copy': 0,
    'precopy-bytes': precopy,
    duplicate: ram.zeroPages,
    'dirty-pages-rate': isRunning ? ram.syncing.dirtyPagesRate : 0,
    ...(isOld ? { skipped: 0 } : {}),
    'normal-bytes': ram.normalPages * 4096,
    normal: ram.normalPages,
  };
}

/** Over the whole migration, once it is completed. */
function meanMbps(attempt: Attempt): number {
  const ms = totalMs(attempt, 'ended') - attempt.setupMs;
  return ms > 0 ? (attempt.stream.flushedBytes * 8) / ms / 1000 : attempt.mbps;
}
