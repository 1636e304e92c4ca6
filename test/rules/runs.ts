/**
 * Typical runs of the source, line by line as QEMU prints them (shapes from the
 * captures; 11.1.3 unless said). Each part can be given anew, so that a test
 * shows what it changes; line numbers in the tests count from 1.
 */
type Lines = readonly string[];
type NewBand = '11.1' | 'thread';

interface Pending {
  readonly precopy?: number;
  readonly stopcopy?: number;
  readonly postcopy?: number;
  /** Else the sum. */
  readonly total?: number;
}

export const MIB256 = 268967936;

export function query(exact: 0 | 1, final: 0 | 1, pending: Pending, band: NewBand = '11.1'): string {
  const { precopy = 0, stopcopy = 0, postcopy = 0 } = pending;
  const total = pending.total ?? precopy + stopcopy + postcopy;
  const acks = band === '11.1' ? ', collected switchover ack pending=0, total switchover ack pending=0' : '';
  return `qemu_savevm_query_pending exact=${exact}, final=${final}, precopy=${precopy}, stopcopy=${stopcopy}, postcopy=${postcopy}, total=${total}${acks}`;
}

export const estimate = (pending: Pending, band?: NewBand): string => query(0, 0, pending, band);
export const exact = (pending: Pending, band?: NewBand): string => query(1, 0, pending, band);
export const final = (pending: Pending, band?: NewBand): string => query(1, 1, pending, band);
export const sync = (pages: number): Lines => [
  'migration_bitmap_sync_start ',
  `migration_bitmap_sync_end dirty_pages ${pages}`,
];
export const state = (name: string): string => `migrate_set_state new state ${name}`;
export const RUNNING_TO_FINISH = 'runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)';
export const FINISH_TO_POSTMIGRATE = 'runstate_set current_run_state 7 (finish-migrate) new_state 5 (postmigrate)';
export const FINISH_TO_RUNNING = 'runstate_set current_run_state 7 (finish-migrate) new_state 9 (running)';

/** 8 lines. */
export const SETUP: Lines = [
  'qmp_enter_migrate {"uri": "unix:/run/vm/mig.sock"}',
  state('setup'),
  'savevm_state_header ',
  'savevm_state_setup ',
  ...sync(0),
  state('active'),
  'migration_thread_setup_complete ',
];

/** 7 lines, from the decision's lock to the state `device`. */
export const STOP: Lines = [
  'vmstate_downtime_checkpoint src-downtime-start',
  RUNNING_TO_FINISH,
  'vm_state_notify running 0 reason 7 (finish-migrate)',
  'vm_stop_flush_all ret 0',
  'vmstate_downtime_checkpoint src-vm-stopped',
  'migration_completion_vm_stop ret 0',
  state('device'),
];

/** 3 lines that stand behind the final query. */
export const SAVING: Lines = [
  'migration_block_activation inactive',
  'migration_precopy_complete ',
  'savevm_send_switchover_start ',
];

/** 7 lines: RAM's last section, the devices, the end of the downtime. */
export const RAM_SECTION: Lines = [
  'savevm_section_start ram, section_id 1',
  'ram_save_complete dirty=1035, done=0',
  'ram_save_complete dirty=0, done=1',
  'savevm_section_end ram, section_id 1 -> 0',
  'vmstate_downtime_checkpoint src-iterable-saved',
  'vmstate_downtime_checkpoint src-non-iterable-saved',
  'vmstate_downtime_checkpoint src-downtime-end',
];

/** 4 lines. */
export const COMPLETED: Lines = [
  state('completed'),
  'migration_thread_after_loop ',
  FINISH_TO_POSTMIGRATE,
  'migration_cleanup ',
];

export interface PrecopyParts {
  readonly setup?: Lines;
  readonly rounds?: Lines;
  readonly decision?: Lines;
  readonly stop?: Lines;
  readonly final?: Lines;
  readonly saving?: Lines;
  readonly end?: Lines;
}

/**
 * Lines 1-8 setup, 9-14 rounds (9 first estimate, 11 estimate, 12-13 sync,
 * 14 exact), 15 decision, 16-22 stop, 23-25 sync and final, 26-28 saving,
 * 29-35 RAM's section to src-downtime-end, 36-39 completed.
 */
export function precopyRun(parts: PrecopyParts = {}, band: NewBand = '11.1'): Lines {
  return [
    ...(parts.setup ?? SETUP),
    ...(parts.rounds ?? [
      estimate({ precopy: MIB256 }, band),
      'migrate_transferred transferred 10510380 time_spent 100 bandwidth 840 switchover_bw 105003 max_size 5250155',
      estimate({}, band),
      ...sync(7710),
      exact({ precopy: 4198400 }, band),
    ]),
    ...(parts.decision ?? ['migration_thread_low_pending 4198400']),
    ...(parts.stop ?? STOP),
    ...(parts.final ?? [...sync(7720), final({ precopy: 4239360 }, band)]),
    ...(parts.saving ?? [...SAVING, ...RAM_SECTION]),
    ...(parts.end ?? COMPLETED),
  ];
}

