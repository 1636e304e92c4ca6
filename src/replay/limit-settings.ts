/** What was set as downtime-limit, and when: by commands in the log, and by those of --qmp. */
import type { EventItem, Place } from '../ingest/trace-item.ts';

export interface LimitSetting {
  readonly ms: number;
  readonly place: Place;
  /** Nanoseconds of the log's clock. */
  readonly timeNs: number;
}

const MAX_SETTINGS = 1000;

export class LimitSettings {
  readonly #ofLog: LimitSetting[] = [];
  readonly #ofQmp: () => readonly LimitSetting[];

  constructor(ofQmp: () => readonly LimitSetting[]) {
    this.#ofQmp = ofQmp;
  }

  note({ event, place, timeNs }: EventItem): void {
    if (event.name !== 'qmp_enter_migrate_set_parameters' || timeNs === undefined) return;
    const ms = /"downtime-limit":\s*(\d+)/.exec(event.args.json)?.[1];
    if (ms === undefined) return;
    this.#ofLog.push({ ms: Number(ms), place, timeNs });
    if (this.#ofLog.length > MAX_SETTINGS) this.#ofLog.shift();
  }

  /** The last one up to this time. */
  at(timeNs: number): LimitSetting | undefined {
    let last: LimitSetting | undefined;
    for (const setting of [...this.#ofQmp(), ...this.#ofLog]) {
      if (setting.timeNs <= timeNs && setting.timeNs >= (last?.timeNs ?? setting.timeNs)) last = setting;
    }
    return last;
  }
}
