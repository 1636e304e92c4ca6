/**
 * Every correct run that the protocol has, for each version that has it. The
 * numbers behind the names are sections of the notes: C of the migration core,
 * T of the traces.
 */
import * as circumstances from './circumstances.ts';
import * as others from './others.ts';
import { BOOT } from './parts.ts';
import * as postcopy from './postcopy.ts';
import * as precopy from './precopy.ts';
import { ALL_VERSIONS, Q7_2, Q8_0, Q8_2, Q9_2, Q10_0, Q10_2, Q11_1, type Qemu } from './qemu.ts';
import { join, type Script } from './script.ts';

export interface Scenario {
  readonly name: string;
  readonly versions: readonly Qemu[];
  readonly script: (qemu: Qemu) => Script;
  /** One per migration: `precopy completed`. */
  readonly ends: readonly string[];
  /** Warnings and infos that the run deserves. */
  readonly deserves?: (qemu: Qemu) => readonly string[];
}

const since = (first: Qemu): readonly Qemu[] => ALL_VERSIONS.slice(ALL_VERSIONS.indexOf(first));

const NONE: readonly string[] = [];
const endTwice = (qemu: Qemu): readonly string[] => (qemu === Q8_2 || qemu === Q9_2 ? ['downtime-end-repeated'] : NONE);

function scenario(
  name: string,
  script: (qemu: Qemu) => Script,
  ends: string | readonly string[],
  rest: Partial<Scenario> = {},
): Scenario {
  return { name, script, ends: typeof ends === 'string' ? [ends] : ends, versions: ALL_VERSIONS, ...rest };
}

const cancelled = precopy.cancelActive();

const PRECOPY: readonly Scenario[] = [
  scenario('precopy (C6)', (q) => join(BOOT, precopy.precopy(q)), 'precopy completed'),
  scenario('precopy with a return path (C3)', precopy.withReturnPath, 'precopy completed'),
  scenario('an idle guest (C4a)', precopy.idle, 'precopy completed'),
  scenario('a guest with nothing to send (C4a)', precopy.empty, 'precopy completed'),
  scenario('a paused guest (C2)', precopy.pausedGuest, 'precopy completed'),
  scenario('postcopy-ram set and not used (C10)', precopy.postcopyUnused, 'precopy completed'),
  scenario('pause-before-switchover (C6)', precopy.pauseBefore(2), 'precopy completed'),
  scenario('pause-before-switchover, 70 s (C11.5)', precopy.pauseBefore(70), 'precopy completed'),
  scenario('multifd (C4)', precopy.multifd, 'precopy completed'),
  scenario('auto-converge (C4)', precopy.autoConverge, 'precopy completed'),
  scenario('dirty-limit (C4)', precopy.dirtyLimit, 'precopy completed', { versions: since(Q8_2) }),
  scenario('slow syncs (T6)', precopy.slowSyncs, 'precopy completed'),
  scenario('into a file (C8)', precopy.toFile, 'precopy completed'),
  scenario('into a program (C8)', precopy.toExec, 'precopy completed'),
  scenario('into a descriptor (C8)', precopy.toFd, 'precopy completed'),
  scenario('wait-unplug (C2)', precopy.waitUnplug, 'precopy completed'),
  scenario('the dirty rate is measured, too (C3)', precopy.dirtyRate, 'precopy completed'),
  scenario('main-loop lines while the VM stops (C1)', precopy.busyStop, 'precopy completed'),
  scenario('switchover-ack (C4)', precopy.switchoverAck, 'precopy completed', { versions: since(Q8_2) }),
  scenario('block migration (C5.5)', precopy.blockMigration, 'precopy completed', { versions: [Q7_2, Q8_0, Q8_2] }),
  scenario('dirty bitmaps larger than the threshold (T7)', precopy.bitmapSpin, 'precopy completed'),
  scenario('CPR transfer (C8)', precopy.cpr('cpr-transfer'), 'precopy completed', { versions: since(Q10_0) }),
  scenario('CPR reboot (C8)', precopy.cpr('cpr-reboot'), 'precopy completed', { versions: since(Q10_0) }),
  scenario('CPR exec (C8)', precopy.cpr('cpr-exec'), 'precopy completed', { versions: since(Q10_0) }),
  scenario('many rounds (C4c)', precopy.manyRounds, 'precopy completed'),
  scenario('VFIO (C5.3)', others.vfio, 'precopy completed', { versions: since(Q8_2) }),
];

