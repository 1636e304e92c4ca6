/** Runs that stay in precopy. */

import {
  BOOT,
  cancel,
  command,
  complete,
  failNow,
  final,
  leave,
  multifdSync,
  type Save,
  type Setup,
  type Stop,
  save,
  setup,
  stop,
  unwind,
} from './parts.ts';
import {
  asked,
  checkpoint,
  estimate,
  exact,
  iterate,
  notify,
  type Pending,
  type Qemu,
  query,
  RAM,
  runstate,
  state,
  stopVm,
  sync,
  transferred,
} from './qemu.ts';
import { after, join, lock, main, mainLoop, mig, rp, type Script, unlock } from './script.ts';

export const LEFT: Pending = { pre: 4198400 };
const LAST: Pending = { pre: 4239360 };

/** Estimates that fall, two rounds, the last exact total under the threshold. */
export function rounds(qemu: Qemu, within: Script = []): Script {
  return join(
    estimate(qemu, { pre: RAM, max: 0 }),
    iterate(qemu),
    estimate(qemu, { pre: 257560576 }),
    iterate(qemu),
    asked(qemu, {}, 13465, { pre: 55152640 }),
    within,
    iterate(qemu),
    estimate(qemu, { pre: 45060096 }),
    iterate(qemu),
    asked(qemu, { pre: 3117056 }, 5014, { pre: 23654400 }),
    iterate(qemu),
    estimate(qemu, { pre: 13168640 }),
    iterate(qemu),
    asked(qemu, { pre: 2682880 }, 7710, LEFT),
  );
}

export function decide(pending: Pending): Script {
  const { pre = 0, stop: stopBytes = 0, post = 0 } = pending;
  return join(
    mig(`migration_thread_low_pending ${pre + stopBytes + post}`),
    lock('migration', 'migration/migration.c:2864'),
  );
}

export interface Precopy {
  readonly setup?: Setup;
  readonly rounds?: Script;
  readonly decided?: Pending;
  readonly stop?: Stop;
  readonly final?: Pending;
  readonly save?: Save;
}

/** Sections 3, 4 and 6. */
export function precopy(qemu: Qemu, options: Precopy = {}): Script {
  const decided = options.decided ?? LEFT;
  return join(
    setup(qemu, options.setup),
    options.rounds ?? rounds(qemu),
    decide(decided),
    stop(qemu, options.stop),
    final(qemu, 7720, options.final ?? (options.decided === undefined ? LAST : decided)),
    save(qemu, options.save),
    complete(qemu, options.setup?.returnPath === true || options.setup?.postcopyRam === true),
  );
}

export const booted = (script: Script): Script => join(BOOT, script);

/** Section 4, consequence (a), and section 3: an idle guest has nothing left before the first migrate_transferred. */
export function idle(qemu: Qemu): Script {
  const onEstimate = qemu.queries === 'two' || qemu.queries === 'final';
  const last = onEstimate ? estimate(qemu, {}) : asked(qemu, {}, 0, { max: 0 });
  return precopy(qemu, {
    rounds: join(
      estimate(qemu, { pre: RAM, max: 0 }),
      mig(
        'savevm_state_iterate ',
        'savevm_section_start ram, section_id 1',
        'savevm_section_end ram, section_id 1 -> 1',
      ),
      last,
    ),
    decided: {},
    save: { pages: 0 },
  });
}

/** A guest without RAM to send: every total is 0 from the first query on. */
export function empty(qemu: Qemu): Script {
  const onEstimate = qemu.queries === 'two' || qemu.queries === 'final';
  const last = onEstimate ? estimate(qemu, {}) : asked(qemu, {}, 0, { max: 0 });
  return precopy(qemu, { rounds: last, decided: {}, save: { pages: 0 } });
}

