/**
 * The capabilities of the next migration, as far as QMP commands in the log
 * say. What was never set is unknown: the monitor and the command line leave no
 * event. A capability counts only for a migration that begins later.
 */
import type { KnownEvent } from '../catalog/catalog.ts';
import type { Place } from '../ingest/trace-item.ts';
import type { Capabilities, Capability } from './run.ts';

/** Names come out of the log: far more than QEMU has, and no more. */
const MAX_NAMES = 100;

export class CapabilityTracker {
  #known = new Map<string, Capability>();
  /** Names in the command that has no answer yet. */
  #asked: readonly string[] = [];

  get known(): Capabilities {
    return new Map(this.#known);
  }

  /** `busy`: a migration is going on, so QEMU refuses the command. */
  event(event: KnownEvent, place: Place, busy: boolean): void {
    switch (event.name) {
      case 'qmp_enter_migrate_set_capabilities':
        this.#set(settingsIn(parse(event.args.json)), place, busy);
        return;
      case 'qmp_exit_migrate_set_capabilities':
        if (event.args.succeeded === 0) for (const name of this.#asked) this.#known.delete(name);
        this.#asked = [];
        return;
      case 'qmp_enter_migrate':
        // The command may bring all its settings along.
        if (isObject(parse(event.args.json)?.['config'])) this.#known.clear();
        return;
      default:
        return;
    }
  }

  #set(settings: readonly (readonly [name: string, on: boolean])[] | undefined, place: Place, busy: boolean): void {
    if (settings === undefined) {
      this.#known.clear();
      return;
    }
    for (const [name, on] of settings) {
      this.#known.delete(name);
      if (!busy && this.#known.size < MAX_NAMES) this.#known.set(name, { on, place });
    }
    this.#asked = settings.slice(0, MAX_NAMES).map(([name]) => name);
  }
}

type Json = { readonly [key: string]: unknown };

/** undefined for what is not the argument of the command: it may have set anything. */
function settingsIn(json: Json | undefined): readonly (readonly [string, boolean])[] | undefined {
  const list = json?.['capabilities'];
  if (!Array.isArray(list)) return undefined;
  const settings: (readonly [string, boolean])[] = [];
  for (const one of list) {
    if (!isObject(one) || typeof one['capability'] !== 'string' || typeof one['state'] !== 'boolean') return undefined;
    settings.push([one['capability'], one['state']]);
  }
  return settings;
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
