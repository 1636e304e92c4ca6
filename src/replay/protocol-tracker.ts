/**
 * What the lines of a migration's protocol mean, apart from its queries and
 * syncs: states, the guest's stop and run, checkpoints, saved sections.
 */
import type { Uint64 } from '../base/uint64.ts';
import type { EventItem } from '../ingest/trace-item.ts';
import type { DowntimeTracker } from './downtime.ts';
import type { PhaseTracker } from './phases.ts';
import { isTerminal, type Progress, type StreamContext } from './progress.ts';
import type { QueryTracker } from './query-tracker.ts';
import type { Migration, Moment, StateChange, SwitchoverEnd } from './run.ts';
import type { StopMark } from './switchover-builder.ts';
import type { SwitchoverTracker } from './switchover-tracker.ts';

/** The trackers of a migration that these lines move on. */
export interface ProtocolTrackers {
  readonly progress: Progress;
  readonly queries: QueryTracker;
  readonly switchovers: SwitchoverTracker;
  readonly phases: PhaseTracker;
  readonly downtime: DowntimeTracker;
}

export class ProtocolTracker {
  readonly #migration: Migration;
  readonly #context: StreamContext;
  readonly #progress: Progress;
  readonly #queries: QueryTracker;
  readonly #switchovers: SwitchoverTracker;
  readonly #phases: PhaseTracker;
  readonly #downtime: DowntimeTracker;
  readonly #snapshot: boolean;

  constructor(migration: Migration, context: StreamContext, trackers: ProtocolTrackers) {
    this.#migration = migration;
    this.#context = context;
    this.#snapshot = context.inSnapshot;
    this.#progress = trackers.progress;
    this.#queries = trackers.queries;
    this.#switchovers = trackers.switchovers;
    this.#phases = trackers.phases;
    this.#downtime = trackers.downtime;
  }

  event({ event }: EventItem, at: Moment): void {
    switch (event.name) {
      case 'migrate_set_state':
        this.#setState(event.args.new_state, at);
        return;
      case 'runstate_set':
        this.#runstate(event.args.current_state_str, event.args.new_state_str, at);
        return;
      case 'vm_state_notify':
        if (event.args.running !== 0) this.#vmRuns(at);
        else if (isStopReason(event.args.reason_str)) this.#vmStops(at, 'notify', event.args.reason_str === 'colo');
        return;
      case 'vmstate_downtime_checkpoint':
        this.#checkpoint(event.args.checkpoint, at);
        return;
      case 'migration_completion_vm_stop':
        this.#vmStops(at, 'completion', false);
        return;
      case 'savevm_state_header':
        this.#progress.headerSeen = true;
        return;
      case 'savevm_state_setup':
        this.#progress.setupEventSeen = true;
        return;
      case 'savevm_state_cleanup':
        this.#progress.cleanedUp = true;
        return;
      case 'migration_block_activation':
        if (event.args.active === 'inactive') this.#lockedStep(event.name, at);
        this.#switchovers.open?.saving();
        return;
      case 'migration_precopy_complete':
        this.#lockedStep(event.name, at);
        this.#switchovers.open?.saving();
        return;
      case 'savevm_send_switchover_start':
        this.#switchovers.open?.saving();
        return;
      case 'colo_vm_state_change':
        if (event.args.new === 'run') this.#vmRuns(at);
        else this.#vmStops(at, 'colo', true);
        return;
      case 'cpu_throttle_dirty_sync':
        this.#progress.timerSynced = true;
        return;
      case 'migrate_transferred':
        this.#progress.thresholdBytes = event.args.max_size;
        return;
      case 'migration_thread_low_pending':
        this.#queries.decide(at, event.args.pending);
        this.#progress.lowPending = true;
        return;
      case 'postcopy_start':
        this.#queries.decide(at, undefined);
        this.#postcopyStarts();
        return;
      case 'qemu_savevm_send_postcopy_advise':
      case 'qemu_savevm_send_postcopy_ram_discard':
        this.#ramLeftToPostcopy(at);
        return;
      case 'ram_postcopy_send_discard_bitmap':
        this.#switchovers.open?.discardBitmap(at);
        return;
      case 'qemu_savevm_send_packaged':
        this.#progress.inPostcopy = true;
        this.#downtime.packaged(at);
        this.#switchovers.end(at, 'packaged');
        return;
      case 'ram_write_tracking_ramblock_start':
        this.#progress.background = true;
        return;
      case 'ram_save_complete':
        if (event.args.done !== 0) this.#ramEnds(at);
        return;
      case 'savevm_section_start':
        this.#sectionStarts(event.args.id, event.args.section_id, at);
        return;
      case 'savevm_section_end':
        this.#sectionEnds(event.args.id, event.args.section_id, Number(event.args.ret), at);
        return;
      case 'vmstate_downtime_save':
        if (!this.#switchovers.isCheckpoint) this.#downtime.deviceSave(event.args);
        return;
      default:
        return;
    }
  }

  #postcopyStarts(): void {
    this.#progress.postcopyStarted = true;
    const { open } = this.#switchovers;
    if (open !== undefined) open.mode = 'postcopy';
  }

