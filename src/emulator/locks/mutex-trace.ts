/** The lines of one mutex: of each place they are always the same. */
import type { Band } from '../../catalog/vocabulary.ts';
import type { Line, Tracer } from '../process/tracer.ts';
import { type PlaceName, placeOf } from './places.ts';

interface Lines {
  readonly lock: Line;
  readonly locked: Line;
  readonly unlock: Line;
}

export class MutexTrace {
  readonly #tracer: Tracer;
  readonly #band: Band;
  readonly #address: string;
  readonly #lines = new Map<PlaceName, Lines>();

  constructor(tracer: Tracer, band: Band, address: string) {
    this.#tracer = tracer;
    this.#band = band;
    this.#address = address;
  }

  lock(place: PlaceName): void {
    this.#linesOf(place).lock.print();
  }

  locked(place: PlaceName): void {
    this.#linesOf(place).locked.print();
  }

  unlock(place: PlaceName): void {
    this.#linesOf(place).unlock.print();
  }

  #linesOf(place: PlaceName): Lines {
    return this.#lines.get(place) ?? this.#newLines(place);
  }

  #newLines(place: PlaceName): Lines {
    const { file, line } = placeOf(this.#band, place);
    const args = { mutex: this.#address, file, line };
    const lines = {
      lock: this.#tracer.point('qemu_mutex_lock').line(args),
      locked: this.#tracer.point('qemu_mutex_locked').line(args),
      unlock: this.#tracer.point('qemu_mutex_unlock').line(args),
    };
    this.#lines.set(place, lines);
    return lines;
  }
}
