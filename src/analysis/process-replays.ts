/**
 * The replays of one stream. A recording of the whole host (the kernel's trace
 * buffer, SystemTap, LTTng) holds every QEMU on it: where the form shows
 * process ids, each process is replayed on its own.
 */
import type { Side } from '../catalog/vocabulary.ts';
import type { TraceItem } from '../ingest/trace-item.ts';
import type { StreamReplay } from '../replay/replay.ts';

export class ProcessReplays {
  readonly #create: () => StreamReplay;
  /** Never empty; the first one is for what shows no process. */
  readonly all: [StreamReplay, ...StreamReplay[]];
  readonly #byProcess = new Map<number, StreamReplay>();

  constructor(create: () => StreamReplay) {
    this.#create = create;
    this.all = [create()];
  }

  process(item: TraceItem): void {
    const of = item.process === undefined ? undefined : this.#of(item.process);
    if (of !== undefined) of.process(item);
    else if (this.all.length === 1) this.all[0].process(item);
    else this.#unclaimed(item);
  }

  get side(): Side | 'unknown' {
    const sides = new Set(this.all.map((replay) => replay.side));
    if (sides.has('source')) return 'source';
    return sides.has('destination') ? 'destination' : 'unknown';
  }

  #of(id: number): StreamReplay {
    const known = this.#byProcess.get(id);
    if (known !== undefined) return known;
    const first = this.#byProcess.size === 0;
    const replay = first ? this.all[0] : this.#create();
    if (!first) this.all.push(replay);
    this.#byProcess.set(id, replay);
    return replay;
  }

  /** Of several processes, and nothing tells whose it is. Damage and messages may be anybody's; an event is mixed up. */
  #unclaimed(item: TraceItem): void {
    switch (item.kind) {
      case 'event':
      case 'lock':
      case 'line-run':
      case 'other-event': {
        const { place, timeNs, thread } = item;
        for (const replay of this.all) replay.process({ kind: 'damage', code: 'two-processes', place, timeNs, thread });
        return;
      }
      case 'message':
      case 'sample':
      case 'damage':
        for (const replay of this.all) replay.process(item);
        return;
    }
  }
}