/** Section 2: a guest that was paused is not told of the stop. */
export const pausedGuest = (qemu: Qemu): Script =>
  precopy(qemu, {
    rounds: join(estimate(qemu, { pre: RAM, max: 0 }), iterate(qemu), asked(qemu, {}, 0, {})),
    decided: {},
    stop: { from: 'paused' },
    save: { pages: 0 },
  });

/** Section 10: N equals final postcopy where the capability is on and unused; every estimate is followed by an exact query in 11.1. */
export function postcopyUnused(qemu: Qemu): Script {
  const each = (low: number, pages: number, high: number): Script =>
    qemu.queries === 'final-and-acks'
      ? asked(qemu, { post: low }, pages, { post: high })
      : estimate(qemu, { post: low });
  return precopy(qemu, {
    setup: { postcopyRam: true },
    rounds: join(
      qemu.queries === 'one' ? estimate(qemu, { post: RAM, max: 0 }) : each(RAM, 0, RAM),
      iterate(qemu),
      each(257560576, 20, 257642496),
      iterate(qemu),
      each(147560576, 30, 147683456),
      iterate(qemu),
      asked(qemu, { post: 1024000 }, 7000, { post: 4198400 }),
    ),
    decided: { post: 4198400 },
    final: { post: 4239360 },
  });
}

/** Section 2 and 6: pause-before-switchover, and the VM is stopped for seconds. */
export const pauseBefore =
  (seconds: number) =>
  (qemu: Qemu): Script =>
    precopy(qemu, {
      stop: { paused: { seconds, meanwhile: mainLoop('qmp_enter_migrate_set_parameters {"max-bandwidth": 0}') } },
    });

/** Section 8: migrate_cancel in the pause; the thread retakes the BQL, prints no `device`, makes no final query. */
export function cancelInPause(qemu: Qemu): Script {
  return join(
    toPause(qemu),
    after(2e6, cancel(qemu)),
    qemu.device
      ? join(
          lock('migration', 'migration/migration.c:2806'),
          unlock('migration'),
          mig('migrate_error error=Switchover is interrupted'),
        )
      : join(lock('migration', 'migration/migration.c:2806'), unlock('migration')),
    unwind(qemu, { stopped: true, end: 'cancelled' }),
  );
}

function toPause(qemu: Qemu): Script {
  return join(
    setup(qemu),
    rounds(qemu),
    decide(LEFT),
    checkpoint(qemu, 'src-downtime-start'),
    stopVm('running', 'finish-migrate'),
    checkpoint(qemu, 'src-vm-stopped'),
    mig('migration_completion_vm_stop ret 0'),
    mig(state('pre-switchover')),
    unlock('migration'),
  );
}

/** Section 3 of the traces: the destination dies in the pause; one final query, failed, and the VM runs again. */
export function failAfterPause(qemu: Qemu): Script {
  const errors = join(
    mig('migrate_error error=Channel error: Input/output error'),
    rp('source_return_path_thread_bad_end ', 'source_return_path_thread_end '),
  );
  return join(
    setup(qemu, { returnPath: true }),
    rounds(qemu),
    decide(LEFT),
    stop(qemu, { paused: { seconds: 3, meanwhile: errors } }),
    failedSave(qemu),
  );
}

function failedSave(qemu: Qemu): Script {
  return join(
    final(qemu, 7720, LAST),
    toFailure(save(qemu, { ret: -5 })),
    mig('migrate_error error=Failed to save iterable device state: Unable to write to socket: Broken pipe'),
    mig(failNow(qemu)),
    unlock('migration'),
    unwind(qemu, { stopped: true, end: 'failed' }),
  );
}

/** The devices are not saved behind an error. */
function toFailure(saved: Script): Script {
  return saved.slice(0, saved.findIndex(({ text }) => text.endsWith('-> -5')) + 1);
}

/** Section 8: an error after the stop; a paused guest goes back to that. */
export function errorAfterStop(qemu: Qemu): Script {
  return join(setup(qemu), rounds(qemu), decide(LEFT), stop(qemu), failedSave(qemu));
}

