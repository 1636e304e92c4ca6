/** One precopy migration as both of its sides print it, each with a clock of its own. */

/** Milliseconds since the beginning, and the event. */
type Line = readonly [ms: number, event: string];

type BothSides = Readonly<Record<'src.log' | 'dst.log', readonly string[]>>;

export interface BothSidesOptions {
  /** How far the destination's clock goes ahead of the source's. */
  readonly aheadMs?: number;
  /** Lines to leave out, by a part of them. */
  readonly without?: readonly string[];
  /** QEMU without -msg timestamp=on. */
  readonly bare?: boolean;
  /** Further lines at the end of the destination's log. */
  readonly behind?: readonly Line[];
  readonly instead?: Readonly<Record<string, string>>;
}

/** Each part of RAM is read 0.2 ms after it was sent, a ping takes 0.1 ms each way. */
const PARTS = [40, 140, 240, 340, 440];

const SOURCE: readonly Line[] = [
  [0, 'qmp_enter_migrate {"uri": "tcp:h:1"}'],
  [0.1, 'migrate_set_state new state setup'],
  [5, 'migration_socket_outgoing_connected '],
  [5.1, 'savevm_state_header '],
  [5.2, 'savevm_send_open_return_path '],
  [5.3, 'savevm_command_send com=0x1 len=0'],
  [5.4, 'savevm_send_ping 0x1'],
  [5.4, 'savevm_command_send com=0x2 len=4'],
  [5.6, 'source_return_path_thread_pong 0x1'],
  [6, 'savevm_state_setup '],
  [7, 'migrate_set_state new state active'],
  ...PARTS.flatMap((ms): readonly Line[] => [
    [ms, 'savevm_section_start ram, section_id 1'],
    [ms + 30, 'savevm_section_end ram, section_id 1 -> 0'],
  ]),
  [500, 'migration_thread_low_pending 0'],
  [500.1, 'vmstate_downtime_checkpoint src-downtime-start'],
  [500.2, 'runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)'],
  [501, 'vmstate_downtime_checkpoint src-vm-stopped'],
  [501.1, 'migrate_set_state new state device'],
  [501.5, 'savevm_command_send com=0xb len=0'],
  [502, 'savevm_section_start ram, section_id 1'],
  [503, 'savevm_section_end ram, section_id 1 -> 0'],
  [503.1, 'vmstate_downtime_checkpoint src-iterable-saved'],
  [503.2, 'savevm_section_start apic, section_id 6'],
  [503.3, 'savevm_section_end apic, section_id 6 -> 0'],
  [504, 'vmstate_downtime_checkpoint src-non-iterable-saved'],
  [510, 'source_return_path_thread_shut 0x0'],
  [510.5, 'vmstate_downtime_checkpoint src-downtime-end'],
  [511, 'migrate_set_state new state completed'],
];

const DESTINATION: readonly Line[] = [
  [-20, 'migrate_set_state new state setup'],
  [5.05, 'migration_socket_incoming_accepted '],
  [5.06, 'migration_set_incoming_channel ioc=0x55 ioctype=qio-channel-socket'],
  [5.1, 'migrate_set_state new state active'],
  [5.3, 'loadvm_state_setup '],
  [5.4, 'loadvm_process_command com=OPEN_RETURN_PATH len=0'],
  [5.5, 'loadvm_process_command com=PING len=4'],
  [5.5, 'loadvm_process_command_ping 0x1'],
  [6, 'qemu_loadvm_state_section 1'],
  [6, 'qemu_loadvm_state_section_startfull 1(ram) 0 4'],
  ...PARTS.flatMap((ms): readonly Line[] => [
    [ms + 0.2, 'qemu_loadvm_state_section 2'],
    [ms + 0.2, 'qemu_loadvm_state_section_partend 1'],
  ]),
  [501.7, 'loadvm_process_command com=SWITCHOVER_START len=0'],
  [502.2, 'qemu_loadvm_state_section 3'],
  [502.2, 'qemu_loadvm_state_section_partend 1'],
  [503.2, 'vmstate_downtime_load type=iterable idstr=ram instance_id=0 downtime=950'],
  [503.4, 'qemu_loadvm_state_section 4'],
  [503.4, 'qemu_loadvm_state_section_startfull 6(apic) 0 3'],
  [503.6, 'vmstate_downtime_load type=non-iterable idstr=apic instance_id=0 downtime=121'],
  [504.4, 'qemu_loadvm_state_section 0'],
  [505, 'vmstate_downtime_checkpoint dst-precopy-loadvm-completed'],
  [505.1, 'process_incoming_migration_co_end ret=0'],
  [505.2, 'vmstate_downtime_checkpoint dst-precopy-bh-enter'],
  [506, 'runstate_set current_run_state 1 (inmigrate) new_state 9 (running)'],
  [507, 'vmstate_downtime_checkpoint dst-precopy-bh-vm-started'],
  [508, 'migrate_set_state new state completed'],
];

const EPOCH_MS = Date.UTC(2026, 10, 23, 1, 2, 3);

export function bothSides(options: BothSidesOptions = {}): BothSides {
  const { aheadMs = 0, behind = [] } = options;
  return {
    'src.log': printed(SOURCE, 0, options),
    'dst.log': printed([...DESTINATION, ...behind], aheadMs, options),
  };
}

function printed(lines: readonly Line[], aheadMs: number, options: BothSidesOptions): readonly string[] {
  const { bare = false, without = [], instead = {} } = options;
  return lines
    .filter(([, event]) => !without.some((part) => event.includes(part)))
    .map(([ms, event]) => {
      const text = instead[event] ?? event;
      return bare ? text : `${stamp(ms + aheadMs)} ${text}`;
    });
}

function stamp(ms: number): string {
  const micros = Math.round((EPOCH_MS + ms) * 1000);
  const seconds = new Date(Math.floor(micros / 1e6) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1e6).padStart(6, '0')}Z`;
}
