/** Commands of the monitor, on the main thread, as their trace points show them. */
import type { Steps } from '../clock/scheduler.ts';
import type { Command } from '../config.ts';
import type { Attempt, Machine } from '../migration/attempt.ts';
import { cleanup } from '../migration/ending.ts';
import { reconnect } from '../migration/recovery.ts';
import { refusalOf } from '../migration/refusals.ts';
import { connected } from '../migration/setup.ts';
import { migrationThread } from '../migration/thread.ts';
import { allCapabilities, type Capabilities, type Parameters } from '../settings.ts';

const ADDRESS = 'tcp:192.0.2.10:4444';
const FILE = '/var/tmp/vm.state';
const COMMAND = 'cat > /var/tmp/vm.state';
const URIS = { socket: ADDRESS, file: `file:${FILE}`, exec: `exec:${COMMAND}` } as const;
const CHANNEL_ERROR = 'Channel error: Input/output error';
const NOBODY = "Failed to connect to '192.0.2.10:4444': Connection refused";

/** As QEMU prints a command's arguments: JSON with a blank behind commas and colons. */
function json(value: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${text(item)}`);
  return `{${pairs.join(', ')}}`;
}

function text(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(text).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return json({ ...value });
  return JSON.stringify(value);
}

export function setParameters(machine: Machine, parameters: Parameters): void {
  if (Object.keys(parameters).length === 0) return;
  Object.assign(machine.parameters, parameters);
  machine.core.tracer.event('qmp_enter_migrate_set_parameters', { json: json(parameters) });
}

/** Capabilities stay as they are between runs: those that this run changes. */
export function setCapabilities({ core }: Machine, before: Capabilities, after: Capabilities): void {
  const old = allCapabilities(before);
  const list = Object.entries(allCapabilities(after))
    .filter(([name, state]) => !Object.entries(old).some(([other, was]) => other === name && was === state))
    .map(([capability, state]) => ({ capability, state }));
  if (list.length === 0) return;
  core.tracer.event('qmp_enter_migrate_set_capabilities', { json: json({ capabilities: list }) });
  core.spend(30_000);
  core.tracer.event('qmp_exit_migrate_set_capabilities', { result: '{}', succeeded: 1 });
}

/** qmp_migrate(): the state, then the connection, which a socket makes later. */
export function* migrate(attempt: Attempt): Steps {
  const { core, run, mainLoop } = attempt;
  const isSocket = run.channel.kind === 'socket';
  const refusal = refusalOf(run, attempt.vm.runstate, core.config.guest.hasDirtyRing);
  core.tracer.event('qmp_enter_migrate', { json: json({ uri: URIS[run.channel.kind] }) });
  if (refusal !== undefined) {
    attempt.refusal = refusal;
    attempt.finish();
    return;
  }
  attempt.setState('setup');
  if (core.version.hasBlockActivation) core.tracer.event('cpr_state_save', { mode: 'normal' });
  core.spend(90_000);
  if (run.channel.kind === 'file') core.tracer.event('migration_file_outgoing', { filename: FILE });
  if (run.channel.kind === 'exec') core.tracer.event('migration_exec_outgoing', { cmd: `/bin/sh -c ${COMMAND}` });
  if (!isSocket) yield* connect(attempt);
  core.tracer.event('qmp_exit_migrate', { result: '{}', succeeded: 1 });
  if (isSocket) mainLoop.post(() => connect(attempt), 250_000);
}

function* connect(attempt: Attempt): Steps {
  const { core, run } = attempt;
  // Cancelled before the connection was there.
  if (attempt.isCancelled) {
    yield* cleanup(attempt);
    return;
  }
  if (!run.channel.connects) {
    yield* unreachable(attempt);
    return;
  }
  attempt.isConnected = true;
  connected(attempt);
  attempt.threadStarted = true;
  attempt.hasDirtyLog = !attempt.isBackgroundSnapshot;
  core.scheduler.spawn(core.newThread(), migrationThread(attempt), 80_000);
}

function* unreachable(attempt: Attempt): Steps {
  const { core } = attempt;
  core.tracer.event('migration_socket_outgoing_error', { err: NOBODY });
  if (core.version.band === '7.2') core.tracer.event('migrate_fd_error', { error: NOBODY });
  attempt.setFailed();
  attempt.reportError(NOBODY);
  yield* cleanup(attempt);
}

export function* perform(machine: Machine, attempt: Attempt, command: Command): Steps {
  const { core } = attempt;
  switch (command.command) {
    case 'migrate-start-postcopy':
      core.tracer.event('qmp_enter_migrate_start_postcopy', { json: '{}' });
      attempt.startPostcopy = attempt.capabilities['postcopy-ram'] || attempt.capabilities['dirty-bitmaps'];
      return;
    case 'migrate-cancel':
      core.tracer.event('qmp_enter_migrate_cancel', { json: '{}' });
      yield* cancel(attempt);
      return;
    case 'migrate-continue':
      core.tracer.event('qmp_enter_migrate_continue', { json: json({ state: 'pre-switchover' }) });
      if (attempt.state !== 'pre-switchover') return;
      attempt.isContinued = true;
      attempt.continued.notifyAll(core.nowNs);
      return;
    case 'migrate-pause':
      core.tracer.event('qmp_enter_migrate_pause', { json: '{}' });
      if (attempt.state === 'postcopy-active') breakLink(attempt);
      return;
    case 'migrate-resume':
      yield* resume(attempt);
      return;
    case 'migrate-set-parameters':
      setParameters(machine, command.parameters);
      return;
  }
}

/** The link fails: the next write finds out, and the return path at once. */
export function breakLink(attempt: Attempt): void {
  attempt.stream.isBroken = true;
  if (attempt.isInPostcopy) return;
  attempt.returnPath?.deliver({ kind: 'broken', error: CHANNEL_ERROR }, 40_000);
}

const CANCELLABLE = ['setup', 'wait-unplug', 'active', 'pre-switchover', 'device', 'cancelling'];

/** migration_cancel(); QMP refuses it in postcopy. */
export function* cancel(attempt: Attempt): Steps {
  const { core } = attempt;
  if (attempt.isInPostcopy) return;
  core.tracer.mark(core.version.band === '7.2' ? 'migrate_fd_cancel' : 'migration_cancel');
  if (attempt.state === undefined || !CANCELLABLE.includes(attempt.state)) return;
  attempt.setState('cancelling');
  // The channel is shut down: a round that is under way ends.
  attempt.stream.isBroken = true;
  attempt.returnPath?.deliver({ kind: 'broken', error: CHANNEL_ERROR }, 120_000);
  attempt.continued.notifyAll(core.nowNs);
  yield* core.sleep(0);
}

/** `migrate` with resume=true, which goes on in the migration that is paused. */
function* resume(attempt: Attempt): Steps {
  const { core, mainLoop } = attempt;
  core.tracer.event('qmp_enter_migrate', { json: json({ uri: ADDRESS, resume: true }) });
  if (attempt.state !== 'postcopy-paused') return;
  if (core.version.hasRecoverSetup) attempt.setState('postcopy-recover-setup');
  core.tracer.event('qmp_exit_migrate', { result: '{}', succeeded: 1 });
  mainLoop.post(() => reconnect(attempt), 250_000);
  yield* core.sleep(0);
}

/** `quit`: cancels whatever runs, stops the VM. */
export function* quit({ core, vm }: Machine, attempt: Attempt | undefined): Steps {
  const runs = attempt !== undefined && !attempt.isOver && !attempt.isInPostcopy;
  if (runs) yield* cancel(attempt);
  else core.tracer.mark(core.version.band === '7.2' ? 'migrate_fd_cancel' : 'migration_cancel');
  if (vm.isRunning) yield* vm.stop('shutdown');
  else {
    core.spend(50_000);
    core.tracer.event('vm_stop_flush_all', { ret: 0 });
  }
}