const ENDINGS: readonly Scenario[] = [
  scenario('cancelled in the pause (C8)', precopy.cancelInPause, 'precopy cancelled'),
  scenario('failed behind the pause (C8)', precopy.failAfterPause, 'precopy failed'),
  scenario('an error after the stop (C8)', precopy.errorAfterStop, 'precopy failed'),
  scenario('an error after the stop, the VM stays stopped (C8)', precopy.errorAfterStopStays, 'precopy failed', {
    versions: since(Q10_2),
  }),
  scenario('the final query fails the migration (C5.6)', precopy.errorInFinal, 'precopy failed', { versions: [Q11_1] }),
  scenario('a stream error (C8)', precopy.streamError, 'precopy failed'),
  scenario('unreachable (C8)', precopy.unreachable, 'unknown failed'),
  scenario('cancelled in setup (C8)', precopy.cancelInSetup, 'unknown cancelled'),
  scenario('cancelled in wait-unplug (C8)', precopy.cancelInUnplug, 'unknown cancelled'),
  scenario('cancelled (C8)', precopy.cancelActive(), 'precopy cancelled'),
  scenario('cancelled twice (C8)', precopy.cancelActive({ twice: true }), 'precopy cancelled'),
  scenario('cancelled inside an exact query (C8)', precopy.cancelActive({ inQuery: true }), 'precopy cancelled'),
  scenario('cancelled in device (C2)', precopy.cancelInDevice, 'precopy cancelled'),
  scenario('quit while active (T3)', precopy.quitWhileActive, 'precopy cancelled'),
  scenario('quit after the end (T8)', (q) => precopy.thenQuit(q, precopy.precopy(q)), 'precopy completed'),
];

const POSTCOPY: readonly Scenario[] = [
  scenario('postcopy (C7)', postcopy.postcopy, 'postcopy completed', { deserves: endTwice }),
  scenario('postcopy, preempt (C7)', postcopy.preempt, 'postcopy completed', { deserves: endTwice }),
  scenario('postcopy, early (T2)', postcopy.early, 'postcopy completed', { deserves: endTwice }),
  scenario('postcopy with bitmaps (T2)', postcopy.withBitmaps, 'postcopy completed', { deserves: endTwice }),
  scenario('postcopy of bitmaps alone (C7)', postcopy.bitmapsOnly(false), 'postcopy completed', { deserves: endTwice }),
  scenario('postcopy of bitmaps alone with a return path (C7)', postcopy.bitmapsOnly(true), 'postcopy completed', {
    deserves: endTwice,
  }),
  scenario('postcopy with a pause (C2)', postcopy.paused, 'postcopy completed', { deserves: endTwice }),
  scenario('postcopy recovered twice (C7)', postcopy.recovered, 'postcopy completed', { deserves: endTwice }),
  scenario('postcopy, a recover that fails (C2)', postcopy.recoverFails, 'postcopy completed', { deserves: endTwice }),
  scenario('postcopy, left paused (C2)', postcopy.leftPaused, 'postcopy running'),
  scenario('postcopy fails in postcopy-device (C7)', postcopy.failsInDevice, 'postcopy failed', {
    versions: since(Q10_2),
  }),
  scenario('postcopy fails before the package (C8)', postcopy.failsBeforePackage, 'postcopy failed'),
  scenario('postcopy with urgent requests (T7)', postcopy.urgent, 'postcopy completed', { deserves: endTwice }),
  scenario('postcopy, all sent in postcopy-device (C2)', postcopy.fast, 'postcopy completed', {
    versions: since(Q10_2),
  }),
];

const STANDING = ['prelaunch', 'suspended', 'io-error', 'guest-panicked', 'shutdown', 'paused'];

const CIRCUMSTANCES: readonly Scenario[] = [
  scenario('the guest is stopped and continued meanwhile (C2)', circumstances.stoppedAndContinued, 'precopy completed'),
  ...['io-error', 'shutdown', 'guest-panicked', 'suspended', 'watchdog'].map((why) =>
    scenario(`the guest stops meanwhile: ${why} (C2)`, circumstances.stopsByItself(why), 'precopy completed'),
  ),
  ...STANDING.map((from) => scenario(`a guest in ${from} (C2)`, circumstances.neverRan(from), 'precopy completed')),
  ...STANDING.map((from) =>
    scenario(
      `a guest in ${from}, and the migration fails (C2)`,
      circumstances.failsWhereItStood(from),
      'precopy failed',
    ),
  ),
  scenario('the VM cannot be stopped (C8)', circumstances.stopFails, 'precopy failed'),
  scenario('the setup fails (C3)', circumstances.setupFails, 'precopy failed'),
  scenario(
    'refused, then completed (C8)',
    (q) => join(circumstances.REFUSED, circumstances.REFUSED, precopy.precopy(q)),
    'precopy completed',
  ),
  scenario(
    'refused meanwhile, then completed (C8)',
    (q) => join(circumstances.refusedMeanwhile(q), precopy.precopy(q)),
    ['precopy cancelled', 'precopy completed'],
  ),
  scenario(
    'a snapshot is loaded, then precopy (C9)',
    (q) => join(circumstances.loadvm(), precopy.precopy(q)),
    'precopy completed',
  ),
  scenario(
    'a snapshot is saved, loaded, then postcopy (C9)',
    (q) => join(others.savevm(q), circumstances.loadvm(), postcopy.postcopy(q)),
    ['snapshot completed', 'postcopy completed'],
    { deserves: endTwice },
  ),
  scenario(
    'cancelled, a snapshot is loaded, completed (C9)',
    (q) => join(cancelled(q), circumstances.loadvm(), precopy.precopy(q)),
    ['precopy cancelled', 'precopy completed'],
  ),
  scenario('the limit is changed meanwhile (C11.15)', circumstances.limitChanged, 'precopy completed'),
];

