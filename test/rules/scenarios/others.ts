/** Snapshots, COLO, VFIO, and several things in one log. */
import { cleanup, closeReturnPath, command, final, leave, type Setup, save, setup, stop } from './parts.ts';
import { decide, LEFT, rounds } from './precopy.ts';
import {
  asked,
  checkpoint,
  estimate,
  hasFinal,
  iterate,
  notify,
  type Qemu,
  RAM,
  runstate,
  section,
  state,
  sync,
  transferred,
} from './qemu.ts';
import { after, conditionWait, join, lock, main, mainLoop, mig, type Script, unlock } from './script.ts';

const asMain = (script: Script): Script => script.map((line) => ({ ...line, thread: 'main' }));

/** Section 8: savevm runs in the main thread, the VM stopped; 7.2 and 10.x sync once more in ram_save_complete. */
export function savevm(
  qemu: Qemu,
  command = 'qmp_enter_snapshot_save {"job-id": "s", "tag": "a", "vmstate": "d", "devices": ["d"]}',
): Script {
  const again = qemu.queries === 'final-and-acks' ? [] : sync(0);
  return asMain(
    join(
      lock('main', 'util/main-loop.c:311'),
      command === '' ? [] : main(command),
      main(runstate('running', 'save-vm')),
      main(
        notify(0, 'save-vm'),
        'vm_stop_flush_all ret 0',
        state('setup'),
        'savevm_state_header ',
        'savevm_state_setup ',
        'global_dirty_changed bitmask 0x1',
      ),
      sync(0),
      main(
        'savevm_state_iterate ',
        'savevm_section_start ram, section_id 1',
        'savevm_section_end ram, section_id 1 -> 0',
        'savevm_state_iterate ',
        'savevm_section_start ram, section_id 1',
        'savevm_section_end ram, section_id 1 -> 1',
      ),
      qemu.device && qemu.queries !== 'final-and-acks'
        ? main('savevm_send_switchover_start ', 'savevm_command_send com=0xb len=0')
        : [],
      qemu.queries === 'one' ? main('savevm_state_complete_precopy ') : [],
      main('savevm_section_start ram, section_id 1'),
      again,
      qemu.ramSaveComplete ? main('ram_save_complete dirty=0, done=0', 'ram_save_complete dirty=0, done=1') : [],
      main('savevm_section_end ram, section_id 1 -> 0'),
      checkpoint(qemu, 'src-iterable-saved'),
      checkpoint(qemu, 'src-non-iterable-saved'),
      main(
        'savevm_state_cleanup ',
        state('completed'),
        'qemu_file_fclose ',
        runstate('save-vm', 'running'),
        notify(1, 'running'),
        'global_dirty_changed bitmask 0x0',
      ),
      unlock('main'),
    ),
  );
}

/** Section 8: the VM stops at the beginning; no query, no sync. */
export function backgroundSnapshot(qemu: Qemu): Script {
  const tracking = (what: string): string =>
    `ram_write_tracking_ramblock_${what} pc.ram: page_size: 4096 addr: 0x7ff5b3e00000 length: 268435456`;
  return join(
    command(qemu, { transport: 'exec' }),
    lock('migration', 'migration/migration.c:3681'),
    mig('savevm_state_header ', 'savevm_state_setup '),
    unlock('migration'),
    mig(state('active'), 'migration_thread_setup_complete '),
    lock('migration', 'migration/migration.c:3900'),
    checkpoint(qemu, 'src-downtime-start'),
    mig(runstate('running', 'paused')),
    conditionWait('migration', 'system/cpus.c:660'),
    mig(notify(0, 'paused'), 'vm_stop_flush_all ret 0'),
    checkpoint(qemu, 'src-vm-stopped'),
    mig('migration_completion_vm_stop ret 0'),
    checkpoint(qemu, 'src-non-iterable-saved'),
    mig(tracking('start')),
    unlock('migration'),
    lock('main', 'util/main-loop.c:311'),
    main(runstate('paused', 'running'), notify(1, 'running')),
    checkpoint(qemu, 'src-downtime-end').map((one) => ({ ...one, thread: 'main' as const })),
    unlock('main'),
    mig('savevm_state_iterate ', 'savevm_section_start ram, section_id 1', 'savevm_section_end ram, section_id 1 -> 0'),
    transferred(qemu),
    mig('savevm_state_iterate ', 'savevm_section_start ram, section_id 1', 'savevm_section_end ram, section_id 1 -> 1'),
    qemu.queries === 'one' ? mig(tracking('stop')) : [],
    mig(state('completed'), 'migration_thread_after_loop '),
    qemu.queries === 'one' ? [] : mig(tracking('stop')),
    cleanup(qemu),
  );
}

