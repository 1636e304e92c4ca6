/** COLO: primary and secondary run side by side, and the primary sends a checkpoint now and then. */
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';
import { cleanup } from './ending.ts';
import { queryPending } from './pending-query.ts';
import { completeModules, saveDevices } from './sections.ts';
import { notify } from './setup.ts';
import { reportStderr } from './stderr.ts';

const REPLY_NS = 350_000;
const ERROR = 'Input/output error';

/** How long a user takes to notice that the secondary is gone. */
const HEARTBEAT_NS = 120e6;

/** On the migration thread, behind the loop; ends in a failover, which a checkpoint that fails brings about. */
export function* coloProcess(attempt: Attempt): Steps {
  const { core, parameters } = attempt;
  core.tracer.mark('migration_thread_after_loop');
  yield* receive(attempt, 'checkpoint-ready', REPLY_NS);
  yield* startVm(attempt);
  for (let sent = 0; sent < attempt.run.checkpoints; sent += 1) {
    yield* core.sleep(parameters['x-checkpoint-delay'] * 1e6);
    if (yield* checkpoint(attempt)) continue;
    yield* loseHeartbeat(attempt);
    return;
  }
  yield* core.sleep((parameters['x-checkpoint-delay'] * 1e6) / 2);
  yield* failover(attempt);
  core.tracer.mark('qemu_file_fclose');
  yield* finish(attempt);
}

/** The thread leaves its loop, and waits for the failover. */
function* loseHeartbeat(attempt: Attempt): Steps {
  const { core } = attempt;
  core.tracer.mark('qemu_file_fclose');
  yield* core.sleep(HEARTBEAT_NS);
  yield* failover(attempt);
  yield* finish(attempt);
}

function* startVm({ core, vm }: Attempt): Steps {
  yield* core.lockBql('coloStart');
  yield* vm.start();
  core.unlockBql();
  core.tracer.event('colo_vm_state_change', { old: 'stop', new: 'run' });
}

/** colo_do_checkpoint_transaction(). False: the secondary is gone. */
function* checkpoint(attempt: Attempt): Steps<boolean> {
  const { core, vm, stream } = attempt;
  send(attempt, 'checkpoint-request');
  if (!(yield* receive(attempt, 'checkpoint-reply', REPLY_NS))) return false;
  yield* core.lockBql('coloStop');
  yield* vm.stop('colo');
  core.unlockBql();
  core.tracer.event('colo_vm_state_change', { old: 'run', new: 'stop' });
  yield* core.lockBql('colo');
  send(attempt, 'vmstate-send');
  yield* saveDevices(attempt, 'running');
  // Up to 10.x RAM is synced and sent without the BQL.
  const keepsBql = core.version.coloFinal;
  if (!keepsBql) core.unlockBql();
  if (keepsBql) yield* queryCheckpoint(attempt);
  const isSent = yield* completeModules(attempt, true);
  if (keepsBql) core.unlockBql();
  send(attempt, 'vmstate-size');
  if (!isSent) return failCheckpoint(attempt);
  stream.flush();
  if (!(yield* receive(attempt, 'vmstate-received', REPLY_NS / 4))) return false;
  if (!(yield* receive(attempt, 'vmstate-loaded', attempt.run.channel.loadMs * 1e6))) return false;
  yield* startVm(attempt);
  return true;
}

/** That message failed too; the loop begins another checkpoint before it looks. */
function failCheckpoint(attempt: Attempt): boolean {
  reportStderr(attempt, `Can't send COLO message: ${ERROR}`);
  send(attempt, 'checkpoint-request');
  reportStderr(attempt, `Can't send COLO message: ${ERROR}`);
  return false;
}

/** Each checkpoint is a switchover of its own, with its final query. */
function* queryCheckpoint(attempt: Attempt): Steps {
  const { core } = attempt;
  if (core.faults.at.finals === 0 || core.asPosted) return;
  yield* queryPending(attempt, 'final');
}

/** The heartbeat was lost: the primary goes on alone. */
function* failover(attempt: Attempt): Steps {
  const { core, mainLoop } = attempt;
  const { tracer } = core;
  let isTaken = false;
  mainLoop.post(function* () {
    tracer.event('colo_failover_set_state', { new_state: 'require' });
    tracer.event('colo_failover_set_state', { new_state: 'active' });
    attempt.setState('completed');
    yield* core.sleep(200_000);
    tracer.event('colo_failover_set_state', { new_state: 'completed' });
    isTaken = true;
    attempt.changed.notifyAll(core.nowNs);
  });
  while (!isTaken) yield* core.scheduler.wait(attempt.changed);
}

function* finish(attempt: Attempt): Steps {
  const { core, vm, mainLoop } = attempt;
  yield* core.lockBql('finish');
  if (core.version.hasBlockActivation) core.tracer.event('migration_block_activation', { active: 'active' });
  notify(attempt, 3);
  attempt.endNs = core.nowNs;
  // A checkpoint that failed has left it stopped.
  if (!vm.isRunning) yield* vm.start();
  mainLoop.post(() => cleanup(attempt), 15_000);
  core.unlockBql();
}

function send({ core, stream }: Attempt, msg: string): void {
  core.tracer.event('colo_send_message', { msg });
  stream.put(4);
}

/** False: the link failed meanwhile. */
function* receive(attempt: Attempt, msg: string, afterNs: number): Steps<boolean> {
  const { core, stream } = attempt;
  yield* core.sleep(afterNs);
  if (stream.isBroken) {
    reportStderr(attempt, `Can't receive COLO message: ${ERROR}`);
    return false;
  }
  core.tracer.event('colo_receive_message', { msg });
  return true;
}
