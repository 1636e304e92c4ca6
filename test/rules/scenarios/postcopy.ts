/** Runs that switch over to postcopy. */
import {
  begin,
  cleanup,
  closeReturnPath,
  devices,
  failNow,
  final,
  leave,
  type Setup,
  type Stop,
  setup,
  stop,
  unwind,
} from './parts.ts';
import {
  asked,
  checkpoint,
  estimate,
  hasFinal,
  iterate,
  type Pending,
  type Qemu,
  RAM,
  runstate,
  section,
  state,
  sync,
  transferred,
} from './qemu.ts';
import { after, join, lock, main, mainLoop, mig, rp, type Script, unlock } from './script.ts';

const LEFT: Pending = { post: 234483712 };

export interface Postcopy {
  readonly setup?: Setup;
  readonly rounds?: Script;
  /** Bytes left at the switchover. */
  readonly left?: Pending;
  readonly stop?: Stop;
  readonly preempt?: boolean;
  readonly end?: Script;
  /** Dirty bitmaps alone: no RAM is left to postcopy. */
  readonly ramLeft?: boolean;
  readonly returnPath?: boolean;
}

/** Section 7. */
export function postcopy(qemu: Qemu, options: Postcopy = {}): Script {
  const left = options.left ?? LEFT;
  return join(
    setup(qemu, options.setup ?? { postcopyRam: true }),
    options.rounds ?? rounds(qemu),
    switchover(qemu, left, options),
    options.end ?? join(run(qemu, left), completed(qemu, options)),
  );
}

/** 11.1 asks exactly in every round, as nothing counts as precopy; older ones only below the threshold. */
export function rounds(qemu: Qemu): Script {
  const often = qemu.queries === 'final-and-acks';
  return join(
    often ? asked(qemu, { post: RAM }, 0, { post: RAM }) : estimate(qemu, { post: RAM, max: 0 }),
    iterate(qemu),
    often ? asked(qemu, { post: 257560576 }, 7651, { post: 257642496 }) : estimate(qemu, { post: 257560576 }),
    iterate(qemu),
    mainLoop('qmp_enter_migrate_start_postcopy {}'),
    often ? asked(qemu, { post: 230000640 }, 32768, LEFT) : estimate(qemu, LEFT),
  );
}

export function switchover(qemu: Qemu, left: Pending, options: Postcopy = {}): Script {
  const { ramLeft = true, preempt = false, returnPath = true } = options;
  return join(
    preempt ? mig('postcopy_preempt_new_channel ') : [],
    qemu.postcopyDevice && ramLeft ? section('ram', 1) : [],
    qemu.device || options.stop?.paused !== undefined ? [] : mig(state('postcopy-active')),
    mig('postcopy_start '),
    lock('migration', 'migration/migration.c:2602'),
    mig('postcopy_start_set_run '),
    stop(qemu, options.stop),
    final(qemu, 0, left),
    begin(qemu),
    ramLeft ? [] : ramComplete(qemu),
    checkpoint(qemu, 'src-iterable-saved'),
    ramLeft ? discards(qemu) : [],
    ramLeft ? mig('savevm_send_ping 0x2', 'savevm_command_send com=0x2 len=4') : [],
    mig('savevm_send_postcopy_listen ', 'savevm_command_send com=0x4 len=0'),
    devices(qemu),
    ramLeft ? mig('savevm_send_ping 0x3', 'savevm_command_send com=0x2 len=4') : [],
    qemu.postcopyDevice && returnPath ? mig('savevm_send_ping 0x42', 'savevm_command_send com=0x2 len=4') : [],
    mig(
      'savevm_send_postcopy_run ',
      'savevm_command_send com=0x5 len=0',
      'qemu_savevm_send_packaged ',
      'savevm_command_send com=0x7 len=4',
      'qemu_file_fclose ',
    ),
    qemu.failing ? mig('migration_call_notifiers type=1') : [],
    checkpoint(qemu, 'src-downtime-end'),
    ramLeft ? mig('savevm_send_ping 0x4', 'savevm_command_send com=0x2 len=4') : [],
    mig(`postcopy_preempt_enabled ${preempt ? 1 : 0}`),
    qemu.device ? mig(state(qemu.postcopyDevice && returnPath ? 'postcopy-device' : 'postcopy-active')) : [],
    unlock('migration'),
  );
}