  #ramLeftToPostcopy(at: Moment): void {
    this.#progress.ramPostcopy ??= at;
    const { open } = this.#switchovers;
    if (open !== undefined) open.ramPostcopy ??= at;
  }

  #setState(state: string, at: Moment): void {
    const progress = this.#progress;
    const before = progress.state;
    progress.state = state;
    const change: StateChange = { state, at, hole: progress.holeSinceQuery };
    progress.states.push(change);
    if (state === 'device' || state === 'pre-switchover') this.#stoppedByState(at);
    // Behind pre-switchover older versions take the lock after this line; up to 9.2 it stands nowhere else.
    if (state === 'device' && before === 'active' && this.#context.band !== '10.0') this.#lockedStep(state, at);
    this.#endByState(before, state, at);
    // Of postcopy it is the end of the migration, long after the downtime.
    if (state === 'completed' && this.#migration.kind !== 'postcopy') this.#downtime.completed(at);
    if (isTerminal(state)) progress.postcopySwitchoverOver = false;
    this.#queries.flush();
    this.#switchovers.stateFollows(state);
    this.#context.sink.state(change, this.#migration);
    this.#enterPhase(state, at);
  }

  /**
   * A state after `device` ends the switchover. Up to 9.2 postcopy-active is
   * set before the stop, or after pre-switchover, and ahead of the last sync.
   */
  #endByState(before: string | undefined, state: string, at: Moment): void {
    const endedBy = switchoverEndOf(state);
    if (endedBy === undefined) return;
    const early = before === undefined || before === 'active' || before === 'pre-switchover';
    if (state === 'postcopy-active' && early && !this.#progress.inPostcopy) {
      this.#postcopyStarts();
      return;
    }
    this.#switchovers.end(at, endedBy);
    if (endedBy === 'postcopy') this.#progress.inPostcopy = true;
  }

  #enterPhase(state: string, at: Moment): void {
    if (isTerminal(state)) this.#phases.close(at);
    else if (state === 'active') this.#phases.enter('iterate', at);
    else if (state === 'postcopy-device' || state === 'postcopy-active') {
      if (this.#progress.inPostcopy) this.#phases.enter('postcopy', at);
    } else if (state.startsWith('postcopy-recover')) this.#phases.enter('postcopy-recover', at);
    else if (state !== 'setup') this.#phases.enter(state, at);
  }

  #runstate(from: string, state: string, at: Moment): void {
    this.#queries.flushEarlyFinal();
    const { open, isCheckpoint } = this.#switchovers;
    const before = this.#context.runstate;
    // From stopped to something else, and no stop was seen: that line is lost, and so is what it began.
    if (from === 'colo' && open === undefined && !this.#progress.ended) this.#queries.takeEarlyFinals();
    if (isStopReason(state)) {
      this.#context.bql.vmStops();
      if (from === 'running' && open !== undefined && isCheckpoint) this.#vmRuns(at);
      const chained = before === undefined ? this.#progress.startSeen : before === from && !this.#progress.runstateSeen;
      this.#vmStops(at, 'runstate', state === 'colo', from === 'running' && chained);
      return;
    }
    this.#progress.runstateSeen = true;
    if (state === 'postmigrate') this.#progress.postcopySwitchoverOver = false;
    // After a failure a guest that was paused before goes back to that.
    if (state === 'running' || (from === 'finish-migrate' && state !== 'postmigrate')) this.#vmRuns(at);
    // A background snapshot stops the VM at once: before any query, and without the sync of setup.
    const nothingYet = this.#queries.count + this.#queries.syncCount === 0;
    if (state === 'paused' && this.#progress.state === 'active' && nothingYet) this.#progress.background = true;
  }

  /** `device` follows `pre-switchover`: the first of the two counts. */
  #stoppedByState(at: Moment): void {
    if (this.#switchovers.open === undefined) this.#vmStops(at, 'state', false);
  }

  #vmStops(at: Moment, mark: StopMark, checkpoint: boolean, ranUntilHere = false): void {
    if (this.#snapshot || this.#progress.background) return;
    this.#queries.flushEarlyFinal();
    const provesRunning = ranUntilHere || (!checkpoint && this.#progress.downtimeStarted);
    const begins = this.#switchovers.stop(at, { checkpoint, mark, provesRunning });
    if (begins && this.#progress.downtimeStarted) this.#switchovers.announce(at, 'downtime-start');
    if (begins) this.#progress.downtimeStarted = false;
    if (!this.#progress.ended) this.#progress.vmStopped = true;
    if (!begins) return;
    if (!checkpoint) this.#downtime.stopped(at);
    this.#phases.enter(checkpoint ? 'checkpoint' : 'switchover', at);
  }

  #vmRuns(at: Moment): void {
    this.#progress.vmStopped = false;
    this.#downtime.runs();
    this.#switchovers.end(at, 'vm-running');
    if (!this.#switchovers.isCheckpoint) return;
    this.#switchovers.emit(undefined);
    this.#phases.enter('colo', at);
  }

  #checkpoint(name: string, at: Moment): void {
    if (!this.#switchovers.isCheckpoint) this.#downtime.checkpoint(name, at);
    if (name === 'src-downtime-start') {
      this.#queries.flushEarlyFinal();
      this.#context.bql.vmStops();
      this.#switchovers.announce(at, 'downtime-start');
      this.#progress.downtimeStarted = true;
    }
    if (name === 'src-vm-stopped') this.#vmStops(at, 'checkpoint', false);
    // CPR stops the VM in the main thread, before the state `active`.
    const saved = name === 'src-iterable-saved' || name === 'src-non-iterable-saved';
    if (saved || (name === 'src-vm-stopped' && this.#progress.state === 'active')) this.#lockedStep(name, at);
    if (name === 'src-iterable-saved' && !this.#progress.inPostcopy) this.#ramEnds(at);
    if (name === 'src-downtime-end') this.#switchovers.end(at, 'downtime-end');
  }

  /** A line of the switchover that the migration thread prints under the BQL. */
  #lockedStep(name: string, at: Moment): void {
    const { open } = this.#switchovers;
    if (open !== undefined && !open.checkpoint) open.lockedStep(name, at, this.#context.bql.at(at.thread));
  }

  #ramEnds(at: Moment): void {
    const { open } = this.#switchovers;
    if (open === undefined) return;
    open.ramEnd ??= at;
    open.carriedThrough = true;
  }

  #sectionStarts(id: string, section: Uint64, at: Moment): void {
    const { open } = this.#switchovers;
    if (open === undefined) return;
    if (id === 'ram') open.saving();
    this.#downtime.sectionStart(section, at);
  }

  #sectionEnds(id: string, section: Uint64, ret: number, at: Moment): void {
    const { open } = this.#switchovers;
    if (open === undefined) return;
    if (id === 'ram' && ret >= 0) this.#ramEnds(at);
    if (!open.checkpoint) this.#downtime.sectionEnd(id, section, at);
  }
}

function isStopReason(state: string): boolean {
  return state === 'finish-migrate' || state === 'colo';
}

function switchoverEndOf(state: string): SwitchoverEnd | undefined {
  switch (state) {
    case 'completed':
      return 'completed';
    case 'colo':
      return 'colo';
    case 'postcopy-device':
    case 'postcopy-active':
      return 'postcopy';
    case 'failing':
    case 'failed':
      return 'failed';
    case 'cancelling':
    case 'cancelled':
      return 'cancelled';
    default:
      return undefined;
  }
}
