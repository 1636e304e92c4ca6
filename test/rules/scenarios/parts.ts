/** From the command to the cleanup: the stretches that runs are put together from. */
import {
  checkpoint,
  hasFinal,
  notify,
  type Pending,
  type Qemu,
  query,
  runstate,
  section,
  state,
  stopVm,
  sync,
} from './qemu.ts';
import { after, join, lock, main, mainLoop, mig, rp, type Script, unlock } from './script.ts';

export interface Setup {
  readonly returnPath?: boolean;
  readonly postcopyRam?: boolean;
  readonly bitmaps?: boolean;
  readonly multifd?: boolean;
  readonly colo?: boolean;
  readonly waitUnplug?: boolean;
  readonly transport?: 'socket' | 'file' | 'exec' | 'fd';
  readonly mode?: 'normal' | 'cpr-transfer' | 'cpr-reboot' | 'cpr-exec';
  /** CPR: the main thread stops the VM between `setup` and the header. */
  readonly stopped?: Script;
  /** Dirty rates are measured, too: 0x2, 0x4. */
  readonly dirtyLog?: string;
  readonly vfio?: Script;
}

export const BOOT = main('migration_block_activation active', runstate('prelaunch', 'running'), notify(1, 'running'));

/** Section 3: the main thread up to the channel, then the migration thread up to migration_thread_setup_complete. */
export function setup(qemu: Qemu, options: Setup = {}): Script {
  const returnPath = options.returnPath === true || options.postcopyRam === true;
  return join(
    command(qemu, options),
    options.stopped ?? [],
    options.vfio ?? [],
    returnPath ? mainLoop('open_return_path_on_source ', 'open_return_path_on_source_continue ') : [],
    returnPath ? rp('source_return_path_thread_entry ') : [],
    options.multifd === true ? main('multifd_new_send_channel_async channel 0') : [],
    header(returnPath, options),
    savevmSetup(options),
    mig(
      ...(options.waitUnplug === true ? [state('wait-unplug')] : []),
      state('active'),
      'migration_thread_setup_complete ',
    ),
  );
}

export function command(qemu: Qemu, { transport = 'socket', mode = 'normal' }: Setup): Script {
  const uri = { socket: 'unix:/run/vm/mig.sock', file: 'file:/run/vm/f', exec: 'exec:cat > /run/vm/f', fd: 'fd:m' };
  const connect = {
    socket: ['qmp_exit_migrate {} 1', 'migration_socket_outgoing_connected '],
    file: ['migration_file_outgoing filename=/run/vm/f'],
    exec: ['migration_exec_outgoing cmd=/bin/sh -c cat > /run/vm/f'],
    fd: ['migration_fd_outgoing fd=24'],
  };
  return mainLoop(
    `qmp_enter_migrate {"uri": "${uri[transport]}"}`,
    state('setup'),
    ...(qemu.device ? [`cpr_state_save ${mode} mode`] : []),
    ...connect[transport],
    'migration_set_outgoing_channel ioc=0x55f24af18e00 ioctype=qio-channel-socket',
    ...(qemu.failing ? ['migration_call_notifiers type=0'] : []),
    ...(transport === 'socket' ? [] : ['qmp_exit_migrate {} 1']),
  );
}

function header(returnPath: boolean, { postcopyRam, bitmaps, colo }: Setup): Script {
  return join(
    lock('migration', 'migration/migration.c:3681'),
    mig('savevm_state_header '),
    unlock('migration'),
    returnPath
      ? mig(
          'savevm_send_open_return_path ',
          'savevm_command_send com=0x1 len=0',
          'savevm_send_ping 0x1',
          'savevm_command_send com=0x2 len=4',
        )
      : [],
    postcopyRam === true ? mig('qemu_savevm_send_postcopy_advise ', 'savevm_command_send com=0x3 len=16') : [],
    bitmaps === true && postcopyRam !== true ? mig('savevm_command_send com=0x3 len=0') : [],
    colo === true ? mig('savevm_send_colo_enable ', 'savevm_command_send com=0x8 len=0') : [],
  );
}