/** 10.2: where the activation fails the VM stays stopped. */
export function errorAfterStopStays(qemu: Qemu): Script {
  return join(
    setup(qemu),
    rounds(qemu),
    decide(LEFT),
    stop(qemu),
    final(qemu, 7720, LAST),
    toFailure(save(qemu, { ret: -5 })),
    mig('migrate_error error=Failed to save iterable device state: broken', failNow(qemu)),
    unlock('migration'),
    leave(),
    mainLoop(
      'migration_cleanup ',
      'savevm_state_cleanup ',
      'qemu_file_fclose ',
      ...(qemu.failing ? [state('failed')] : []),
    ),
  );
}

/** 11.1, section 5.6: the final query itself fails the migration. */
export function errorInFinal(qemu: Qemu): Script {
  const acked = (text: string): string =>
    text.replace(
      'collected switchover ack pending=0, total switchover ack pending=0',
      'collected switchover ack pending=1, total switchover ack pending=1',
    );
  return join(
    setup(qemu, { returnPath: true }),
    rounds(qemu),
    decide(LEFT),
    stop(qemu),
    final(qemu, 7720, LAST).map((one) => ({ ...one, text: acked(one.text) })),
    mig('migrate_error error=Switchover ACK was requested by 1 devices during switchover', failNow(qemu)),
    unlock('migration'),
    unwind(qemu, { stopped: true, end: 'failed' }),
  );
}

/** Section 8: a stream error in precopy. */
export function streamError(qemu: Qemu): Script {
  return join(
    setup(qemu),
    estimate(qemu, { pre: RAM, max: 0 }),
    iterate(qemu),
    estimate(qemu, { pre: 257560576 }),
    mig(
      'savevm_state_iterate ',
      'savevm_section_start ram, section_id 1',
      'savevm_section_end ram, section_id 1 -> -5',
    ),
    qemu.device ? mig('migrate_error error=Unable to write to socket: Broken pipe') : [],
    mig(failNow(qemu), 'migration_thread_file_err '),
    unwind(qemu, { end: 'failed' }),
  );
}

/** Section 8: nobody listens; no thread, no query. */
export function unreachable(qemu: Qemu): Script {
  return mainLoop(
    'qmp_enter_migrate {"uri": "tcp:192.0.2.1:4444"}',
    state('setup'),
    ...(qemu.device ? ['cpr_state_save normal mode'] : []),
    'qmp_exit_migrate {} 1',
    'migration_socket_outgoing_error error=Connection refused',
    ...(qemu.queries === 'one' ? ['migrate_fd_error error=Connection refused'] : []),
    failNow(qemu),
    ...(qemu.queries === 'one'
      ? ['migrate_fd_cleanup ']
      : ['migrate_error error=Connection refused', 'migration_cleanup ']),
    ...(qemu.failing ? ['migration_call_notifiers type=3', state('failed')] : []),
  );
}

/** Section 8: cancelled in setup before the connection; no thread. */
export function cancelInSetup(qemu: Qemu): Script {
  return join(
    command(qemu, {}).slice(0, 4),
    unlock('main'),
    after(
      1e6,
      mainLoop(
        'qmp_enter_migrate_cancel {}',
        qemu.queries === 'one' ? 'migrate_fd_cancel ' : 'migration_cancel ',
        state('cancelling'),
        state('cancelled'),
      ),
    ),
  );
}

/** Section 2: wait-unplug, left by a cancel. */
export function cancelInUnplug(qemu: Qemu): Script {
  const begun = setup(qemu, { waitUnplug: true }).slice(0, -2);
  return join(begun, after(250e3, cancel(qemu)), unwind(qemu, { end: 'cancelled' }));
}

