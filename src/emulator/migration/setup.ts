/** Before the first round: connect, then header and setup sections on the stream. */
import { ReturnPath } from '../channel/return-path.ts';
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';
import { announce, ping, sendCommand } from './commands.ts';

/** Magic and version, then the machine's name. */
const HEADER_BYTES = 48;

/** Up to 10.x the channel's lines show a host, which sockets do not set. */
const NO_HOST = { ['hostname']: '(null)' };

const CHANNEL_TYPES = { socket: 'qio-channel-socket', file: 'qio-channel-file', exec: 'qio-channel-command' } as const;

/** Main thread: the channel is there. */
export function connected(attempt: Attempt): void {
  showChannel(attempt);
  notify(attempt, 0);
  if (attempt.hasReturnPath) openReturnPath(attempt);
}

export function showChannel({ core, run }: Attempt): void {
  const { tracer, version } = core;
  const isSocket = run.channel.kind === 'socket';
  const isNew = version.band === '11.1';
  if (isSocket) tracer.event('migration_socket_outgoing_connected', isNew ? {} : NO_HOST);
  const channel = { ioc: core.address(), ioctype: CHANNEL_TYPES[run.channel.kind] };
  tracer.event('migration_set_outgoing_channel', isNew ? channel : { ...channel, ...NO_HOST, err: '(nil)' });
}

/** 11.1 only: 0 setup, 1 postcopy switched over, 2 done, 3 failed. */
export function notify({ core }: Attempt, type: number): void {
  if (core.version.hasNotifiers) core.tracer.event('migration_call_notifiers', { type });
}

export function openReturnPath(attempt: Attempt): void {
  const { tracer } = attempt.core;
  tracer.mark('open_return_path_on_source');
  attempt.returnPath = new ReturnPath(attempt.core, attempt);
  tracer.mark('open_return_path_on_source_continue');
}

/** Migration thread, up to the state `active`. 7.2 prints all but the sync without the BQL. */
export function* setup(attempt: Attempt): Steps {
  const { core } = attempt;
  const isLocked = core.version.band !== '7.2';
  if (isLocked) yield* core.lockBql('header');
  writeHeader(attempt);
  if (isLocked) core.unlockBql();
  announceFeatures(attempt);
  yield* core.sleep(8_000);
  if (isLocked) yield* core.lockBql('setup');
  core.tracer.mark('savevm_state_setup');
  for (const module of attempt.modules) if (module.isActive) yield* setupModule(attempt, module);
  if (isLocked) core.unlockBql();
  if (!attempt.isBackgroundSnapshot && isLocked) {
    // Around the sync of the multifd channels in ram_save_setup(), which is there without channels too.
    yield* core.lockBql('ramSetup');
    syncMultifd(attempt);
    core.unlockBql();
  }
  attempt.stream.flush();
  if (attempt.run.failsAt === 'setup')
    attempt.stream.error = 'Failed to allocate the migration buffer: Cannot allocate memory';
}

function* setupModule(attempt: Attempt, module: Attempt['modules'][number]): Steps {
  const { core } = attempt;
  const locksItself = core.version.band === '7.2';
  if (locksItself) yield* core.lockBql('ramSetup');
  yield* module.setup();
  if (locksItself) core.unlockBql();
}

export function writeHeader({ core, stream }: Attempt): void {
  core.tracer.mark('savevm_state_header');
  stream.put(HEADER_BYTES);
}

function announceFeatures(attempt: Attempt): void {
  const { capabilities, core } = attempt;
  if (attempt.hasReturnPath) {
    announce(attempt, 'savevm_send_open_return_path', 'open-return-path');
    // Up to 10.x a destination without a device that acks does so at once.
    const acks = capabilities['switchover-ack'] && core.version.band !== '11.1';
    if (acks && attempt.run.modules.every(({ kind }) => kind !== 'vfio')) attempt.initialDataSent();
    ping(attempt, 1);
  }
  const bitmaps = capabilities['dirty-bitmaps'];
  if (capabilities['postcopy-ram']) core.tracer.mark('qemu_savevm_send_postcopy_advise');
  if (capabilities['postcopy-ram'] || bitmaps) {
    sendCommand(attempt, 'postcopy-advise', capabilities['postcopy-ram'] ? 16 : 0);
  }
  // 11.1 sends none: both sides know by the capability.
  if (capabilities['x-colo'] && core.version.band !== '11.1') {
    core.tracer.mark('savevm_send_colo_enable');
    sendCommand(attempt, 'enable-colo', 0);
  }
}

/** multifd_send_sync_main(): each channel is told, then waited for. */
export function syncMultifd(attempt: Attempt): void {
  const { core, capabilities, parameters } = attempt;
  if (!capabilities.multifd) return;
  const channels = Array.from({ length: parameters['multifd-channels'] }, (_, id) => id);
  for (const id of channels) core.tracer.event('multifd_send_sync_main_signal', { id });
  for (const id of channels) core.tracer.event('multifd_send_sync_main_wait', { id });
  attempt.multifdPackets += channels.length;
  core.tracer.event('multifd_send_sync_main', { packet_num: attempt.multifdPackets });
}
