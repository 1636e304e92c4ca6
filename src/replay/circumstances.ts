/** What a process was told and what it runs: it decides what a `setup` that comes means. */
import type { EventItem } from '../ingest/trace-item.ts';
import type { Context } from './context.ts';

export class Circumstances {
  readonly #context: Context;
  /** The VM waits for a migration to come in. */
  inmigrate = false;
  /** The command that starts a migration came, and no `setup` since. */
  commanded = false;
  /** The command for the migration to come was another process's. */
  otherMain = false;
  /** Thread that was told to migrate: the main thread, one per process. */
  #mainThread: number | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Before the migration sees the event. */
  before({ event, place, thread }: EventItem, migrating: boolean): void {
    this.#context.capabilities.event(event, place, migrating);
    if (event.name === 'qmp_enter_migrate' && thread !== undefined) {
      this.otherMain = this.#mainThread !== undefined && this.#mainThread !== thread;
      this.#mainThread = thread;
    }
    if (event.name === 'qmp_enter_migrate' || event.name === 'qmp_enter_snapshot_save') {
      this.commanded = true;
      this.#context.inSnapshot = event.name === 'qmp_enter_snapshot_save';
    }
    if (event.name !== 'runstate_set') return;
    const { current_state_str: from, new_state_str: to } = event.args;
    this.#context.inSnapshot = to === 'save-vm';
    if (to === 'inmigrate') this.inmigrate = true;
    else if (from === 'inmigrate') this.inmigrate = false;
  }

  /** After the migration has seen it: until then the runstate before counts. */
  after({ event, place }: EventItem): void {
    if (event.name === 'runstate_set') this.#context.runstate = event.args.new_state_str;
    if (event.name === 'global_dirty_changed') {
      this.#context.dirtyLogOn = (Number(event.args.bitmask) & 1) === 1 ? place : undefined;
    }
  }
}