/** Section 8: cancel in active; `twice` prints cancelling again, `inQuery` ends the exact query it was in. */
export const cancelActive =
  (how: { readonly twice?: boolean; readonly inQuery?: boolean } = {}) =>
  (qemu: Qemu): Script => {
    const begun = join(setup(qemu), estimate(qemu, { pre: RAM, max: 0 }), iterate(qemu));
    const going =
      how.inQuery === true && qemu.queries !== 'one'
        ? join(
            estimate(qemu, { pre: 2682880 }),
            lock('migration', 'migration/ram.c:3450'),
            sync(5),
            unlock('migration'),
            cancel(qemu),
            query(qemu, 'exact', {}),
            mig('migrate_error error=Unexpected migration completion status cancelling'),
          )
        : join(estimate(qemu, { pre: 257560576 }), cancel(qemu), mig('migration_rate_limit_post urgent: 0'));
    return join(begun, going, how.twice === true ? cancel(qemu) : [], unwind(qemu, { end: 'cancelled' }));
  };

/** Section 8: cancel in `device`, after the final query; the VM runs again. */
export function cancelInDevice(qemu: Qemu): Script {
  const saved = save(qemu);
  const half = saved.slice(0, saved.length - 8);
  return join(
    setup(qemu),
    rounds(qemu),
    decide(LEFT),
    stop(qemu),
    final(qemu, 7720, LAST),
    half,
    unlock('migration'),
    cancel(qemu),
    unwind(qemu, { stopped: true, end: 'cancelled' }),
  );
}

/** `quit` while the migration runs: it cancels, and the guest shuts down. Section 2. */
export function quitWhileActive(qemu: Qemu): Script {
  return join(
    setup(qemu),
    estimate(qemu, { pre: RAM, max: 0 }),
    iterate(qemu),
    estimate(qemu, { pre: 257560576 }),
    mainLoop(
      qemu.queries === 'one' ? 'migrate_fd_cancel ' : 'migration_cancel ',
      state('cancelling'),
      runstate('running', 'shutdown'),
      notify(0, 'shutdown'),
      'vm_stop_flush_all ret 0',
    ),
    qemu.queries === 'final-and-acks' ? exact(qemu, 5, {}) : [],
    mig('migrate_error error=Unexpected migration completion status cancelling', 'migration_thread_after_loop '),
  );
}

/** Section 8 of the traces: after the end `quit` prints migration_cancel, and nothing is cancelled. */
export const thenQuit = (qemu: Qemu, script: Script): Script =>
  join(
    script,
    after(
      1e6,
      mainLoop(qemu.queries === 'one' ? 'migrate_fd_cancel ' : 'migration_cancel ', 'vm_stop_flush_all ret 0'),
    ),
  );

/** Section 4: multifd prints its syncs in each round. */
export const multifd = (qemu: Qemu): Script =>
  precopy(qemu, { setup: { multifd: true }, rounds: rounds(qemu, multifdSync(4)), save: { multifd: true } });

/** Section 4: auto-converge throttles between sync_end and the exact line, and its timer syncs by itself. */
export function autoConverge(qemu: Qemu): Script {
  const throttle = (percent: number): Script =>
    mig(
      'migration_throttle ',
      ...(qemu.queries === 'one' ? [] : [`cpu_throttle_set set guest CPU throttled by ${percent}%`]),
    );
  const timer = qemu.device
    ? join(lock('main', 'util/main-loop.c:311'), main('cpu_throttle_dirty_sync '), mainSync(7100), unlock('main'))
    : [];
  return precopy(qemu, {
    rounds: join(
      estimate(qemu, { pre: RAM, max: 0 }),
      iterate(qemu),
      asked(qemu, {}, 13465, { pre: 55152640 }, throttle(20)),
      iterate(qemu),
      after(5e6, timer),
      estimate(qemu, { pre: 45060096 }),
      iterate(qemu),
      estimate(qemu, { pre: 44060096 }),
      iterate(qemu),
      estimate(qemu, { pre: 43560096 }),
      iterate(qemu),
      after(5e6, timer),
      estimate(qemu, { pre: 43060096 }),
      iterate(qemu),
      asked(qemu, {}, 13465, { pre: 35152640 }, throttle(30)),
      iterate(qemu),
      after(5e6, timer),
      asked(qemu, { pre: 2682880 }, 7710, LEFT),
    ),
  });
}

