/** The virtual machine: its runstate, how it stops and starts, and how much of its time the guest has. */
import type { Steps } from '../clock/scheduler.ts';
import type { Core } from '../process/core.ts';
import { GuestMemory } from './memory.ts';
import { Vcpus } from './vcpus.ts';

/** Runstates with their numbers. */
const RUNSTATES = {
  paused: 4,
  postmigrate: 5,
  prelaunch: 6,
  'finish-migrate': 7,
  running: 9,
  'save-vm': 10,
  shutdown: 11,
  colo: 15,
} as const;

const MEBIBYTE = 2 ** 20;

export type Runstate = keyof typeof RUNSTATES;

type VmNotifier = (running: boolean, reason: Runstate) => void;

export class Vm {
  readonly memory: GuestMemory;
  readonly vcpus: Vcpus;
  /** Devices that are told when the VM stops and starts. */
  readonly notifiers = new Set<VmNotifier>();
  readonly #core: Core;
  #runstate: Runstate = 'prelaunch';
  #throttlePercent = 0;
  /** MB/s that all vCPUs together may dirty; undefined: no limit. */
  #dirtyLimitBytesPerSecond: number | undefined;
  /** The dirty log is still on, to be switched off at the next start. */
  dirtyLogLingers = false;

  constructor(core: Core) {
    this.#core = core;
    this.memory = new GuestMemory(core.config.guest);
    this.vcpus = new Vcpus(core, core.config.guest.vcpus);
  }

  get runstate(): Runstate {
    return this.#runstate;
  }

  get isRunning(): boolean {
    return this.#runstate === 'running';
  }

  get throttlePercent(): number {
    return this.#throttlePercent;
  }

  throttle(percent: number): void {
    this.catchUp();
    this.#throttlePercent = percent;
  }

  get isDirtyLimited(): boolean {
    return this.#dirtyLimitBytesPerSecond !== undefined;
  }

  /** A quota per vCPU. It stays in force behind a migration that fails. */
  limitDirtyRate(megabytesPerSecond: number): void {
    this.catchUp();
    this.#dirtyLimitBytesPerSecond = megabytesPerSecond * MEBIBYTE * this.vcpus.count;
  }

  get dirtyLimitBytesPerSecond(): number | undefined {
    return this.#dirtyLimitBytesPerSecond;
  }

  /** The users of the dirty log as global_dirty_changed shows them: migration 1, dirty limit 4. */
  dirtyLogUsers(migrates: boolean): number {
    return (migrates ? 1 : 0) + (this.isDirtyLimited ? 4 : 0);
  }

  /** What the guest wrote until now is written. */
  catchUp(): void {
    this.memory.advance(
      this.#core.nowNs,
      this.isRunning ? 100 - this.#throttlePercent : 0,
      this.#dirtyLimitBytesPerSecond,
    );
  }

  setRunstate(to: Runstate): void {
    this.#core.tracer.event('runstate_set', {
      current_state: RUNSTATES[this.#runstate],
      current_state_str: this.#runstate,
      new_state: RUNSTATES[to],
      new_state_str: to,
    });
    this.catchUp();
    this.#runstate = to;
  }

  /** vm_stop_force_state(), with the BQL. */
  *stop(to: Runstate): Steps {
    const ran = this.isRunning;
    this.setRunstate(to);
    if (ran) {
      yield* this.vcpus.pauseAll();
      this.#notify(false, to);
      yield* this.vcpus.runOnEach();
    }
    this.#core.spend(70_000);
    this.#core.tracer.event('vm_stop_flush_all', { ret: 0 });
  }

  /** vm_start() */
  *start(): Steps {
    yield* this.vcpus.runOnEach();
    this.setRunstate('running');
    this.#notify(true, 'running');
    if (this.dirtyLogLingers) this.stopDirtyLog();
    this.vcpus.resumeAll();
  }

  /** memory_global_dirty_log_stop(): at once, or when the VM starts again. */
  stopDirtyLog(): void {
    this.dirtyLogLingers = !this.isRunning;
    if (this.dirtyLogLingers) return;
    this.#core.spend(2_000);
    this.#core.tracer.event('global_dirty_changed', { bitmask: this.dirtyLogUsers(false) });
  }

  /** Registers are read on the vCPUs' own threads. */
  *synchronizeStates(): Steps {
    yield* this.vcpus.runOnEach();
  }

  #notify(running: boolean, reason: Runstate): void {
    this.#core.tracer.event('vm_state_notify', {
      running: running ? 1 : 0,
      reason: RUNSTATES[reason],
      reason_str: reason,
    });
    for (const notifier of this.notifiers) notifier(running, reason);
  }
}