/** Section 8: after the first switchover the guest runs on both sides, from checkpoint to checkpoint. */
export function colo(qemu: Qemu, checkpoints = 3, end: Script = failover(qemu)): Script {
  const options: Setup = { returnPath: true, colo: true };
  const saved = save(qemu, { deactivate: false });
  return join(
    setup(qemu, options),
    rounds(qemu),
    decide(LEFT),
    stop(qemu),
    final(qemu, 7720, { pre: 4239360 }),
    saved,
    unlock('migration'),
    closeReturnPath(),
    mig(state('colo'), 'migration_thread_after_loop ', "colo_receive_message Receive 'checkpoint-ready' message"),
    lock('migration', 'migration/colo.c:620'),
    mig(runstate('finish-migrate', 'running'), notify(1, 'running')),
    unlock('migration'),
    mig("colo_vm_state_change Change 'stop' => 'run'"),
    ...Array.from({ length: checkpoints }, (_, index) => coloCheckpoint(qemu, 19 + index * 700)),
    end,
  );
}

function coloStop(): Script {
  return join(
    mig(
      "colo_send_message Send 'checkpoint-request' message",
      "colo_receive_message Receive 'checkpoint-reply' message",
    ),
    lock('migration', 'migration/colo.c:430'),
    mig(runstate('running', 'colo'), notify(0, 'colo'), 'vm_stop_flush_all ret 0'),
    unlock('migration'),
  );
}

function coloRam(qemu: Qemu, pages: number): Script {
  return section(
    'ram',
    0,
    join(
      qemu.ramSaveComplete ? mig(`ram_save_complete dirty=${pages}, done=0`) : [],
      hasFinal(qemu) ? [] : sync(pages),
      qemu.ramSaveComplete ? mig('ram_save_complete dirty=0, done=1') : [],
    ),
  );
}

/** 11.1 makes a final query under the lock; the port makes it right behind the stop; older ones sync in the RAM section. */
export function coloCheckpoint(qemu: Qemu, pages: number): Script {
  const pending = { pre: pages * 4096 };
  const acks = qemu.queries === 'final-and-acks';
  const stopped = coloStop();
  return join(
    qemu.queries === 'final' ? join(stopped.slice(0, -1), final(qemu, pages, pending), stopped.slice(-1)) : stopped,
    mig("colo_vm_state_change Change 'run' => 'stop'"),
    lock('migration', 'migration/colo.c:445'),
    mig("colo_send_message Send 'vmstate-send' message"),
    checkpoint(qemu, 'src-non-iterable-saved').slice(acks ? 0 : 1),
    acks ? final(qemu, pages, pending) : [],
    acks ? [] : unlock('migration'),
    coloRam(qemu, pages),
    checkpoint(qemu, 'src-iterable-saved').slice(acks ? 0 : 1),
    acks ? unlock('migration') : [],
    mig(
      "colo_send_message Send 'vmstate-size' message",
      "colo_receive_message Receive 'vmstate-received' message",
      "colo_receive_message Receive 'vmstate-loaded' message",
    ),
    lock('migration', 'migration/colo.c:500'),
    mig(runstate('colo', 'running'), notify(1, 'running')),
    unlock('migration'),
    mig("colo_vm_state_change Change 'stop' => 'run'"),
  );
}

/** The main thread completes the migration. */
export function failover(qemu: Qemu, restart: Script = []): Script {
  return join(
    after(
      100e3,
      join(
        lock('main', 'util/main-loop.c:311'),
        main(
          'colo_failover_set_state new state require',
          'colo_failover_set_state new state active',
          state('completed'),
          'colo_failover_set_state new state completed',
        ),
        unlock('main'),
      ),
    ),
    restart,
    qemu.failing ? mig('migration_call_notifiers type=3') : [],
    cleanup(qemu),
  );
}

