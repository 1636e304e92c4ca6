/** What the replay of a stream is given, and what it knows beyond one migration. */
import type { Band } from '../catalog/vocabulary.ts';
import type { ProblemCode } from '../ingest/problems.ts';
import type { Place } from '../ingest/trace-item.ts';
import type { DirtyBytesSample, StatusAnswer } from './answers.ts';
import { BqlTracker } from './bql-tracker.ts';
import { CapabilityTracker } from './capabilities.ts';
import { type LimitSetting, LimitSettings } from './limit-settings.ts';
import type { StreamContext } from './progress.ts';
import type { BqlHold, ReplaySink } from './sink.ts';

export interface ReplayOptions {
  readonly sink: Required<ReplaySink>;
  /** What the user said of the version; else it is read off the first query line. */
  readonly band: Band | undefined;
  /** Gives every migration, over all streams, its number. */
  readonly nextIndex: () => number;
  /** A problem that only the replay can see. */
  readonly note: (code: ProblemCode, place: Place) => void;
  /** Samples answered after this time of the stream's clock, in order; times of that clock. */
  readonly samplesAfter: (ns: number) => readonly DirtyBytesSample[];
  readonly answersAfter: (ns: number) => readonly StatusAnswer[];
  /** Another stream is a source, or was not read yet. */
  readonly samplesShared: () => boolean;
  /** downtime-limit as the commands of --qmp set it; times of the stream's clock. */
  readonly limits: () => readonly LimitSetting[];
  /** Reads a query-migrate answer that stands in the log. */
  readonly readSample: (json: string, place: Place, timeNs: number | undefined) => DirtyBytesSample | undefined;
}

export class Context implements StreamContext {
  readonly stream: number;
  readonly seen = new Set<string>();
  readonly bql: BqlTracker;
  readonly capabilities = new CapabilityTracker();
  readonly sink: Required<ReplaySink>;
  band: Band | undefined;
  readonly bandGiven: boolean;
  syncsShown = false;
  runstate: string | undefined;
  dirtyLogOn: Place | undefined;
  inSnapshot = false;
  readonly limits: LimitSettings;
  readonly #samplesShared: () => boolean;

  constructor(stream: number, options: ReplayOptions, emitHold: (hold: BqlHold) => void) {
    this.stream = stream;
    this.sink = options.sink;
    this.band = options.band;
    this.bandGiven = options.band !== undefined;
    this.bql = new BqlTracker(emitHold);
    this.limits = new LimitSettings(options.limits);
    this.#samplesShared = options.samplesShared;
  }

  get samplesShared(): boolean {
    return this.#samplesShared();
  }

  see(event: string): void {
    this.seen.add(event);
  }
}