const SNAPSHOTS: readonly Scenario[] = [
  scenario('snapshot-save (C8)', (q) => others.savevm(q), 'snapshot completed'),
  scenario('savevm of HMP (C8)', (q) => others.savevm(q, ''), 'snapshot completed'),
  scenario('background-snapshot (C8)', others.backgroundSnapshot, 'background-snapshot completed'),
];

const COLO: readonly Scenario[] = [
  scenario('COLO (C8)', (q) => others.colo(q), 'colo completed'),
  scenario('COLO without a checkpoint (C8)', (q) => others.colo(q, 0), 'colo completed'),
  ...others.COLO_FAILOVERS.map((lines) =>
    scenario(
      `COLO, failover ${lines} lines into a checkpoint (C8)`,
      others.coloFailoverWithin(lines),
      'colo completed',
    ),
  ),
];

const SEVERAL: readonly Scenario[] = [
  scenario('cancelled, then completed (C11.11)', (q) => join(BOOT, cancelled(q), precopy.precopy(q)), [
    'precopy cancelled',
    'precopy completed',
  ]),
  scenario(
    'cancelled, failed, completed (C11.11)',
    (q) => join(cancelled(q), precopy.streamError(q), precopy.precopy(q)),
    ['precopy cancelled', 'precopy failed', 'precopy completed'],
  ),
  scenario('unreachable, then completed', (q) => join(precopy.unreachable(q), precopy.precopy(q)), [
    'unknown failed',
    'precopy completed',
  ]),
  scenario(
    'cancelled in the pause, then postcopy',
    (q) => join(precopy.cancelInPause(q), postcopy.postcopy(q)),
    ['precopy cancelled', 'postcopy completed'],
    { deserves: endTwice },
  ),
  scenario('an error after the stop, then completed', (q) => join(precopy.errorAfterStop(q), precopy.precopy(q)), [
    'precopy failed',
    'precopy completed',
  ]),
  scenario(
    'postcopy fails before the package, then precopy',
    (q) => join(postcopy.failsBeforePackage(q), precopy.precopy(q)),
    ['postcopy failed', 'precopy completed'],
  ),
  scenario('a snapshot, then precopy', (q) => join(others.savevm(q), precopy.precopy(q)), [
    'snapshot completed',
    'precopy completed',
  ]),
  scenario('savevm of HMP, then precopy', (q) => join(others.savevm(q, ''), precopy.precopy(q)), [
    'snapshot completed',
    'precopy completed',
  ]),
  scenario(
    'a snapshot, then postcopy',
    (q) => join(others.savevm(q), postcopy.postcopy(q)),
    ['snapshot completed', 'postcopy completed'],
    { deserves: endTwice },
  ),
  scenario('a background snapshot, then precopy', (q) => join(others.backgroundSnapshot(q), precopy.precopy(q)), [
    'background-snapshot completed',
    'precopy completed',
  ]),
  scenario('cancelled, then a snapshot', (q) => join(cancelled(q), others.savevm(q)), [
    'precopy cancelled',
    'snapshot completed',
  ]),
  scenario('two snapshots', (q) => join(others.savevm(q), others.savevm(q)), [
    'snapshot completed',
    'snapshot completed',
  ]),
  scenario('COLO, then precopy', (q) => join(others.colo(q, 2), precopy.precopy(q)), [
    'colo completed',
    'precopy completed',
  ]),
  scenario(
    'precopy completed, continued, and again',
    (q) => join(precopy.precopy(q), others.cont(), precopy.precopy(q)),
    ['precopy completed', 'precopy completed'],
  ),
  scenario('into a file, twice', (q) => join(precopy.toFile(q), others.cont(), precopy.toFile(q)), [
    'precopy completed',
    'precopy completed',
  ]),
  scenario('incoming, then outgoing (C9)', (q) => join(others.destination(q), precopy.precopy(q)), [
    'precopy completed',
  ]),
  scenario(
    'incoming postcopy, then outgoing postcopy (C9)',
    (q) => join(others.postcopyDestination(q), postcopy.postcopy(q)),
    ['postcopy completed'],
    { deserves: endTwice },
  ),
  scenario('outgoing cancelled, then incoming (C9)', (q) => join(cancelled(q), others.destination(q)), [
    'precopy cancelled',
  ]),
  scenario('incoming, then a snapshot', (q) => join(others.destination(q), others.savevm(q)), ['snapshot completed']),
];

export const SCENARIOS: readonly Scenario[] = [
  ...PRECOPY,
  ...ENDINGS,
  ...POSTCOPY,
  ...SNAPSHOTS,
  ...COLO,
  ...CIRCUMSTANCES,
  ...SEVERAL,
];