/** Failover in the middle of a checkpoint: after so many of its lines the main thread completes the migration. */
export const coloFailoverWithin =
  (lines: number) =>
  (qemu: Qemu): Script => {
    const checkpointLines = coloCheckpoint(qemu, 1419).slice(0, lines);
    return colo(
      qemu,
      1,
      join(
        checkpointLines,
        failover(
          qemu,
          mig(runstate('colo', 'running'), notify(1, 'running'), "colo_vm_state_change Change 'stop' => 'run'"),
        ),
      ),
    );
  };

export const COLO_FAILOVERS: readonly number[] = [3, 6, 8, 10, 12, 14, 16, 18, 22];

// VFIO, section 5.3. No trace shows it: what the sizes say is inferred.
const INIT = 1048576;

function vfioPending(
  qemu: Qemu,
  kind: 'estimate' | 'exact' | 'final',
  stopCopy: number,
  dirty: number,
  init = 0,
): Script {
  if (qemu.queries === 'final-and-acks') {
    const [exact, final] = [kind === 'estimate' ? 0 : 1, kind === 'final' ? 1 : 0];
    return mig(
      `vfio_state_pending  (0000:01:00.0) stopcopy size ${stopCopy}, precopy initial size ${init}, precopy dirty size ${dirty}, request switchover ack 0, exact ${exact}, final ${final}`,
    );
  }
  if (kind === 'estimate')
    return mig(
      `vfio_state_pending_estimate  (0000:01:00.0) precopy ${init + dirty} postcopy 0 precopy initial size ${init} precopy dirty size ${dirty}`,
    );
  return mig(
    `vfio_state_pending_exact  (0000:01:00.0) precopy ${stopCopy} postcopy 0 stopcopy size ${stopCopy} precopy initial size ${init} precopy dirty size ${dirty}`,
  );
}

const vfioState = (name: string, recover: string): Script =>
  mig(
    `vfio_migration_set_state  (0000:01:00.0) new state ${name}, recover state ${recover}`,
    `vfio_migration_set_device_state  (0000:01:00.0) state ${name}`,
  );

export function vfio(qemu: Qemu): Script {
  const acks = qemu.queries === 'final-and-acks';
  const size = 21038628;
  const stop = size - INIT;
  const ask = (low: number, pages: number, high: number, dirty: number): Script => {
    const left = acks ? { pre: high + dirty, stop: size - dirty } : { pre: high + size };
    const early = acks ? { pre: low + dirty, stop: size - dirty } : { pre: low + dirty };
    const before = join(vfioPending(qemu, 'estimate', size, dirty), estimate(qemu, early));
    const asksExactly = acks || low + dirty < 5250155;
    if (!asksExactly) return before;
    return join(
      before,
      lock('migration', 'migration/ram.c:3450'),
      sync(pages),
      unlock('migration'),
      vfioPending(qemu, 'exact', size, dirty),
      mig(`${exactText(qemu, left)}`),
    );
  };
  const left = acks ? { pre: 40960, stop: size } : { pre: 40960 + size };
  return join(
    setup(qemu, { returnPath: true, vfio: vfioState('PRE_COPY', 'RUNNING') }),
    vfioPending(qemu, 'estimate', size, 0, INIT),
    estimate(qemu, acks ? { pre: RAM + INIT, stop } : { pre: RAM + INIT, max: 0 }),
    iterate(
      qemu,
      0,
      10510380,
      mig(`vfio_save_iterate  (0000:01:00.0) precopy initial size ${INIT} precopy dirty size 0`),
    ),
    ask(45060096, 100, 45060096, 409600),
    iterate(qemu),
    ask(0, 10, 40960, 0),
    iterate(qemu),
    // Now the limit is raised, so that the device fits.
    mainLoop('qmp_enter_migrate_set_parameters {"downtime-limit": 300}'),
    after(100e3, transferred(qemu, 10510380, 100, 300)),
    ask(0, 10, 40960, 0),
    decide(left),
    checkpoint(qemu, 'src-downtime-start'),
    mig(runstate('running', 'finish-migrate')),
    conditionWait('migration', 'system/cpus.c:660'),
    mig('vfio_vmstate_change_prepare  (0000:01:00.0) running 0 reason finish-migrate device state PRE_COPY_P2P'),
    vfioState('PRE_COPY_P2P', 'RUNNING'),
    mig(notify(0, 'finish-migrate')),
    vfioState('STOP_COPY', 'STOP'),
    mig(
      'vfio_vmstate_change  (0000:01:00.0) running 0 reason finish-migrate device state STOP_COPY',
      'vm_stop_flush_all ret 0',
    ),
    checkpoint(qemu, 'src-vm-stopped'),
    mig('migration_completion_vm_stop ret 0'),
    qemu.device ? mig(state('device')) : [],
    hasFinal(qemu) ? join(sync(10), acks ? vfioPending(qemu, 'final', size, 0) : [], mig(finalText(qemu, left))) : [],
    save(qemu, {
      vfio: join(section('0000:01:00.0/vfio', 0, mig('vfio_save_complete_precopy  (0000:01:00.0) ret 0'), 30)),
    }),
    unlock('migration'),
    closeReturnPath(),
    lock('migration', 'migration/migration.c:3209'),
    checkpoint(qemu, 'src-downtime-end'),
    mig(state('completed')),
    unlock('migration'),
    leave(runstate('finish-migrate', 'postmigrate')),
    main('migration_cleanup ', 'savevm_state_cleanup '),
    vfioState('STOP', 'ERROR'),
  );
}

