/** The protocol of a log as a sequence of steps that two runs can be compared by: no times, no amounts. */

/** `rounds`: of precopy; `after`: whatever follows the switchover while the migration goes on. */
export type Phase = 'before' | 'setup' | 'rounds' | 'switchover' | 'after' | 'completion' | 'end';

export interface Protocol {
  readonly states: readonly string[];
  /** In the order of their lines, those of rounds left out; a second run in the log counts on: `setup 2`. */
  readonly phases: ReadonlyMap<string, readonly string[]>;
  /** What directly follows what, within the rounds of precopy, of postcopy and of COLO. */
  readonly pairs: ReadonlyMap<string, ReadonlySet<string>>;
  /** Of the return-path thread and the monitor, which come at any time. */
  readonly aside: ReadonlyMap<string, readonly string[]>;
}

const EVENT =
  /^\0*(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z |\d+@\d+\.\d+:)?(?<event>[a-z][a-z0-9]*_[a-z0-9_]*)(?: (?<args>.*))?$/;

/** Events whose arguments are amounts, names of hosts or free text. */
const NAME_ONLY =
  /^(?:migrate_pending|migrate_pending_\w+|migration_bitmap_sync_end|migrate_transferred|migration_thread_low_pending|migration_rate_limit_pre|ram_save_iterate_big_wait|qmp_\w+|migration_set_outgoing_channel|migrate_error|migration_socket_outgoing_error|ram_state_resume_prepare|dirty_bitmap_\w+_pending|dirty_bitmap_state_pending|send_bitmap_bits|migrate_handle_rp_req_pages|ram_save_queue_pages|mig_dirty_bytes_total_update|migration_fd_outgoing|migration_exec_outgoing|migration_file_outgoing|ram_write_tracking_ramblock_\w+|vfio_\w+)$/;

const LOCK = /^qemu_mutex_(?:lock|locked|unlock)$/;
const IGNORED = /^kvm_\w+$/;
const RETURN_PATH =
  /^(?:source_return_path_thread_\w+|migrate_handle_rp_req_pages|ram_save_queue_pages|ram_dirty_bitmap_reload_\w+)$/;
const ITERABLE = /^(?:ram|dirty-bitmap|block|vfio)/;
const ESTIMATE = /^(?:qemu_savevm_query_pending exact=0, final=0|migrate_pending_estimate|migrate_pending)$/;

/** What ends the iterations where there is no query. */
const SNAPSHOT_ENDS =
  /^(?:ram_save_complete|migration_bitmap_sync_start|savevm_send_switchover_start|savevm_state_complete_precopy|migrate_set_state)\b/;

interface Line {
  readonly event: string;
  readonly text: string;
}

/** undefined: no event of interest. */
function lineOf(raw: string, bql: string | undefined): Line | undefined {
  const { event, args = '' } = EVENT.exec(raw)?.groups ?? {};
  if (event === undefined || IGNORED.test(event)) return undefined;
  if (LOCK.test(event)) {
    const { verb, mutex, file } =
      /^(?<verb>\w+)(?: on)? mutex (?<mutex>\w+) \((?:.*\/)?(?<file>[^/]+):\d+\)$/.exec(args)?.groups ?? {};
    return bql !== undefined && mutex === bql ? { event, text: `${verb} ${file}` } : undefined;
  }
  return { event, text: textOf(event, args.trimEnd()) };
}

function textOf(event: string, args: string): string {
  if (NAME_ONLY.test(event)) return event;
  switch (event) {
    case 'qemu_savevm_query_pending':
      return `${event} ${args.replace(/, precopy=.*/, '')}`;
    case 'savevm_section_start':
    case 'savevm_section_skip':
      return isIterable(args) ? `${event} ${args.replace(/, .*/, '')}` : 'devices';
    case 'savevm_section_end':
      return isIterable(args) ? `${event} ${args.replace(/, section_id \d+/, '')}` : 'devices';
    case 'qemu_savevm_send_postcopy_ram_discard':
    case 'postcopy_discard_send_finish':
      return 'discards';
    case 'vmstate_downtime_save':
      return /type=non-iterable/.test(args) ? 'devices' : `${event} ${args.replace(/ instance_id.*/, '')}`;
    case 'ram_save_complete':
      return `${event} ${args.replace(/dirty=\d+, /, '')}`;
    case 'savevm_command_send':
      return args.startsWith('com=0x6 ') ? 'discards' : `${event} ${args.replace(/ len=.*/, '')}`;
    default:
      return `${event} ${args}`.trimEnd();
  }
}

const isIterable = (args: string): boolean => ITERABLE.test(args);

class Folder {
  readonly states: string[] = [];
  readonly phases = new Map<string, string[]>();
  readonly pairs = new Map<string, Set<string>>();
  readonly aside = new Map<string, string[]>();
  #phase: Phase = 'before';
  #run = 0;
  /** No query so far. */
  #isSnapshot = true;
  #last = '';