function savevmSetup({ dirtyLog = '0x1', multifd, bitmaps }: Setup): Script {
  return join(
    lock('migration', 'migration/migration.c:3711'),
    mig('savevm_state_setup ', `global_dirty_changed bitmask ${dirtyLog}`),
    after(42000, sync(0)),
    unlock('migration'),
    lock('migration', 'migration/ram.c:3198'),
    multifd === true ? multifdSync(1) : [],
    bitmaps === true ? mig('send_bitmap_header_enter ') : [],
    unlock('migration'),
  );
}

export function multifdSync(packet: number): Script {
  return mig(
    'multifd_send_sync_main_signal channel 0',
    'multifd_send_sync_main_signal channel 1',
    'multifd_send_sync_main_wait channel 0',
    'multifd_send_sync_main_wait channel 1',
    `multifd_send_sync_main packet num ${packet}`,
  );
}

export interface Stop {
  readonly from?: string;
  /** Seconds in pre-switchover; what happens there. */
  readonly paused?: { readonly seconds: number; readonly meanwhile?: Script; readonly next?: string };
  /** Main-loop lines between the stop and vm_state_notify. */
  readonly meanwhile?: Script;
  /** CPR: the VM was stopped before. */
  readonly stoppedBefore?: boolean;
  readonly afterStop?: Script;
}

/** Section 6: from the lock to the state `device`, or what stands for it in this version. */
export function stop(qemu: Qemu, options: Stop = {}): Script {
  const { from = 'running', paused, stoppedBefore = false } = options;
  return join(
    stoppedBefore
      ? []
      : join(
          checkpoint(qemu, 'src-downtime-start'),
          stopVm(from, 'finish-migrate', options.meanwhile),
          options.afterStop ?? [],
          checkpoint(qemu, 'src-vm-stopped'),
          mig('migration_completion_vm_stop ret 0'),
        ),
    paused === undefined ? (qemu.device ? mig(state('device')) : []) : pause(qemu, paused),
  );
}

function pause(qemu: Qemu, { seconds, meanwhile = [], next = 'device' }: NonNullable<Stop['paused']>): Script {
  const go = main('qmp_enter_migrate_continue {"state": "pre-switchover"}');
  const early = !qemu.device;
  return join(
    early ? unlock('migration') : [],
    mig(state('pre-switchover')),
    early ? [] : unlock('migration'),
    meanwhile,
    after(seconds * 1e6, join(lock('main', 'util/main-loop.c:311'), go, unlock('main'))),
    early ? mig(state(next)) : [],
    lock('migration', 'migration/migration.c:2806'),
    early ? [] : mig(state(next)),
  );
}

/** The final query, where there is one. */
export function final(qemu: Qemu, pages: number, pending: Pending): Script {
  return hasFinal(qemu) ? join(sync(pages), query(qemu, 'final', pending)) : [];
}

export interface Save {
  readonly pages?: number;
  readonly ret?: number;
  readonly deactivate?: boolean;
  readonly bitmaps?: boolean;
  readonly multifd?: boolean;
  readonly block?: boolean;
  readonly vfio?: Script;
}

/** From the block layer to src-non-iterable-saved; the migration thread holds the BQL. */
export function save(qemu: Qemu, options: Save = {}): Script {
  return join(begin(qemu, options.deactivate !== false), saveRam(qemu, options), devices(qemu));
}

export function begin(qemu: Qemu, deactivate = true): Script {
  return join(
    qemu.device && deactivate ? mig('migration_block_activation inactive') : [],
    mig(qemu.queries === 'one' ? 'savevm_state_complete_precopy ' : 'migration_precopy_complete '),
    qemu.device ? mig('savevm_send_switchover_start ', 'savevm_command_send com=0xb len=0') : [],
  );
}

