/** One incoming migration of a destination: its states, its downtime blocks and the lines that tie it to a source. */
import type { Uint64 } from '../../base/uint64.ts';
import type { EventItem } from '../../ingest/trace-item.ts';
import type { DeviceSave, Outcome } from '../run.ts';
import { MomentLog, type TieMoment } from './moment-log.ts';
import { SectionLoads } from './section-loads.ts';
import { destinationKeys, sectionKey } from './tie-keys.ts';

const MAX_STATES = 200;
const MAX_CHECKPOINTS = 64;
const MAX_LOADS = 4096;

/** Times are nanoseconds of the destination's own clock. */
export interface Incoming {
  readonly stream: number;
  readonly first: TieMoment;
  /** The log has its beginning. */
  readonly startSeen: boolean;
  /** Lines are missing or unreadable. */
  readonly hole: boolean;
  readonly states: readonly { readonly state: string; readonly at: TieMoment }[];
  readonly outcome: Outcome;
  /** The names that begin with `dst-`. */
  readonly checkpoints: readonly { readonly name: string; readonly at: TieMoment }[];
  readonly loads: readonly DeviceSave[];
  /** The guest runs from here on; undefined if it never did, or the log does not show it. */
  readonly running: TieMoment | undefined;
  /** It became a COLO secondary. */
  readonly colo: boolean;
  /** Every section's type was shown, so that those of devices are known. */
  readonly sectionsTyped: boolean;
  /** `qio-channel-socket`, `qio-channel-file`, ... */
  readonly channel: string | undefined;
  readonly moments: MomentLog;
}

export class IncomingBuilder implements Incoming {
  readonly stream: number;
  readonly first: TieMoment;
  readonly startSeen: boolean;
  hole = false;
  readonly states: { state: string; at: TieMoment }[] = [];
  readonly checkpoints: { name: string; at: TieMoment }[] = [];
  colo = false;
  channel: string | undefined;
  readonly moments = new MomentLog();
  /** A line that loading a snapshot does not print: this is a migration. */
  isMigration = false;

  readonly #loads: DeviceSave[] = [];
  readonly #sections = new SectionLoads();
  #runstateSeen = false;
  #runs: TieMoment | undefined;
  #failed = false;

  constructor(stream: number, first: EventItem, startSeen: boolean) {
    this.stream = stream;
    this.first = momentOf(first);
    this.startSeen = startSeen;
  }

  get outcome(): Outcome {
    const last = this.states.at(-1)?.state;
    if (last === 'completed') return 'completed';
    return this.#failed || last === 'failed' || last === 'failing' ? 'failed' : 'running';
  }

  get over(): boolean {
    return this.outcome !== 'running';
  }

  /** As QEMU measured them (8.2 and later), else between the section lines. */
  get loads(): readonly DeviceSave[] {
    return this.#loads.length > 0 ? this.#loads : this.#sections.loads;
  }

  get sectionsTyped(): boolean {
    return this.#sections.typed;
  }

  /** With -S the guest stays stopped at the end of the load, and the checkpoint comes all the same. */
  get running(): TieMoment | undefined {
    const runs = this.#runs;
    if (runs === undefined && this.#runstateSeen) return undefined;
    const started = this.checkpoints.find(({ name }) => name.endsWith('-bh-vm-started'))?.at;
    if (runs === undefined || started === undefined) return runs ?? started;
    return comesBefore(started, runs) ? runs : started;
  }

  event(item: EventItem): void {
    const { event } = item;
    const at = momentOf(item);
    for (const { key, counted } of destinationKeys(event)) this.moments.add(key, at, counted);
    switch (event.name) {
      case 'migrate_set_state':
        this.isMigration = true;
        this.#state(event.args.new_state, at);
        return;
      case 'vmstate_downtime_checkpoint':
        this.#checkpoint(event.args.checkpoint, at);
        return;
      case 'vmstate_downtime_load':
        this.#load(event.args);
        return;
      case 'runstate_set':
        this.#runstateSeen = true;
        if (event.args.new_state_str === 'running') this.#runs ??= at;
        return;
      case 'vm_state_notify':
        if (event.args.running !== 0 && event.args.reason_str === 'running') this.#runs ??= at;
        return;
      case 'process_incoming_migration_co_end':
        this.isMigration = true;
        if (Number(event.args.ret) < 0) this.#failed = true;
        return;
      case 'migration_set_incoming_channel':
        this.isMigration = true;
        this.channel ??= event.args.ioctype;
        return;
      case 'migration_socket_incoming_accepted':
      case 'loadvm_process_command':
        this.isMigration = true;
        return;
      case 'qemu_loadvm_state_section':
      case 'qemu_loadvm_state_section_startfull':
      case 'qemu_loadvm_state_section_partend':
        this.#section(item, at);
        return;
      default:
        return;
    }
  }

  /** Nothing more comes: what is known only now. */
  finish(): void {
    const completed = this.states.find(({ state }) => state === 'completed')?.at;
    const named = (end: string): TieMoment | undefined => this.checkpoints.find(({ name }) => name.endsWith(end))?.at;
    const loaded = named('-loadvm-completed');
    // SHUT is sent when all is done (migration_incoming_state_destroy); a COLO secondary sends it before it goes on.
    const done = this.colo ? loaded : (completed ?? named('-bh-vm-started') ?? loaded);
    if (done !== undefined && this.outcome !== 'failed') this.moments.add('< shut', done, false);
    if (completed !== undefined && !this.colo) this.moments.add('< completed', completed, false);
  }

  #state(state: string, at: TieMoment): void {
    if (this.states.length < MAX_STATES) this.states.push({ state, at });
    if (state === 'setup') this.moments.add('< listening', at, false);
    // What was under way at a pause is lost, and so is the count of it; COLO sends its checkpoints in another form.
    if (state === 'postcopy-paused' || state === 'colo') this.moments.frozen = true;
    if (state === 'colo') this.colo = true;
  }

  #checkpoint(name: string, at: TieMoment): void {
    if (!name.startsWith('dst-')) return;
    this.isMigration = true;
    if (this.checkpoints.length < MAX_CHECKPOINTS) this.checkpoints.push({ name, at });
  }

  #load(args: { type: string; idstr: string; instance_id: Uint64; downtime: Uint64 }): void {
    // A COLO secondary loads all devices again with every checkpoint.
    if (this.colo || this.#loads.length >= MAX_LOADS) return;
    this.#loads.push({
      iterable: args.type === 'iterable',
      idstr: args.idstr,
      instance: Number(args.instance_id),
      durationNs: Number(args.downtime) * 1000,
    });
  }

  #section(item: EventItem, at: TieMoment): void {
    const section = this.#sections.event(item, this.colo);
    if (section === undefined || this.colo) return;
    this.moments.add(sectionKey(section.id, section.idstr), at, !section.full);
  }
}

/** Two moments of one process: by the clock of its logs, of which there may be one per thread. */
function comesBefore(one: TieMoment, other: TieMoment): boolean {
  if (one.ns !== undefined && other.ns !== undefined) return one.ns < other.ns;
  return one.place.line < other.place.line;
}

export function momentOf({ place, timeNs }: EventItem): TieMoment {
  return { place, ns: timeNs };
}
