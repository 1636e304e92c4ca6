/** The stretches of a migration, for the report. Judging is never based on them. */
import type { Moment, Phase } from './run.ts';

const MAX_PHASES = 500;

export class PhaseTracker {
  readonly #phases: Phase[] = [];
  #name: string | undefined;
  #start: Moment | undefined;

  enter(name: string, at: Moment): void {
    if (name === this.#name) return;
    this.close(at);
    this.#name = name;
    this.#start = at;
  }

  close(at: Moment): void {
    if (this.#name === undefined || this.#start === undefined) return;
    if (this.#phases.length < MAX_PHASES) {
      this.#phases.push({
        name: this.#name,
        startNs: this.#start.ns,
        endNs: at.ns,
        startLine: this.#start.place.line,
        endLine: at.place.line,
        input: this.#start.place.input,
      });
    }
    this.#name = undefined;
  }

  get current(): string | undefined {
    return this.#name;
  }

  get list(): readonly Phase[] {
    return this.#phases;
  }
}