export interface PostcopyParts {
  readonly setup?: Lines;
  readonly rounds?: Lines;
  readonly decision?: Lines;
  readonly stop?: Lines;
  readonly final?: Lines;
  readonly saving?: Lines;
  readonly discard?: Lines;
  readonly packaged?: Lines;
  readonly end?: Lines;
}

/** Lines 1-9 setup with advise, 10-13 rounds, 14-15 decision, 16-22 stop, 23-25 final, 26-28 saving, 29-30 discard, 31-32 packaged. */
export function postcopyRun(parts: PostcopyParts = {}, band: NewBand = '11.1'): Lines {
  return [
    ...(parts.setup ?? POSTCOPY_SETUP),
    ...(parts.rounds ?? [estimate({ postcopy: MIB256 }, band), ...sync(32768), exact({ postcopy: 234483712 }, band)]),
    ...(parts.decision ?? ['postcopy_start ', 'postcopy_start_set_run ']),
    ...(parts.stop ?? STOP),
    ...(parts.final ?? [...sync(0), final({ postcopy: 234483712 }, band)]),
    ...(parts.saving ?? SAVING),
    ...(parts.discard ?? ['qemu_savevm_send_postcopy_ram_discard pc.ram: 1', 'ram_postcopy_send_discard_bitmap ']),
    ...(parts.packaged ?? ['qemu_savevm_send_packaged ', 'vmstate_downtime_checkpoint src-downtime-end']),
    ...(parts.end ?? [
      state('postcopy-device'),
      estimate({ postcopy: 234483712 }, band),
      state('postcopy-active'),
      estimate({}, band),
      'migration_thread_low_pending 0',
      'migration_completion_postcopy_end ',
      'savevm_section_start ram, section_id 1',
      'ram_save_complete dirty=0, done=0',
      'ram_save_complete dirty=0, done=1',
      'savevm_section_end ram, section_id 1 -> 0',
      ...COMPLETED,
    ]),
  ];
}

export const POSTCOPY_SETUP: Lines = [...SETUP.slice(0, 3), 'qemu_savevm_send_postcopy_advise ', ...SETUP.slice(3)];

/** From the end of the first switchover of COLO until the guest runs: 4 lines. */
export const COLO_BEGINS: Lines = [
  state('colo'),
  FINISH_TO_RUNNING,
  'vm_state_notify running 1 reason 9 (running)',
  "colo_vm_state_change Change 'stop' => 'run'",
];

/** One COLO checkpoint: 3 lines of the stop, the final query, RAM's section, 3 lines until the guest runs. */
export function checkpoint(
  parts: { readonly stop?: Lines; readonly final?: Lines; readonly ram?: Lines; readonly run?: Lines } = {},
): Lines {
  return [
    ...(parts.stop ?? [
      'runstate_set current_run_state 9 (running) new_state 15 (colo)',
      'vm_state_notify running 0 reason 15 (colo)',
      "colo_vm_state_change Change 'run' => 'stop'",
    ]),
    ...(parts.final ?? [...sync(3133), final({ precopy: 12832768 })]),
    ...(parts.ram ?? [
      'savevm_section_start ram, section_id 1',
      'ram_save_complete dirty=3133, done=0',
      'ram_save_complete dirty=0, done=1',
      'savevm_section_end ram, section_id 1 -> 0',
      'vmstate_downtime_checkpoint src-iterable-saved',
    ]),
    ...(parts.run ?? [
      'runstate_set current_run_state 15 (colo) new_state 9 (running)',
      'vm_state_notify running 1 reason 9 (running)',
      "colo_vm_state_change Change 'stop' => 'run'",
    ]),
  ];
}

/** Ends a COLO migration: 4 lines. */
export const FAILOVER: Lines = [
  'colo_failover_set_state new state require',
  'colo_failover_set_state new state active',
  state('completed'),
  'colo_failover_set_state new state completed',
];

/** Up to the first switchover as `precopyRun` without src-downtime-end (34 lines), 35-38 colo begins, then the checkpoints. */
export function coloRun(...checkpoints: readonly Lines[]): Lines {
  return [
    ...precopyRun({ saving: [...SAVING, ...RAM_SECTION.slice(0, -1)], end: COLO_BEGINS }),
    ...checkpoints.flat(),
    ...FAILOVER,
  ];
}