  add({ event, text }: Line): void {
    if (event === 'migrate_set_state') this.states.push(text.replace('migrate_set_state new state ', ''));
    const stream = RETURN_PATH.test(event) ? 'return path' : event.startsWith('qmp_') ? 'monitor' : undefined;
    if (stream !== undefined) {
      this.#push(this.aside, stream, text);
      return;
    }
    const phase = this.#next(event, text);
    if (phase !== this.#phase) this.#last = '';
    if (phase === 'setup') this.#isSnapshot = true;
    if (ESTIMATE.test(text)) this.#isSnapshot = false;
    this.#phase = phase;
    const name = this.#run > 1 ? `${phase} ${this.#run}` : phase;
    if (phase === 'rounds' || phase === 'after') this.#pair(phase, text);
    else this.#push(this.phases, name, text);
  }

  #next(event: string, text: string): Phase {
    if (text === 'migrate_set_state new state setup') {
      this.#run += 1;
      return 'setup';
    }
    if (
      /^migrate_set_state new state (?:cancelling|failing|failed)$/.test(text) ||
      event === 'migration_thread_after_loop'
    )
      return this.#phase === 'after' && this.states.includes('colo') ? 'after' : 'end';
    switch (this.#phase) {
      // The migration thread's own log does not show the state that the main thread sets.
      case 'before':
        return ESTIMATE.test(text) ? 'rounds' : 'before';
      case 'setup':
        return ESTIMATE.test(text) || event === 'savevm_state_iterate' ? 'rounds' : 'setup';
      case 'rounds':
        if (this.#isSnapshot && SNAPSHOT_ENDS.test(text)) return 'completion';
        if (event === 'migration_thread_low_pending' || event === 'postcopy_start') return 'switchover';
        return text === 'migrate_set_state new state postcopy-active' ? 'switchover' : 'rounds';
      case 'switchover':
        if (ESTIMATE.test(text) || text === 'migrate_set_state new state colo') return 'after';
        return 'switchover';
      case 'after':
        return event === 'migration_thread_low_pending' ? 'completion' : 'after';
      default:
        return this.#phase;
    }
  }

  #pair(phase: Phase, text: string): void {
    const pairs = this.pairs.get(phase) ?? new Set<string>();
    if (this.#last !== '' && this.#last !== text) pairs.add(`${this.#last} > ${text}`);
    this.pairs.set(phase, pairs);
    this.#last = text;
  }

  /** What repeats itself, such as one line per device, counts once. */
  #push(map: Map<string, string[]>, name: string, text: string): void {
    const steps = map.get(name) ?? [];
    if (steps.at(-1) !== text) steps.push(text);
    map.set(name, steps);
  }
}

/** `shows`: the events that both logs were made with. `bql`: the mutex whose lines are steps too. */
export function protocolOf(lines: readonly string[], shows: (event: string) => boolean, bql?: string): Protocol {
  const folder = new Folder();
  for (const raw of lines) {
    const line = lineOf(raw, bql);
    if (line !== undefined && shows(line.event)) folder.add(line);
  }
  return folder;
}

/** The only mutex that bql_unlock() releases. */
export function bqlIn(lines: readonly string[]): string | undefined {
  const released = /qemu_mutex_unlock released mutex (0x[0-9a-f]+) \(.*system\/cpus\.c:\d+\)$/;
  return lines.map((line) => released.exec(line)?.[1]).find((mutex) => mutex !== undefined);
}

const NONE: ReadonlySet<string> = new Set();

export type Pairs = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * `- step`: only the real log has it there; `+ step`: only the emulated one.
 * What follows what in a round is a matter of time too: it counts as known when
 * another run has it.
 */
export function differences(
  real: Protocol,
  emulated: Protocol,
  others: { readonly real: Pairs; readonly emulated: Pairs },
) {
  const found: string[] = [];
  const compare = (name: string, a: readonly string[], b: readonly string[]): void => {
    found.push(...sequenceDifference(a, b).map((text) => `${name}: ${text}`));
  };
  compare('states', real.states, emulated.states);
  for (const name of new Set([...real.phases.keys(), ...emulated.phases.keys()]))
    compare(name, real.phases.get(name) ?? [], emulated.phases.get(name) ?? []);
  for (const name of new Set([...real.aside.keys(), ...emulated.aside.keys()]))
    compare(name, real.aside.get(name) ?? [], emulated.aside.get(name) ?? []);
  for (const name of new Set([...real.pairs.keys(), ...emulated.pairs.keys()])) {
    const [a, b] = [real.pairs.get(name) ?? NONE, emulated.pairs.get(name) ?? NONE];
    for (const pair of a) if (!b.has(pair) && !others.emulated.get(name)?.has(pair)) found.push(`${name}: - ${pair}`);
    for (const pair of b) if (!a.has(pair) && !others.real.get(name)?.has(pair)) found.push(`${name}: + ${pair}`);
  }
  return found;
}

export function unionOf(protocols: readonly Protocol[]): Pairs {
  const union = new Map<string, Set<string>>();
  for (const { pairs } of protocols) {
    for (const [phase, texts] of pairs) {
      const all = union.get(phase) ?? new Set<string>();
      for (const text of texts) all.add(text);
      union.set(phase, all);
    }
  }
  return union;
}

/** By the longest common subsequence. */
function sequenceDifference(a: readonly string[], b: readonly string[]): readonly string[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const out: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const behind = i === 0 ? 'the beginning' : a[i - 1];
    if (i < a.length && a[i] === b[j]) {
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      out.push(`- ${a[i]}`);
      i += 1;
    } else {
      out.push(`+ ${b[j]} (behind ${behind})`);
      j += 1;
    }
  }
  return out;
}
