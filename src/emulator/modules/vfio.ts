/**
 * A VFIO device: state that can be sent while it runs (initial and dirtied
 * again), and state that only the stopped device gives out. Estimates of 8.1 to
 * 11.0 know the first only, and an exact query puts the second in its place.
 */
import type { Steps } from '../clock/scheduler.ts';
import type { ModuleConfig } from '../config.ts';
import type { Runstate } from '../guest/vm.ts';
import type { Module, Pending, QueryKind, SaveResult, Transfer } from './module.ts';

type Config = Extract<ModuleConfig, { kind: 'vfio' }>;

type DeviceState = 'RUNNING' | 'PRE_COPY' | 'PRE_COPY_P2P' | 'RUNNING_P2P' | 'STOP' | 'STOP_COPY';

/** One read of the device's data. */
const BLOCK_BYTES = 1_048_576;

export class Vfio implements Module {
  readonly name: string;
  readonly sectionId: number;
  readonly isActive = true;
  readonly isPostcopiable = false;
  readonly #transfer: Transfer;
  readonly #config: Config;
  readonly #hasPrecopy: boolean;
  deviceBytesSent = 0;
  #state: DeviceState = 'RUNNING';
  #initialBytes = 0;
  #dirtyBytes = 0;
  /** What the device said last, as the estimates of 11.1 reckon with. */
  #stopcopyBytes = 0;
  #lastNs = 0;
  #initialAgainNs: number | undefined;
  #asked = false;
  #acknowledged = false;

  constructor(transfer: Transfer, config: Config, sectionId: number) {
    this.#transfer = transfer;
    this.#config = config;
    this.name = `${config.name}/vfio`;
    this.sectionId = sectionId;
    this.#hasPrecopy = config.precopyInitialBytes + config.precopyDirtyBytes + config.dirtyRateBytesPerSecond > 0;
  }

  get iterates(): boolean {
    return this.#state === 'PRE_COPY' || this.#state === 'PRE_COPY_P2P';
  }