export const SNAPSHOT: Lines = [
  'qmp_enter_snapshot_save {"job-id": "s", "tag": "a", "vmstate": "d", "devices": ["d"]}',
  'runstate_set current_run_state 9 (running) new_state 10 (save-vm)',
  'vm_state_notify running 0 reason 10 (save-vm)',
  state('setup'),
  'savevm_state_header ',
  'savevm_state_setup ',
  ...sync(0),
  'savevm_state_iterate ',
  'savevm_section_start ram, section_id 1',
  'savevm_section_end ram, section_id 1 -> 1',
  'savevm_state_cleanup ',
  state('completed'),
  'runstate_set current_run_state 10 (save-vm) new_state 9 (running)',
  'vm_state_notify running 1 reason 9 (running)',
];

export const BACKGROUND_SNAPSHOT: Lines = [
  'qmp_enter_migrate {"uri": "file:/run/vm/snap"}',
  state('setup'),
  'savevm_state_header ',
  'savevm_state_setup ',
  state('active'),
  'migration_thread_setup_complete ',
  'vmstate_downtime_checkpoint src-downtime-start',
  'runstate_set current_run_state 9 (running) new_state 4 (paused)',
  'vm_state_notify running 0 reason 4 (paused)',
  'vmstate_downtime_checkpoint src-vm-stopped',
  'migration_completion_vm_stop ret 0',
  'vmstate_downtime_checkpoint src-non-iterable-saved',
  'ram_write_tracking_ramblock_start pc.ram: page_size: 4096 addr: 0x7f1e90000000 length: 268435456',
  'runstate_set current_run_state 4 (paused) new_state 9 (running)',
  'vm_state_notify running 1 reason 9 (running)',
  'vmstate_downtime_checkpoint src-downtime-end',
  'savevm_state_iterate ',
  state('completed'),
  'migration_thread_after_loop ',
];

/** cpr-transfer: the main thread stops the VM between `setup` and the header. 36 lines; 19-21 sync and final. */
export function cprRun(finalPart: Lines = [...sync(3), final({ precopy: 12288 })]): Lines {
  return [
    'qmp_enter_migrate {"channels": []}',
    state('setup'),
    'cpr_state_save cpr-transfer mode',
    ...STOP.slice(0, -1),
    ...SETUP.slice(2),
    estimate({ precopy: MIB256 }),
    ...sync(2),
    exact({ precopy: 12288 }),
    'migration_thread_low_pending 12288',
    state('device'),
    ...finalPart,
    ...SAVING,
    ...RAM_SECTION,
    ...COMPLETED,
  ];
}

/** QEMU 8.0 to 10.0: estimates and exact queries, the last sync inside RAM's section. */
export const old = {
  estimate: (pre: number, post = 0): string =>
    `migrate_pending_estimate estimate pending size ${pre + post} (pre = ${pre} post=${post})`,
  exact: (pre: number, post = 0): string =>
    `migrate_pending_exact exact pending size ${pre + post} (pre = ${pre} post=${post})`,
};

/** Lines 1-8 setup, 9-12 rounds, 13 decision, 14-20 stop, 21-23 saving, 24 section start, 25-26 sync, 27 section end. */
export function oldPrecopyRun(lastSync: Lines = sync(95)): Lines {
  return [
    ...SETUP,
    old.estimate(MIB256),
    ...sync(7710),
    old.exact(4198400),
    'migration_thread_low_pending 4198400',
    ...STOP,
    ...SAVING,
    'savevm_section_start ram, section_id 1',
    ...lastSync,
    'savevm_section_end ram, section_id 1 -> 0',
    ...RAM_SECTION.slice(4),
    ...COMPLETED,
  ];
}

/** Lines 1-9 setup, 10-12 rounds, 13-14 decision, 15-21 stop, 22-24 saving, 25-26 sync, 27-28 discard, 29-30 packaged, 31 active, 32 estimate, 33 exact without a sync. */
export function oldPostcopyRun(lastSync: Lines = sync(95)): Lines {
  return [
    ...POSTCOPY_SETUP,
    old.estimate(0, MIB256),
    ...sync(32768),
    'postcopy_start ',
    'postcopy_start_set_run ',
    ...STOP,
    ...SAVING,
    ...lastSync,
    'qemu_savevm_send_postcopy_ram_discard pc.ram: 1d',
    'ram_postcopy_send_discard_bitmap ',
    'qemu_savevm_send_packaged ',
    'vmstate_downtime_checkpoint src-downtime-end',
    state('postcopy-active'),
    old.estimate(0, 24633344),
    old.exact(0, 24633344),
    'migration_thread_low_pending 24633344',
    'migration_completion_postcopy_end ',
    ...COMPLETED,
  ];
}

