/** s390's storage attributes: sent like RAM, without an event and without the BQL. */
import type { Steps } from '../clock/scheduler.ts';
import type { ModuleConfig } from '../config.ts';
import type { Module, Pending, QueryKind, SaveResult, Transfer } from './module.ts';

type Config = Extract<ModuleConfig, { kind: 'cmma' }>;

export class Cmma implements Module {
  readonly name = 's390-cmma';
  readonly sectionId: number;
  readonly isActive = true;
  readonly iterates = true;
  readonly isPostcopiable = false;
  readonly #transfer: Transfer;
  readonly #config: Config;
  #dirty = 0;
  #lastNs = 0;

  constructor(transfer: Transfer, config: Config, sectionId: number) {
    this.#transfer = transfer;
    this.#config = config;
    this.sectionId = sectionId;
  }

  *setup(): Steps {
    this.#dirty = this.#config.attributes;
    this.#lastNs = this.#transfer.core.nowNs;
    yield* this.#transfer.core.sleep(1_000);
  }

  *pending(kind: QueryKind, sum: Pending): Steps {
    const { core } = this.#transfer;
    if (kind === 'final' && core.asPosted) return;
    this.#advance();
    yield* core.sleep(500);
    sum.precopy += Math.floor(this.#dirty);
  }

  *iterate(): Steps<SaveResult> {
    const { stream, core } = this.#transfer;
    this.#advance();
    stream.put(Math.floor(this.#dirty) + 20);
    stream.flush();
    yield* core.sleep(2_000 + this.#dirty);
    this.#dirty = 0;
    return 1;
  }

  *complete(): Steps<SaveResult> {
    yield* this.iterate();
    return 0;
  }

  cleanup(): void {
    this.#dirty = 0;
  }

  #advance(): void {
    const { core, vm } = this.#transfer;
    const elapsed = (core.nowNs - this.#lastNs) / 1e9;
    this.#lastNs = core.nowNs;
    if (!vm.isRunning) return;
    this.#dirty = Math.min(this.#config.attributes, this.#dirty + elapsed * this.#config.dirtyRatePerSecond);
  }
}