  *setup(): Steps {
    const { core, vm } = this.#transfer;
    this.#initialBytes = this.#config.precopyInitialBytes;
    this.#dirtyBytes = this.#config.precopyDirtyBytes;
    this.#stopcopyBytes = this.#config.stopcopyBytes + this.#initialBytes + this.#dirtyBytes;
    this.#lastNs = core.nowNs;
    const againMs = this.#config.initialAgainAfterMs;
    this.#initialAgainNs = againMs === undefined ? undefined : core.nowNs + againMs * 1e6;
    if (this.#hasPrecopy) this.#setState('PRE_COPY');
    vm.notifiers.add(this.#onVmChange);
    yield* core.sleep(30_000);
  }

  *pending(kind: QueryKind, sum: Pending): Steps {
    const { core } = this.#transfer;
    this.#advance();
    yield* core.sleep(kind === 'exact' ? 30_000 + (this.#config.exactQueryMs ?? 0) * 1e6 : 2_000);
    switch (core.version.decision) {
      case '7.2':
        sum.precopy += this.#initialBytes + this.#dirtyBytes + this.#config.stopcopyBytes;
        return;
      case '8.0':
      case '10.2':
        this.#pendingOfTwoKinds(kind, sum);
        return;
      case '11.1':
        this.#pendingWithStopcopy(kind, sum);
        return;
    }
  }

  #pendingOfTwoKinds(kind: QueryKind, sum: Pending): void {
    const { tracer, asPosted } = this.#transfer.core;
    if (kind === 'final' && asPosted) return;
    const precopy_init_size = this.#initialBytes;
    const precopy_dirty_size = this.#dirtyBytes;
    if (kind !== 'estimate') {
      const stopcopy_size = this.#config.stopcopyBytes + precopy_init_size + precopy_dirty_size;
      sum.precopy += stopcopy_size;
      const sums = { precopy: sum.precopy, postcopy: sum.postcopy };
      const sizes = { stopcopy_size, precopy_init_size, precopy_dirty_size };
      tracer.event('vfio_state_pending_exact', { name: this.#config.name, ...sums, ...sizes });
      return;
    }
    if (!this.iterates) return;
    sum.precopy += precopy_init_size + precopy_dirty_size;
    tracer.event('vfio_state_pending_estimate', {
      name: this.#config.name,
      precopy: sum.precopy,
      postcopy: sum.postcopy,
      precopy_init_size,
      precopy_dirty_size,
    });
  }

  #pendingWithStopcopy(kind: QueryKind, sum: Pending): void {
    const { core } = this.#transfer;
    if (kind === 'exact') this.#stopcopyBytes = this.#config.stopcopyBytes + this.#initialBytes + this.#dirtyBytes;
    const asks = this.#asksForAck(kind);
    if (asks) sum.acks += 1;
    sum.precopy += this.#initialBytes + this.#dirtyBytes;
    sum.stopcopy += Math.max(0, this.#stopcopyBytes - this.#initialBytes - this.#dirtyBytes);
    core.tracer.event('vfio_state_pending', {
      name: this.#config.name,
      stopcopy_size: this.#stopcopyBytes,
      precopy_init_size: this.#initialBytes,
      precopy_dirty_size: this.#dirtyBytes,
      request_switchover_ack: asks ? 1 : 0,
      exact: kind === 'estimate' ? 0 : 1,
      final: kind === 'final' ? 1 : 0,
    });
  }

  /** Once for its initial data, and again when the device re-initialised. */
  #asksForAck(kind: QueryKind): boolean {
    if (!this.#transfer.capabilities['switchover-ack']) return false;
    if (kind === 'final')
      return this.#config.asksAckAtSwitchover === true || this.#transfer.core.faults.ahead.deviceAsksAgain;
    const asks = !this.#asked && this.#initialBytes > 0;
    this.#asked ||= asks;
    return asks;
  }

  *iterate(): Steps<SaveResult> {
    const { core, stream, bandwidthBytesPerSecond } = this.#transfer;
    this.#advance();
    const fromInitial = Math.min(BLOCK_BYTES, this.#initialBytes);
    const bytes = fromInitial > 0 ? fromInitial : Math.min(BLOCK_BYTES, this.#dirtyBytes);
    this.#initialBytes -= fromInitial;
    if (fromInitial === 0) this.#dirtyBytes -= bytes;
    yield* this.#send(bytes);
    stream.put(8);
    stream.flush();
    core.tracer.event('vfio_save_iterate', {
      name: this.#config.name,
      precopy_init_size: this.#initialBytes,
      precopy_dirty_size: this.#dirtyBytes,
    });
    if (this.#initialBytes === 0 && !this.#acknowledged) {
      this.#acknowledged = true;
      this.#transfer.initialDataSent();
    }
    yield* core.sleep((bytes * 1e6) / bandwidthBytesPerSecond);
    return this.#initialBytes + this.#dirtyBytes === 0 ? 1 : 0;
  }

  *complete(): Steps<SaveResult> {
    const { core, stream } = this.#transfer;
    if (this.#state !== 'STOP_COPY') this.#setState('STOP_COPY');
    yield* this.#send(this.#config.stopcopyBytes + this.#initialBytes + this.#dirtyBytes);
    stream.put(8);
    core.tracer.event('vfio_save_complete_precopy', { name: this.#config.name, ret: 0 });
    return 0;
  }

  cleanup(): void {
    const { vm } = this.#transfer;
    vm.notifiers.delete(this.#onVmChange);
    this.#setState(vm.isRunning ? 'RUNNING' : 'STOP');
  }

  *#send(bytes: number): Steps {
    const { core, stream, bandwidthBytesPerSecond } = this.#transfer;
    for (let left = bytes; left > 0; left -= BLOCK_BYTES) {
      const block = Math.min(BLOCK_BYTES, left);
      stream.put(16);
      stream.putPage(block);
      this.deviceBytesSent += block;
      yield* core.sleep((block * 1e9) / bandwidthBytesPerSecond);
    }
  }

  readonly #onVmChange = (running: boolean, reason: Runstate): void => {
    this.#advance();
    const prepared: DeviceState = running || !this.iterates ? 'RUNNING_P2P' : 'PRE_COPY_P2P';
    this.#changeWithVm('vfio_vmstate_change_prepare', running, reason, prepared);
    const stopped: DeviceState = this.#hasPrecopy && reason === 'finish-migrate' ? 'STOP_COPY' : 'STOP';
    this.#changeWithVm('vfio_vmstate_change', running, reason, running ? 'RUNNING' : stopped);
  };

  #changeWithVm(
    event: 'vfio_vmstate_change_prepare' | 'vfio_vmstate_change',
    running: boolean,
    reason: Runstate,
    state: DeviceState,
  ): void {
    this.#setState(state);
    this.#transfer.core.tracer.event(event, {
      name: this.#config.name,
      running: running ? 1 : 0,
      reason,
      dev_state: state,
    });
  }

  #setState(state: DeviceState): void {
    const { core } = this.#transfer;
    const { name } = this.#config;
    core.spend(40_000);
    core.tracer.event('vfio_migration_set_state', { name, new_state: state, recover_state: 'STOP' });
    core.tracer.event('vfio_migration_set_device_state', { name, state });
    this.#state = state;
  }

  #advance(): void {
    const { core, vm } = this.#transfer;
    const elapsed = (core.nowNs - this.#lastNs) / 1e9;
    this.#lastNs = core.nowNs;
    if (!vm.isRunning || !this.iterates) return;
    if (this.#initialAgainNs !== undefined && core.nowNs >= this.#initialAgainNs) this.#initialiseAgain();
    this.#dirtyBytes += Math.floor(elapsed * this.#config.dirtyRateBytesPerSecond);
  }

  /** 11.1 asks for another ack; where the first data had not all been sent, their ack stands for both. */
  #initialiseAgain(): void {
    this.#initialAgainNs = undefined;
    this.#initialBytes += this.#config.precopyInitialBytes;
    this.#stopcopyBytes += this.#config.precopyInitialBytes;
    if (this.#transfer.core.version.decision !== '11.1' || !this.#acknowledged) return;
    this.#asked = false;
    this.#acknowledged = false;
  }
}