/** QEMU 7.2: one kind of query, postcopy-active before the stop. Lines 1-9 setup, 10-12 rounds, 13 postcopy-active, 14-15 decision, 16-17 stop, 18 complete, 19-20 sync, 21-22 discard, 23 packaged. */
export function oldestPostcopyRun(lastSync: Lines = sync(95)): Lines {
  return [
    ...POSTCOPY_SETUP,
    `migrate_pending pending size ${MIB256} max 0 (pre = 0 compat=${MIB256} post=0)`,
    ...sync(32768),
    state('postcopy-active'),
    'postcopy_start ',
    'postcopy_start_set_run ',
    RUNNING_TO_FINISH,
    'vm_state_notify running 0 reason 7 (finish-migrate)',
    'savevm_state_complete_precopy ',
    ...lastSync,
    'qemu_savevm_send_postcopy_ram_discard pc.ram: 1d',
    'ram_postcopy_send_discard_bitmap ',
    'qemu_savevm_send_packaged ',
    'migrate_pending pending size 4096 max 5244930 (pre = 0 compat=4096 post=0)',
    'migration_thread_low_pending 4096',
    ...COMPLETED,
  ];
}

/** The lines with 11.1's prefix, 10 µs apart from 01:00:00.000010 on: line N at N * 10 µs. */
export function iso(lines: Lines): Lines {
  return lines.map((line, index) => `2026-11-23T01:00:00.${String((index + 1) * 10).padStart(6, '0')}Z ${line}`);
}

/** Host time of line N of `iso`, in seconds since 1970, `micros` later. */
export function hostTime(line: number, micros = 0): number {
  return 1795395600 + (line * 10 + micros) / 1e6;
}

/** The lines with the prefix of QEMU up to 10.0, each with its thread. */
export function tid(lines: readonly (readonly [thread: number, line: string])[]): Lines {
  return lines.map(
    ([thread, line], index) => `${thread}@1795395600.${String((index + 1) * 10).padStart(6, '0')}:${line}`,
  );
}

/** A run without the lines of these events. */
export function without(lines: Lines, ...events: readonly string[]): Lines {
  return lines.filter((line) => !events.some((event) => line === event || line.startsWith(`${event} `)));
}

/** A run with only the lines of these events. */
export function only(lines: Lines, ...events: readonly string[]): Lines {
  return lines.filter((line) => events.some((event) => line.startsWith(`${event} `)));
}

/** A line with 11.1's prefix, so many seconds after 01:00:00; less than an hour. */
export function later(seconds: number, line: string): string {
  const minute = String(Math.floor(seconds / 60)).padStart(2, '0');
  return `2026-11-23T01:${minute}:${(seconds % 60).toFixed(6).padStart(9, '0')}Z ${line}`;
}

/** `iso` with the lines from `from` on (counted from 1) so many seconds later. */
export function delayed(lines: Lines, from: number, seconds: number): Lines {
  return lines.map((line, index) => later((index + 1) * 1e-5 + (index + 1 >= from ? seconds : 0), line));
}

export const RUNNING_AGAIN: Lines = [FINISH_TO_RUNNING, 'vm_state_notify running 1 reason 9 (running)'];

/** A migration that is cancelled in its iterations: 8 lines of setup, then 6. */
export const CANCELLED: Lines = [
  ...SETUP.slice(0, 4),
  'global_dirty_changed bitmask 0x1',
  ...SETUP.slice(4),
  estimate({ precopy: MIB256 }),
  state('cancelling'),
  'migration_thread_after_loop ',
  'savevm_state_cleanup ',
  'global_dirty_changed bitmask 0x0',
  state('cancelled'),
];
/** Lines with 11.1's prefix, each at its time in microseconds since 01:00:00. */
export function timed(lines: readonly (readonly [micros: number, line: string])[]): Lines {
  return lines.map(([micros, line]) => {
    const stamp = new Date(Date.UTC(2026, 10, 23, 1) + Math.floor(micros / 1000)).toISOString().slice(0, -1);
    return `${stamp}${String(micros % 1000).padStart(3, '0')}Z ${line}`;
  });
}

/** A line of migrate_transferred as 11.1 prints it: `transferred` bytes in 100 ms. */
export function transferred(bytes: number, limitMs: number, timeSpent = 100): string {
  const perMs = bytes / timeSpent;
  const mbps = Math.floor((perMs * 8) / 1000);
  return `migrate_transferred transferred ${bytes} time_spent ${timeSpent} bandwidth ${mbps} switchover_bw ${Math.floor(perMs)} max_size ${Math.floor(perMs * limitMs)}`;
}
