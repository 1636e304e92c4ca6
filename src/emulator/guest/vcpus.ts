/** The vCPU threads, as far as they take the BQL: exits to devices, being stopped, work run on them. */
import { type Steps, type Thread, WaitQueue } from '../clock/scheduler.ts';
import type { Core } from '../process/core.ts';

const KICK_NS = 60_000;
const EXIT_MIN_NS = 40e6;
const EXIT_MAX_NS = 320e6;

class Vcpu {
  readonly thread: Thread;
  readonly kick = new WaitQueue();
  readonly halted = new WaitQueue();
  isStopped = true;
  mustStop = true;
  work = 0;

  constructor(thread: Thread) {
    this.thread = thread;
  }
}

export class Vcpus {
  readonly #core: Core;
  readonly #vcpus: readonly Vcpu[];
  readonly #paused = new WaitQueue();
  readonly #workDone = new WaitQueue();

  constructor(core: Core, count: number) {
    this.#core = core;
    this.#vcpus = Array.from({ length: count }, () => new Vcpu(core.newThread()));
    for (const vcpu of this.#vcpus) core.scheduler.spawn(vcpu.thread, this.#run(vcpu));
  }

  get count(): number {
    return this.#vcpus.length;
  }

  /** pause_all_vcpus(), with the BQL, which it gives up while it waits and once more at its end. */
  *pauseAll(): Steps {
    for (const vcpu of this.#vcpus) {
      vcpu.mustStop = true;
      vcpu.kick.notifyAll(this.#core.nowNs + KICK_NS);
    }
    while (this.#vcpus.some((vcpu) => !vcpu.isStopped)) yield* this.#core.waitWithBql(this.#paused, 'pauseAll');
    this.#core.unlockBql();
    yield* this.#core.lockBql('pauseAllLock');
  }

  resumeAll(): void {
    for (const vcpu of this.#vcpus) {
      vcpu.mustStop = false;
      vcpu.halted.notifyAll(this.#core.nowNs);
    }
  }

  /** run_on_cpu() for each vCPU: waits with the BQL given up. */
  *runOnEach(): Steps {
    for (const vcpu of this.#vcpus) {
      vcpu.work += 1;
      vcpu.halted.notifyAll(this.#core.nowNs);
      vcpu.kick.notifyAll(this.#core.nowNs);
      while (vcpu.work > 0) yield* this.#core.waitWithBql(this.#workDone, 'runOnCpu');
    }
  }

  *#run(vcpu: Vcpu): Steps {
    const { scheduler, random } = this.#core;
    for (;;) {
      if (vcpu.mustStop || vcpu.work > 0) {
        yield* this.#waitForEvents(vcpu);
        continue;
      }
      const exitNs = this.#core.nowNs + random.between(EXIT_MIN_NS, EXIT_MAX_NS);
      yield* scheduler.waitUntil(vcpu.kick, exitNs);
      if (vcpu.mustStop || vcpu.work > 0) continue;
      yield* this.#core.lockBql('vcpuIo');
      this.#core.spend(4_000);
      this.#core.unlockBql();
    }
  }

  /** qemu_wait_io_event() */
  *#waitForEvents(vcpu: Vcpu): Steps {
    yield* this.#core.lockBql('vcpuExec');
    while (vcpu.mustStop || vcpu.work > 0) {
      if (vcpu.mustStop && !vcpu.isStopped) {
        vcpu.isStopped = true;
        this.#paused.notifyAll(this.#core.nowNs);
      }
      if (vcpu.work > 0) this.#doWork(vcpu);
      else yield* this.#core.waitWithBql(vcpu.halted, 'haltedVcpu');
    }
    vcpu.isStopped = false;
    this.#core.unlockBql();
  }

  #doWork(vcpu: Vcpu): void {
    this.#core.spend(15_000);
    vcpu.work = 0;
    this.#workDone.notifyAll(this.#core.nowNs);
  }
}