const exactText = (qemu: Qemu, pending: Parameters<typeof estimate>[1]): string =>
  asked(qemu, {}, 0, pending).at(-1)?.text ?? '';
const finalText = (qemu: Qemu, pending: Parameters<typeof estimate>[1]): string =>
  final(qemu, 0, pending).at(-1)?.text ?? '';

/** A destination: the same states and runstates, and no query. Section 9. */
export function destination(qemu: Qemu): Script {
  return join(
    main(
      runstate('prelaunch', 'inmigrate'),
      state('setup'),
      'migration_socket_incoming_accepted ',
      'migration_set_incoming_channel ioc=0x55 ioctype=qio-channel-socket',
      state('active'),
      'loadvm_state_setup ',
      'qemu_loadvm_state_section 1',
      'qemu_loadvm_state_section_startfull 1(ram) 0 4',
    ),
    after(3e6, main('qemu_loadvm_state_section_partend 1')),
    qemu.checkpoints ? main('vmstate_downtime_checkpoint dst-precopy-loadvm-completed') : [],
    main(
      `process_incoming_migration_co_end ret=0${qemu.queries === 'one' || (qemu.queries === 'two' && !qemu.ramSaveComplete) ? ' postcopy-state=0' : ''}`,
      'migration_block_activation active',
      runstate('inmigrate', 'running'),
      notify(1, 'running'),
    ),
    qemu.checkpoints ? main('vmstate_downtime_checkpoint dst-precopy-bh-vm-started') : [],
    main(state('completed'), 'loadvm_state_cleanup '),
  );
}

/** A destination of postcopy. */
export function postcopyDestination(qemu: Qemu): Script {
  return join(
    main(
      runstate('prelaunch', 'inmigrate'),
      state('setup'),
      'migration_socket_incoming_accepted ',
      state('active'),
      'loadvm_state_setup ',
      'loadvm_postcopy_handle_advise ',
    ),
    after(
      3e6,
      main(
        'qemu_loadvm_state_section_partend 1',
        'loadvm_postcopy_ram_handle_discard ',
        'loadvm_postcopy_ram_handle_discard_end ',
        'loadvm_handle_cmd_packaged 4000',
      ),
    ),
    qemu.postcopyDevice ? main(state('postcopy-device')) : [],
    main(
      'postcopy_ram_listen_thread_start ',
      'loadvm_postcopy_handle_run ',
      state('postcopy-active'),
      'migration_block_activation active',
      runstate('inmigrate', 'running'),
      notify(1, 'running'),
      'postcopy_ram_fault_thread_request Request for HVA=0x7f rb=pc.ram offset=0x1000 pid=1',
      'postcopy_ram_listen_thread_exit ',
      state('completed'),
      'loadvm_state_cleanup ',
    ),
  );
}

/** After a completed migration the guest may be started again on the source, when the other side was given up. */
export const cont = (): Script =>
  mainLoop(
    'migration_block_activation active',
    runstate('postmigrate', 'running'),
    notify(1, 'running'),
    'global_dirty_changed bitmask 0x0',
  );