function mainSync(pages: number): Script {
  return main('migration_bitmap_sync_start ', `migration_bitmap_sync_end dirty_pages ${pages}`);
}

/** Section 4: dirty-limit sets its quota between sync_end and the exact line, 258 ms long. */
export function dirtyLimit(qemu: Qemu): Script {
  const limit = mig(
    'dirtylimit_set_vcpu CPU[0] set dirty page rate limit 10',
    'migration_dirty_limit_guest guest dirty page rate limit 10 MB/s',
  );
  return precopy(qemu, {
    setup: { dirtyLog: '0x5' },
    rounds: rounds(qemu, join(iterate(qemu), asked(qemu, {}, 13465, { pre: 35152640 }, after(258e3, limit)))),
  });
}

/** TCG, dirty ring: a sync takes milliseconds. */
export const slowSyncs = (qemu: Qemu): Script =>
  precopy(qemu).map((one) => (one.text.includes('sync_end') ? { ...one, gapUs: 2400 } : one));

/** Section 8: a file, no return path; mapped-ram syncs once per round. */
export const toFile = (qemu: Qemu): Script =>
  precopy(qemu, {
    setup: { transport: 'file', multifd: true },
    rounds: rounds(qemu, multifdSync(4)),
    stop: { afterStop: after(22e3, mig('vm_stop_flush_all ret 0')) },
  });
export const toExec = (qemu: Qemu): Script => precopy(qemu, { setup: { transport: 'exec' } });
export const toFd = (qemu: Qemu): Script => precopy(qemu, { setup: { transport: 'fd' } });
export const withReturnPath = (qemu: Qemu): Script => precopy(qemu, { setup: { returnPath: true } });
/** Section 3: failover devices are still plugged. */
export const waitUnplug = (qemu: Qemu): Script => precopy(qemu, { setup: { waitUnplug: true } });
/** Section 3: the dirty rate is measured as well. */
export const dirtyRate = (qemu: Qemu): Script => precopy(qemu, { setup: { dirtyLog: '0x3' } });

/** Section 6: main-loop and vCPU lines stand between src-downtime-start and src-vm-stopped. */
export const busyStop = (qemu: Qemu): Script =>
  precopy(qemu, { stop: { meanwhile: mainLoop('qmp_enter_migrate_set_parameters {"max-bandwidth": 0}') } });

/** Section 4, can_switchover: at the threshold the loop goes on, one exact per round, until the destination acked. */
export function switchoverAck(qemu: Qemu): Script {
  const waiting = (count: number, script: Script): Script =>
    script.map((one) => ({
      ...one,
      text: one.text.replace('total switchover ack pending=0', `total switchover ack pending=${count}`),
    }));
  const round = join(
    asked(qemu, {}, 10, { pre: 40960 }),
    mig('savevm_state_iterate ', 'savevm_section_start ram, section_id 1', 'savevm_section_end ram, section_id 1 -> 1'),
  );
  const many = Array.from({ length: 12 }, () => round);
  return precopy(qemu, {
    setup: { returnPath: true },
    rounds: join(
      waiting(1, join(estimate(qemu, { pre: RAM, max: 0 }), iterate(qemu), ...many)),
      rp(
        qemu.failing
          ? 'source_return_path_thread_switchover_acked switchover_ack_pending_num 0'
          : 'source_return_path_thread_switchover_acked ',
      ),
      asked(qemu, {}, 11, { pre: 45056 }),
    ),
    decided: { pre: 45056 },
    final: { pre: 45056 },
  });
}