/** Without postcopy-ram all of RAM goes in the switchover. */
function ramComplete(qemu: Qemu): Script {
  const done = qemu.ramSaveComplete ? mig('ram_save_complete dirty=12, done=0') : [];
  return section(
    'ram',
    0,
    join(done, hasFinal(qemu) ? [] : sync(12), qemu.ramSaveComplete ? mig('ram_save_complete dirty=0, done=1') : []),
  );
}

function discards(qemu: Qemu): Script {
  return join(
    hasFinal(qemu) ? [] : sync(95),
    mig(
      `qemu_savevm_send_postcopy_ram_discard pc.ram: 12${qemu.queries === 'one' || qemu.queries === 'two' ? 'd' : ''}`,
      'savevm_command_send com=0x6 len=41',
      'postcopy_discard_send_finish pc.ram mask words sent=2 in 1 commands',
      'ram_postcopy_send_discard_bitmap ',
    ),
  );
}

const toActive = ({ postcopyDevice }: Qemu, returnPath = true): Script =>
  postcopyDevice && returnPath ? mig(state('postcopy-active')) : [];

/** Estimates only, page requests among them. 8.0 to 10.0 ask exactly below the threshold, without a sync. */
export function run(qemu: Qemu, left: Pending, returnPath = true): Script {
  return join(
    estimate(qemu, left),
    mig('savevm_state_iterate '),
    section(
      'ram',
      0,
      rp(
        'source_return_path_thread_pong 0x2',
        'source_return_path_thread_pong 0x4',
        'source_return_path_thread_pong 0x3',
        ...(qemu.postcopyDevice
          ? ['source_return_path_thread_pong 0x42', 'source_return_path_thread_postcopy_package_loaded ']
          : []),
      ),
    ),
    estimate(qemu, { post: 138813184 }),
    toActive(qemu, returnPath),
    requests(qemu),
    iterate(qemu, 0, 103270196),
    estimate(qemu, { post: 25939968 }),
    iterate(qemu, 1, 23796907),
    last(qemu),
  );
}

function requests(qemu: Qemu): Script {
  const one = join(
    rp(
      'migrate_handle_rp_req_pages in (null) at 0x7fe000 len 0x1000',
      'ram_save_queue_pages (null): start: 0x7fe000 len: 0x1000',
    ),
    estimate(qemu, { post: 138809088 }),
    mig('savevm_state_iterate '),
    section('ram', 0, mig('get_queued_page pc.ram/0x7fe000 page_abs=7fe')).map((step) => ({ ...step, gapUs: 5 })),
    mig('migration_rate_limit_pre 73 ms', 'migration_rate_limit_post urgent: 1'),
  );
  return join(one, one, one, one);
}

function last(qemu: Qemu): Script {
  if (qemu.queries === 'one')
    return join(estimate(qemu, { post: 24633344, max: 40000000 }), mig('migration_thread_low_pending 24633344'));
  if (qemu.ramSaveComplete) return join(estimate(qemu, {}), mig('migration_thread_low_pending 0'));
  const line = `migrate_pending_exact exact pending size 24633344 (pre = 0 post=24633344)`;
  return join(estimate(qemu, { post: 24633344 }), mig(line, 'migration_thread_low_pending 24633344'));
}

export function completed(qemu: Qemu, { returnPath = true }: Postcopy = {}): Script {
  const dirty = qemu.ramSaveComplete
    ? mig('ram_save_complete dirty=0, done=0', 'ram_save_complete dirty=0, done=1')
    : [];
  // 8.2 to 9.2 end the downtime once more.
  const again = qemu.checkpoints && !qemu.device ? checkpoint(qemu, 'src-downtime-end') : [];
  return join(
    mig('migration_completion_postcopy_end '),
    lock('migration', 'migration/migration.c:2750'),
    section('ram', 0, dirty),
    unlock('migration'),
    mig('migration_completion_postcopy_end_after_complete '),
    returnPath ? closeReturnPath() : [],
    lock('migration', 'migration/migration.c:3209'),
    again,
    mig(state('completed')),
    unlock('migration'),
    leave(runstate('finish-migrate', 'postmigrate')),
    cleanup(qemu),
  );
}

