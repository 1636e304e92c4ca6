/** Records, per migration of a source, the lines that have a counterpart on the destination. */
import { MANY_MIGRATIONS } from '../../base/memory.ts';
import type { EventItem } from '../../ingest/trace-item.ts';
import type { Migration, StateChange } from '../run.ts';
import type { ReplaySink } from '../sink.ts';
import { MomentLog, type TieMoment } from './moment-log.ts';
import { SourceKeys } from './tie-keys.ts';

/** Beyond these nobody gives the destinations' logs. */
const MAX_MIGRATIONS = 64;

/** Times are nanoseconds since the migration's first event. */
export interface SourceMoments {
  readonly moments: MomentLog;
  /** The migration's first event on the clock of its log. */
  readonly startNs: number | undefined;
  /** Where the guest stops: src-downtime-start, else the first line that shows it stopped. */
  readonly stop: TieMoment | undefined;
  /** The guest did not run before. */
  readonly pausedBefore: boolean;
  /** `qio-channel-socket`, `qio-channel-file`, ... */
  readonly channel: string | undefined;
}

class Recording implements SourceMoments {
  readonly moments: MomentLog;
  readonly #keys = new SourceKeys();
  startNs: number | undefined;
  pausedBefore = false;
  channel: string | undefined;
  #downtimeStart: TieMoment | undefined;
  #stopped: TieMoment | undefined;
  #returnPath = false;

  constructor(brief: boolean) {
    this.moments = new MomentLog(brief);
  }

  get stop(): TieMoment | undefined {
    return this.#downtimeStart ?? this.#stopped;
  }

  event(item: EventItem, ns: number | undefined): void {
    const { event } = item;
    if (item.timeNs !== undefined && ns !== undefined) this.startNs ??= item.timeNs - ns;
    const at: TieMoment = { place: item.place, ns };
    const key = this.#keys.of(event);
    // Each recovery connects anew; the destination listened before the first.
    const again = key?.key === '< listening' && this.moments.get(key.key) !== undefined;
    if (key !== undefined && !again) this.moments.add(key.key, at, key.counted);
    switch (event.name) {
      case 'vmstate_downtime_checkpoint':
        if (event.args.checkpoint === 'src-downtime-start') this.#downtimeStart ??= at;
        return;
      case 'migration_set_outgoing_channel':
        this.channel ??= event.args.ioctype;
        return;
      case 'runstate_set':
        if (event.args.new_state_str === 'finish-migrate') {
          if (this.#stopped === undefined) this.pausedBefore = event.args.current_state_str !== 'running';
          this.#stopped ??= at;
        }
        return;
      case 'vm_state_notify':
        if (event.args.running === 0 && event.args.reason_str === 'finish-migrate') this.#stopped ??= at;
        return;
      case 'ram_postcopy_send_discard_bitmap':
        this.#returnPath = true;
        return;
      default:
        return;
    }
  }

  state({ state, at }: StateChange): void {
    if (state === 'postcopy-paused' || state === 'colo') this.moments.frozen = true;
    // RAM in postcopy needs the return path, and `completed` waits for its end.
    if (state === 'completed' && this.#returnPath) this.moments.add('< completed', at, false);
  }
}

export class SourceRecorder implements ReplaySink {
  readonly #recordings = new Map<Migration, Recording>();

  event(item: EventItem, migration: Migration | undefined, ns: number | undefined): void {
    if (migration !== undefined) this.#recordingOf(migration)?.event(item, ns);
  }

  state(change: StateChange, migration: Migration): void {
    this.#recordingOf(migration)?.state(change);
  }

  momentsOf(migration: Migration): SourceMoments | undefined {
    return this.#recordings.get(migration);
  }

  #recordingOf(migration: Migration): Recording | undefined {
    let recording = this.#recordings.get(migration);
    if (recording === undefined && this.#recordings.size < MAX_MIGRATIONS) {
      recording = new Recording(this.#recordings.size >= MANY_MIGRATIONS);
      this.#recordings.set(migration, recording);
    }
    return recording;
  }
}
