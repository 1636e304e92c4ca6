/** One outgoing migration: its state, its stream, its counters. The phases work on it. */
import type { State } from '../../catalog/vocabulary.ts';
import type { ReturnPath, ReturnPathUser } from '../channel/return-path.ts';
import { Stream } from '../channel/stream.ts';
import { REAL_ZERO } from '../clock/real-zero.ts';
import { Done, type Steps, WaitQueue } from '../clock/scheduler.ts';
import type { Moment, RunConfig } from '../config.ts';
import type { Runstate, Vm } from '../guest/vm.ts';
import type { Answer, Module, Transfer } from '../modules/module.ts';
import { Ram } from '../modules/ram.ts';
import { buildModules } from '../modules/registry.ts';
import type { Core } from '../process/core.ts';
import type { MainLoop } from '../process/main-loop.ts';
import { allCapabilities, type Capability, type Parameter } from '../settings.ts';
import { QueryLines } from './query-line.ts';

/** Rate limits hold for windows of this length. */
export const WINDOW_MS = 100;
const WINDOWS_PER_SECOND = 1000 / WINDOW_MS;

export interface Machine {
  readonly core: Core;
  readonly vm: Vm;
  readonly mainLoop: MainLoop;
  readonly parameters: Record<Parameter, number>;
}

export class Attempt implements Transfer, ReturnPathUser {
  readonly core: Core;
  readonly vm: Vm;
  readonly mainLoop: MainLoop;
  readonly parameters: Record<Parameter, number>;
  readonly run: RunConfig;
  readonly capabilities: Readonly<Record<Capability, boolean>>;
  readonly stream = new Stream();
  readonly ram: Ram;
  readonly modules: readonly Module[];
  readonly activeModules: readonly Module[];
  readonly startNs: number;
  returnPath: ReturnPath | undefined;
  state: State | undefined;
  /** The VM's before the switchover. */
  oldRunstate: Runstate;
  thresholdBytes = 0;
  bytesPerMs = REAL_ZERO;
  windowStartMs = 0;
  windowEndNs = REAL_ZERO;
  windowStartBytes = 0;
  windowStartPages = 0;
  /** No rate limit while the switchover runs. */
  isUnlimited = false;
  startPostcopy = false;
  pendingAcks = 0;
  hasLegacyAck = false;
  /** Of the last query. */
  readonly answer: Answer = { precopy: 0, stopcopy: 0, postcopy: 0, acks: 0, total: 0 };
  readonly answered: Steps<Answer> = new Done(this.answer);
  readonly queryLines: QueryLines;
  /** Lines that a reviewer adds to the queries; there is no place for them in versions without a final one. */
  readonly printsProbes: boolean;
  dirtyBytesTotal = 0;
  exactTotal: number | undefined;
  expectedDowntimeMs: number;
  downtimeStartNs = 0;
  downtimeMs: number | undefined;
  setupMs = 0;
  endNs: number | undefined;
  /** Of the last window, as query-migrate shows them. */
  mbps = REAL_ZERO;
  pagesPerSecond = 0;
  /** MB/s per vCPU that this migration has set. */
  dirtyLimitQuota: number | undefined;
  multifdPackets = 0;
  /** Sections of rounds, counted where one of them is to fail. */
  rounds = 0;
  /** The fault made the final query before the VM was stopped. */
  madeFinalEarly = false;
  /** The one that QEMU reports in the end. */
  firstError: string | undefined;
  disksAreInactive = false;
  /** The package is sent: the guest is the destination's. */
  handedOver = false;
  hasPreemptChannel = false;
  isConnected = false;
  threadStarted = false;
  hasDirtyLog = false;
  /** Bytes of pages that had been sent when the VM was stopped, and when postcopy began. */
  ramBytesAtStop: number | undefined;
  ramBytesAtPostcopy: number | undefined;
  bitmapsReceived = 0;
  /** Return paths whose stream is still to be closed in the cleanup. */
  closedReturnPaths = 0;
  isOver = false;
  /** The command failed; nothing began. */
  refusal: string | undefined;
  /** migrate-continue. */
  readonly continued = new WaitQueue();
  isContinued = false;
  /** The rate limit's semaphore: a page was asked for. */
  readonly urgent = new WaitQueue();
  readonly changed = new WaitQueue();
  readonly #countsFlushed: boolean;
  readonly #reachedNs = new Map<State, number>();

  constructor(machine: Machine, run: RunConfig) {
    this.core = machine.core;
    this.vm = machine.vm;
    this.mainLoop = machine.mainLoop;
    this.parameters = machine.parameters;
    this.run = run;
    this.#countsFlushed = this.core.version.countsFlushed;
    this.capabilities = allCapabilities(run.capabilities);
    this.startNs = machine.core.nowNs;
    this.oldRunstate = machine.vm.runstate;
    this.expectedDowntimeMs = this.parameters['downtime-limit'];
    this.ram = new Ram(this);
    this.queryLines = new QueryLines(this.core);
    const { qemu_savevm_query_pending_bql, mig_dirty_bytes_total_update } = this.core.points;
    this.printsProbes =
      this.core.version.hasFinal && (qemu_savevm_query_pending_bql.isOn || mig_dirty_bytes_total_update.isOn);
    this.modules = buildModules(this, this.ram, run.modules);
    this.activeModules = this.modules.filter(({ isActive }) => isActive);
    this.ram.isAlone = this.activeModules.length === 1;
  }