/** migrate-start-postcopy before `active`: the flag is seen in the first iteration. */
export function early(qemu: Qemu): Script {
  const first = { post: RAM, max: 0 };
  return postcopy(qemu, {
    rounds: qemu.queries === 'final-and-acks' ? asked(qemu, first, 0, first) : estimate(qemu, first),
    left: { post: RAM },
  });
}

export const preempt = (qemu: Qemu): Script => postcopy(qemu, { preempt: true });

/** Both capabilities: RAM and bitmaps are counted together. */
export const withBitmaps = (qemu: Qemu): Script =>
  postcopy(qemu, { setup: { postcopyRam: true, bitmaps: true }, left: { post: LEFT.post ?? 0 } });

/** Bitmaps alone: RAM is sent before the switchover, and nothing of it is discarded. */
export const bitmapsOnly =
  (returnPath: boolean) =>
  (qemu: Qemu): Script => {
    const bitmap = { post: 16908288 };
    const low = { pre: 40960, post: 16908288 };
    const end = join(
      estimate(qemu, bitmap),
      mig('savevm_state_iterate '),
      section('dirty-bitmap', 1, mig('dirty_bitmap_save_iterate in postcopy: 1'), 2),
      estimate(qemu, {}),
      toActive(qemu, returnPath),
      mig('migration_thread_low_pending 0'),
      completed(qemu, { returnPath }),
    );
    return postcopy(qemu, {
      setup: { bitmaps: true, returnPath },
      rounds: join(
        estimate(qemu, { pre: RAM, post: 16908288, max: 0 }),
        iterate(qemu),
        qemu.queries === 'final-and-acks' || qemu.queries === 'one'
          ? asked(qemu, bitmap, 12, low)
          : estimate(qemu, { pre: 40960, post: 16908288 }),
      ),
      left: low,
      ramLeft: false,
      returnPath,
      end,
    });
  };

/** The pause comes before the switchover of postcopy, too. */
export const paused = (qemu: Qemu): Script =>
  postcopy(qemu, { stop: { paused: { seconds: 4, next: qemu.device ? 'device' : 'postcopy-active' } } });

/** Section 7: the thread sleeps while the channel is broken; the main thread may query. */
function pausedOnce(qemu: Qemu, pages: number, failures = 0): Script {
  const recoverSetup = qemu.queries !== 'one';
  const connect = (): Script =>
    after(
      1e6,
      join(
        lock('main', 'util/main-loop.c:311'),
        main('qmp_enter_migrate {"uri": "unix:/run/vm/recover.sock", "resume": true}'),
        recoverSetup ? main(state('postcopy-recover-setup')) : [],
        main('qmp_exit_migrate {} 1'),
        unlock('main'),
      ),
    );
  const failed = join(
    connect(),
    main('migration_socket_outgoing_error error=Connection refused'),
    recoverSetup ? main(state('postcopy-paused')) : [],
  );
  return join(
    qemu.device ? mig('migrate_error error=Unable to write to socket: Broken pipe') : [],
    rp('source_return_path_thread_bad_end ', 'source_return_path_thread_end '),
    mig(
      'migration_return_path_end_before ',
      'migration_return_path_end_after ',
      'qemu_file_fclose ',
      'qemu_file_fclose ',
    ),
    mig(state('postcopy-paused')),
    ...Array.from({ length: failures }, () => failed),
    connect(),
    main(
      'migration_socket_outgoing_connected ',
      'open_return_path_on_source ',
      'open_return_path_on_source_continue ',
      state('postcopy-recover'),
    ),
    mig(
      'savevm_state_resume_prepare ',
      'ram_dirty_bitmap_sync_start ',
      'savevm_send_recv_bitmap pc.ram',
      'savevm_command_send com=0xa len=7',
      'ram_dirty_bitmap_request pc.ram',
      'ram_dirty_bitmap_sync_wait ',
    ),
    rp('ram_dirty_bitmap_reload_begin pc.ram', 'ram_dirty_bitmap_reload_complete pc.ram'),
    mig(
      'ram_dirty_bitmap_sync_complete ',
      `ram_state_resume_prepare ${pages}`,
      'savevm_send_postcopy_resume ',
      'savevm_command_send com=0x9 len=0',
    ),
    rp('source_return_path_thread_resume_ack 1', state('postcopy-active')),
    mig('postcopy_pause_continued '),
    estimate(qemu, { post: pages * 4096 }),
    iterate(qemu, 0, 103270196),
  );
}

