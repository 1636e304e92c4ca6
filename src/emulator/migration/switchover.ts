/** What precopy and postcopy share at switchover: the VM stops, the states, the pause, the last query. */
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';
import { announce, checkpoint } from './commands.ts';
import { queryPending } from './pending-query.ts';
import { reportStderr } from './stderr.ts';

/** migration_stop_vm(), with the BQL. */
export function* stopVm(attempt: Attempt): Steps {
  const { core, vm } = attempt;
  attempt.downtimeStartNs = core.nowNs;
  checkpoint(attempt, 'src-downtime-start');
  attempt.oldRunstate = vm.runstate;
  attempt.ramBytesAtStop = attempt.ram.pageBytes;
  yield* vm.stop('finish-migrate');
  checkpoint(attempt, 'src-vm-stopped');
}

/** migration_switchover_prepare(): waits in pre-switchover. False: somebody cancelled meanwhile. */
export function* prepareSwitchover(attempt: Attempt): Steps<boolean> {
  const { core } = attempt;
  if (!attempt.capabilities['pause-before-switchover']) {
    if (core.version.alwaysDevice) return attempt.swapState('active', 'device');
    return !attempt.isCancelled;
  }
  // 7.2 releases the BQL first, prints both states without it, then takes it.
  const isOld = core.version.band === '7.2';
  const next = isOld && attempt.ram.isSwitchingToPostcopy ? 'postcopy-active' : 'device';
  if (!isOld) attempt.swapState('active', 'pre-switchover');
  core.unlockBql();
  if (isOld) attempt.swapState('active', 'pre-switchover');
  while (!attempt.isContinued && !attempt.isCancelled) yield* core.scheduler.wait(attempt.continued);
  if (isOld) attempt.swapState('pre-switchover', next);
  yield* core.lockBql('switchover');
  return isOld ? attempt.state === next : attempt.swapState('pre-switchover', next);
}

/** How a switchover begins: with an error's text where it fails. */
interface Final {
  readonly error?: string;
}

/** The final query of a switchover, and the faults around it. */
function* finalQuery(attempt: Attempt): Steps<Final> {
  const { core } = attempt;
  const finals = core.version.hasFinal ? core.faults.at.finals : 0;
  if (finals === 0 || attempt.madeFinalEarly) return {};
  const answer = yield* queryFinal(attempt);
  if (finals === 2) yield* queryPending(attempt, 'final');
  if (core.faults.at.syncAfterFinal) yield* attempt.ram.sync(true);
  if (core.faults.at.queryAfterFinal) yield* queryPending(attempt, 'estimate');
  if (answer === 0 || !core.faults.at.acksFail) return {};
  return { error: `Switchover ACK was requested by ${answer} devices during switchover` };
}

/** qemu_savevm_query_pending_final(); returns the switchover acks that it collected. */
function* queryFinal(attempt: Attempt): Steps<number> {
  const { core } = attempt;
  const lock = core.faults.at.finalLock;
  if (lock !== 'held') {
    core.unlockBql();
    yield* core.sleep(2_000);
  }
  if (lock === 'asserted')
    yield* core.abort('migration/savevm.c', 1794, 'qemu_savevm_query_pending_final', 'bql_locked()');
  const { acks } = yield* queryPending(attempt, 'final');
  if (lock !== 'held') yield* core.lockBql('switchover');
  return acks;
}

/** The fault makes the final query where the decision is made, before the VM is stopped. */
export function* finalBeforeStop(attempt: Attempt): Steps {
  const { core } = attempt;
  if (!core.version.hasFinal || core.faults.at.finalPlace === 'stopped') return;
  attempt.madeFinalEarly = true;
  yield* queryPending(attempt, 'final');
}

/** migration_switchover_start() behind the states: final query, disks, no limit from here on. */
export function* startSwitchover(attempt: Attempt): Steps<Final> {
  const { core } = attempt;
  attempt.isUnlimited = true;
  const final = yield* finalQuery(attempt);
  if (final.error !== undefined) return final;
  const { hasBlockActivation } = core.version;
  if (hasBlockActivation && !attempt.capabilities['x-colo']) {
    core.tracer.event('migration_block_activation', { active: 'inactive' });
    core.spend(9_000);
    if (attempt.run.failsAt === 'switchover') return { error: failInactivation(attempt) };
    attempt.disksAreInactive = true;
  }
  if (hasBlockActivation) {
    core.tracer.mark('migration_precopy_complete');
    announce(attempt, 'savevm_send_switchover_start', 'switchover-start');
  } else core.tracer.mark('savevm_state_complete_precopy');
  return {};
}

/** bdrv_inactivate_all() failed: what the client is told is up to the version. */
export function failInactivation(attempt: Attempt): string {
  const { band } = attempt.core.version;
  const where = band === '7.2' ? 'qemu_savevm_state_complete_precopy_non_iterable' : 'migration_block_inactivate';
  reportStderr(attempt, `${where}: bdrv_inactivate_all() failed${band === '7.2' ? ' (-5)' : ': -5'}`);
  return band === '10.0' ? 'Error in migration completion: Bad address' : 'Block inactivate failed during switchover';
}