/** Section 5.5, up to 9.0: block migration; RAM sends nothing while bulk runs, so the pending bytes of RAM stay. */
export function blockMigration(qemu: Qemu): Script {
  const pending = mig('migration_block_save_pending Enter save live pending  1048576');
  return precopy(qemu, {
    rounds: join(
      pending,
      estimate(qemu, { pre: RAM + 8 * 1048576, max: 0 }),
      iterate(qemu, 0),
      pending,
      estimate(qemu, { pre: RAM + 4 * 1048576 }),
      iterate(qemu, 0),
      pending,
      estimate(qemu, { pre: RAM }),
      iterate(qemu),
      asked(qemu, { pre: 1048576 }, 5014, { pre: 23654400 }),
      iterate(qemu),
      asked(qemu, { pre: 1048576 }, 7710, LEFT),
    ),
    save: { block: true },
  });
}

/** Section 7 of the traces: bitmaps that only a stopped VM or postcopy can send; the loop asks thousands of times. */
export function bitmapSpin(qemu: Qemu): Script {
  const bitmap = { post: 16908288 };
  const detail = mig(
    qemu.queries === 'one'
      ? 'dirty_bitmap_save_pending pending 16908288 max: 5250155'
      : 'dirty_bitmap_state_pending pending 16908288',
  );
  const round = (
    qemu.queries === 'two' || qemu.queries === 'final' ? estimate(qemu, bitmap) : asked(qemu, bitmap, 1, bitmap, detail)
  ).map((one) => ({ ...one, gapUs: 30 }));
  return precopy(qemu, {
    setup: { bitmaps: true },
    rounds: join(
      estimate(qemu, { pre: RAM, post: 16908288, max: 0 }),
      iterate(qemu),
      ...Array.from({ length: 12 }, () => round),
      iterate(qemu, 1, 40),
      ...Array.from({ length: 12 }, () => round),
      after(100e3, transferred(qemu, 10510380, 100, 2000)),
      asked(qemu, bitmap, 3, { pre: 12288, post: 16908288, max: 210207600 }),
    ),
    decided: { pre: 12288, post: 16908288 },
    save: { bitmaps: true, pages: 3 },
  });
}

/** Section 8, CPR: the main thread stops the VM after `setup` and before the header. */
export const cpr =
  (mode: 'cpr-transfer' | 'cpr-reboot' | 'cpr-exec') =>
  (qemu: Qemu): Script => {
    const stopped = join(
      lock('main', 'util/main-loop.c:311'),
      [
        ...checkpoint(qemu, 'src-downtime-start'),
        ...stopVm('running', 'finish-migrate'),
        ...checkpoint(qemu, 'src-vm-stopped'),
        ...mig('migration_completion_vm_stop ret 0'),
      ].map((one) => ({ ...one, thread: 'main' as const })),
      unlock('main'),
    );
    return precopy(qemu, {
      setup: { mode, stopped, transport: mode === 'cpr-exec' ? 'file' : 'socket' },
      rounds: join(estimate(qemu, { pre: 12288, max: 0 }), iterate(qemu, 1, 12345), asked(qemu, {}, 0, {})),
      decided: {},
      stop: { stoppedBefore: true },
      save: { pages: 0 },
    });
  };

/** Section 4, consequence (c): exact totals far above the threshold are just another iteration. */
export function manyRounds(qemu: Qemu): Script {
  const round = (left: number): Script =>
    join(
      asked(qemu, { pre: 1024000 }, 9000, { pre: left }),
      iterate(qemu),
      estimate(qemu, { pre: Math.floor(left / 8192) * 4096 }),
      iterate(qemu),
    );
  return precopy(qemu, {
    rounds: join(
      estimate(qemu, { pre: RAM, max: 0 }),
      iterate(qemu),
      ...[55152640, 45056000, 35152640, 25190400, 15155200].map((left) => round(left)),
      asked(qemu, { pre: 2682880 }, 7710, LEFT),
    ),
  });
}