/** Recovered twice, once behind two failed attempts; the first estimate may exceed the last one before the pause. */
export const recovered = (qemu: Qemu): Script =>
  postcopy(qemu, {
    end: join(
      estimate(qemu, LEFT),
      iterate(qemu),
      estimate(qemu, { post: 138813184 }),
      toActive(qemu),
      iterate(qemu),
      estimate(qemu, { post: 128000000 }),
      pausedOnce(qemu, 40000),
      estimate(qemu, { post: 90000384 }),
      iterate(qemu),
      pausedOnce(qemu, 22000, 2),
      estimate(qemu, { post: 60002304 }),
      iterate(qemu),
      last(qemu),
      completed(qemu),
    ),
  });

/** A resume that fails goes from recover back to paused. */
export const recoverFails = (qemu: Qemu): Script =>
  postcopy(qemu, {
    end: join(
      estimate(qemu, LEFT),
      toActive(qemu),
      iterate(qemu),
      mig(state('postcopy-paused')),
      qemu.queries === 'one' ? [] : main(state('postcopy-recover-setup')),
      main(state('postcopy-recover')),
      mig('savevm_state_resume_prepare ', 'ram_dirty_bitmap_sync_start '),
      mig(state('postcopy-paused')),
      qemu.queries === 'one' ? [] : main(state('postcopy-recover-setup')),
      main(state('postcopy-recover')),
      mig('savevm_state_resume_prepare ', 'ram_state_resume_prepare 22000'),
      rp('source_return_path_thread_resume_ack 1', state('postcopy-active')),
      mig('postcopy_pause_continued '),
      estimate(qemu, { post: 22000 * 4096 }),
      iterate(qemu),
      last(qemu),
      completed(qemu),
    ),
  });

/** The log ends in postcopy-paused: the outcome is `running`. */
export const leftPaused = (qemu: Qemu): Script =>
  postcopy(qemu, { end: join(estimate(qemu, LEFT), toActive(qemu), iterate(qemu), mig(state('postcopy-paused'))) });

/** In postcopy-device an error is fatal; the VM must not restart. */
export const failsInDevice = (qemu: Qemu): Script =>
  postcopy(qemu, {
    end: join(
      estimate(qemu, LEFT),
      iterate(qemu),
      mig('migrate_error error=Unable to write to socket: Broken pipe', failNow(qemu), 'migration_thread_after_loop '),
      mainLoop(
        'migration_cleanup ',
        'savevm_state_cleanup ',
        'qemu_file_fclose ',
        ...(qemu.failing ? ['migration_call_notifiers type=3', state('failed')] : []),
      ),
    ),
  });

/** postcopy_start() fails before the package: the VM runs again. */
export function failsBeforePackage(qemu: Qemu): Script {
  const whole = switchover(qemu, LEFT);
  const upTo = whole.findIndex(({ text }) => text.startsWith('savevm_send_postcopy_listen'));
  return join(
    setup(qemu, { postcopyRam: true }),
    rounds(qemu),
    whole.slice(0, upTo),
    qemu.device ? mig('migrate_error error=Unable to write to socket: Broken pipe') : [],
    mig(failNow(qemu)),
    unlock('migration'),
    unwind(qemu, { stopped: true, end: 'failed' }),
  );
}

/** Section 7 of the traces: page requests make thousands of equal estimates. */
export const urgent = (qemu: Qemu): Script =>
  postcopy(qemu, {
    end: join(
      estimate(qemu, LEFT),
      toActive(qemu),
      ...Array.from({ length: 40 }, () => estimate(qemu, { post: 138809088 })),
      transferred(qemu),
      last(qemu),
      completed(qemu),
    ),
  });

/** Everything is sent in postcopy-device already; the loop waits for pong 0x42. */
export const fast = (qemu: Qemu): Script =>
  postcopy(qemu, {
    end: join(
      estimate(qemu, LEFT),
      iterate(qemu, 1),
      last(qemu).slice(0, -1),
      toActive(qemu),
      last(qemu).slice(-1),
      completed(qemu),
    ),
  });