export function saveRam(qemu: Qemu, { pages = 1035, ret = 0, bitmaps, multifd, vfio, block }: Save = {}): Script {
  const done = (dirty: number, flag: 0 | 1): Script =>
    qemu.ramSaveComplete ? mig(`ram_save_complete dirty=${dirty}, done=${flag}`) : [];
  // 10.1 and 10.2 print it ahead of the sync: a stale number.
  const within = hasFinal(qemu) ? done(pages, 0) : join(done(Math.max(0, pages - 30), 0), sync(pages));
  return join(
    block === true ? section('block', 0, [], 3) : [],
    section('ram', ret, join(within, multifd === true ? multifdSync(9) : [], done(0, 1))),
    bitmaps === true
      ? section('dirty-bitmap', 0, mig('dirty_bitmap_save_complete_enter ', 'dirty_bitmap_save_complete_finish '), 2)
      : [],
    vfio ?? [],
    ret < 0
      ? []
      : qemu.checkpoints
        ? mig('vmstate_downtime_save type=iterable idstr=ram instance_id=0 downtime=2890')
        : [],
    ret < 0 ? [] : checkpoint(qemu, 'src-iterable-saved'),
  );
}

export function devices(qemu: Qemu): Script {
  return join(
    section('timer', 0, [], 0),
    mig('savevm_section_skip apic, section_id 7'),
    qemu.checkpoints ? mig('vmstate_downtime_save type=non-iterable idstr=timer instance_id=0 downtime=12') : [],
    mig('migrate_global_state_pre_save saved state: running'),
    checkpoint(qemu, 'src-non-iterable-saved'),
  );
}

/** The return path is closed, the migration completed, the loop left, everything cleaned up. */
export function complete(qemu: Qemu, returnPath = false, from = 'finish-migrate'): Script {
  const locked = qemu.queries !== 'one';
  return join(
    unlock('migration'),
    returnPath ? closeReturnPath() : [],
    locked ? lock('migration', 'migration/migration.c:3209') : [],
    checkpoint(qemu, 'src-downtime-end'),
    mig(state('completed')),
    locked ? unlock('migration') : [],
    leave(runstate(from, 'postmigrate')),
    cleanup(qemu),
  );
}

export function closeReturnPath(): Script {
  return join(
    mig('migration_return_path_end_before '),
    rp('source_return_path_thread_shut 0x0', 'source_return_path_thread_end '),
    mig('migration_return_path_end_after '),
  );
}

export function leave(...texts: readonly string[]): Script {
  return join(
    mig('migration_thread_after_loop '),
    lock('migration', 'migration/migration.c:3459'),
    mig(...texts),
    unlock('migration'),
  );
}

export function cleanup(qemu: Qemu): Script {
  return mainLoop(
    qemu.queries === 'one' ? 'migrate_fd_cleanup ' : 'migration_cleanup ',
    'savevm_state_cleanup ',
    'qemu_file_fclose ',
    ...(qemu.failing ? ['migration_call_notifiers type=2'] : []),
  );
}

/** Section 8: what follows a failure or a cancel; with the VM stopped it is started again. */
export interface Unwind {
  readonly stopped?: boolean;
  readonly end: 'cancelled' | 'failed';
  /** A paused guest goes back to that. */
  readonly to?: string;
}

export function unwind(qemu: Qemu, { stopped = false, end, to = 'running' }: Unwind): Script {
  const restart =
    to === 'running' ? [runstate('finish-migrate', to), notify(1, 'running')] : [runstate('finish-migrate', to)];
  return join(
    leave(
      ...(qemu.device ? ['migration_block_activation active'] : []),
      ...(qemu.failing ? ['migration_call_notifiers type=3'] : []),
      ...(stopped ? restart : []),
    ),
    mainLoop(
      qemu.queries === 'one' ? 'migrate_fd_cleanup ' : 'migration_cleanup ',
      'savevm_state_cleanup ',
      ...(to === 'running' ? ['global_dirty_changed bitmask 0x0'] : []),
      'qemu_file_fclose ',
      ...(end === 'cancelled' || qemu.failing ? [state(end)] : []),
    ),
  );
}

export function cancel(qemu: Qemu): Script {
  return mainLoop(
    'qmp_enter_migrate_cancel {}',
    qemu.queries === 'one' ? 'migrate_fd_cancel ' : 'migration_cancel ',
    state('cancelling'),
  );
}

/** The state that an error sets at once. */
export const failNow = (qemu: Qemu): string => state(qemu.failing ? 'failing' : 'failed');