  get bandwidthBytesPerSecond(): number {
    return this.run.channel.bandwidthBytesPerSecond;
  }

  get isInColo(): boolean {
    return this.state === 'colo';
  }

  get isInPostcopy(): boolean {
    return this.isPostcopyBegun && this.state?.startsWith('postcopy-') === true;
  }

  /** 7.2 sets postcopy-active before it stops the VM; its RAM is still in precopy then. */
  isPostcopyBegun = false;

  get isBackgroundSnapshot(): boolean {
    return this.capabilities['background-snapshot'] && this.run.command === 'migrate';
  }

  get hasReturnPath(): boolean {
    return this.capabilities['return-path'] || this.capabilities['postcopy-ram'];
  }

  /** Its times and its mean bandwidth were reckoned at its end. */
  get isCalculated(): boolean {
    return this.run.command === 'migrate' && !this.capabilities['x-colo'];
  }

  /** dirty-sync-count: 11.1 counts the setup, whether it syncs or not. */
  get syncCount(): number {
    return this.isBackgroundSnapshot && this.core.version.passAfterQuery ? 1 : this.ram.syncing.count;
  }

  /** Bytes of pages by the time when they were sent. */
  ramBytes(): { readonly precopy: number; readonly stopped: number; readonly postcopy: number } {
    const sent = this.ram.pageBytes;
    const stoppedAt = this.ramBytesAtStop ?? sent;
    const postcopyAt = this.ramBytesAtPostcopy ?? sent;
    return { precopy: stoppedAt, stopped: postcopyAt - stoppedAt, postcopy: sent - postcopyAt };
  }

  /** Bytes as this version's rate limit counts them. */
  get countedBytes(): number {
    return this.#countsFlushed ? this.stream.flushedBytes : this.stream.putBytes;
  }

  rateExceeded(): boolean {
    if (this.stream.error !== undefined) return true;
    if (this.isUnlimited) return false;
    const { parameters } = this;
    const limit = this.isPostcopyBegun ? parameters['max-postcopy-bandwidth'] : parameters['max-bandwidth'];
    return limit > 0 && (this.countedBytes - this.windowStartBytes) * WINDOWS_PER_SECOND > limit;
  }

  setState(to: State): void {
    this.state = to;
    this.core.spend(1_000);
    this.core.tracer.event('migrate_set_state', { new_state: to });
    if (!this.#reachedNs.has(to)) this.#reachedNs.set(to, this.core.nowNs);
    this.changed.notifyAll(this.core.nowNs);
  }

  /** Compare and swap: prints nothing when the state is another. */
  swapState(from: State, to: State): boolean {
    if (this.state !== from) return false;
    this.setState(to);
    return true;
  }

  finish(): void {
    this.isOver = true;
    this.endNs ??= this.core.nowNs;
    this.changed.notifyAll(this.core.nowNs);
  }

  /** False: the run was over before. */
  *until({ state, afterMs }: Moment): Steps<boolean> {
    while (state !== undefined && !this.#reachedNs.has(state)) {
      if (this.isOver) return false;
      yield* this.core.scheduler.wait(this.changed);
    }
    const sinceNs = state === undefined ? this.startNs : (this.#reachedNs.get(state) ?? this.startNs);
    yield* this.core.sleep(sinceNs + afterMs * 1e6 - this.core.nowNs);
    return !this.isOver;
  }

  /** migrate_set_error(), or what 7.2 has in its place. */
  reportError(error: string): void {
    this.firstError ??= error;
    if (this.core.version.hasMigrateError) this.core.tracer.event('migrate_error', { error });
  }

  /** `failing` at the error where there is that state, or `failed` at once. */
  setFailed(): void {
    this.setState(this.core.version.hasFailing ? 'failing' : 'failed');
  }

  get isCancelled(): boolean {
    return this.state === 'cancelling' || this.state === 'cancelled';
  }

  initialDataSent(): void {
    if (!this.capabilities['switchover-ack']) return;
    this.returnPath?.deliver({ kind: 'switchover-ack' }, this.run.channel.ackMs * 1e6);
  }

  requested(page: number): void {
    const { tracer } = this.core;
    const block = this.ram.pages.blockOf(page);
    const rbname = this.ram.requests === 0 ? block : '(null)';
    const start = page * 4096;
    tracer.event('migrate_handle_rp_req_pages', { rbname, start, len: 4096 });
    tracer.event('ram_save_queue_pages', { rbname, start, len: 4096 });
    if (this.hasPreemptChannel) this.ram.sendRequested(page);
    else this.ram.request(page);
    this.urgent.notifyAll(this.core.nowNs);
  }

  acknowledged(): number {
    this.pendingAcks = Math.max(0, this.pendingAcks - 1);
    this.hasLegacyAck = true;
    return this.pendingAcks;
  }

  *bitmapReceived(block: string): Steps {
    const { tracer } = this.core;
    tracer.event('ram_dirty_bitmap_reload_begin', { str: block });
    yield* this.core.sleep(20_000);
    tracer.event('ram_dirty_bitmap_reload_complete', { str: block });
    this.bitmapsReceived += 1;
  }

  resumed(): void {
    this.swapState('postcopy-recover', 'postcopy-active');
  }

  failed(error: string): void {
    this.reportError(error);
  }
}
