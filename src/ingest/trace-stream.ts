/** The items of one process in order: of its one log, or merged from one log per thread. */
import { Clock } from './clock.ts';
import type { InputGroup } from './group-inputs.ts';
import type { ItemReader } from './item-reader.ts';
import { openReader } from './open-reader.ts';
import type { TraceItem } from './trace-item.ts';

export interface StreamOptions {
  readonly group: InputGroup;
  /** Index of the group's first input. */
  readonly firstInput: number;
  readonly fullDigest: boolean;
  /** Tables of trace events that were given, for binary logs. */
  readonly tables?: readonly string[];
}

/** Told how many bytes were read. */
type Tick = (bytes: number) => void | Promise<void>;

export class TraceStream {
  readonly clock: Clock;
  readonly readers: readonly ItemReader[];

  private constructor(clock: Clock, readers: readonly ItemReader[]) {
    this.clock = clock;
    this.readers = readers;
  }

  /** @throws UserError when an input can't be opened. */
  static async open({ group, firstInput, fullDigest, tables = [] }: StreamOptions): Promise<TraceStream> {
    const clock = new Clock();
    const readers: ItemReader[] = [];
    const alone = group.length === 1;
    for (const [index, { path, thread }] of group.entries()) {
      readers.push(await openReader({ path, thread, clock, fullDigest, tables, alone, input: firstInput + index }));
    }
    return new TraceStream(clock, readers);
  }

  /** Hands every item to `take`, in order. `tick` is waited for now and then. */
  async read(take: (item: TraceItem) => void, tick: Tick): Promise<void> {
    const [only, ...others] = this.readers;
    if (only === undefined) return;
    try {
      if (others.length === 0) await readOne(only, take, tick);
      else await this.#merge(take, tick);
    } finally {
      for (const reader of this.readers) reader.close();
    }
  }

  /**
   * Takes the earliest head of all logs. Within a log the order of lines is the
   * truth: a line without a stamp, or with an earlier one, follows its predecessor.
   */
  async #merge(take: (item: TraceItem) => void, tick: Tick): Promise<void> {
    const heads: { reader: ItemReader; item: TraceItem; ns: number }[] = [];
    for (const reader of this.readers) {
      const item = await reader.next();
      if (item !== undefined) heads.push({ reader, item, ns: item.timeNs ?? Number.NEGATIVE_INFINITY });
    }
    for (let count = 0; heads.length > 0; count += 1) {
      const head = heads.reduce((earliest, other) => (other.ns < earliest.ns ? other : earliest));
      take(head.item);
      const pending = head.reader.next();
      const item = pending instanceof Promise ? await pending : pending;
      if (item === undefined) heads.splice(heads.indexOf(head), 1);
      else {
        head.item = item;
        head.ns = Math.max(head.ns, item.timeNs ?? head.ns);
      }
      if (count % TICK_EVERY === TICK_EVERY - 1) {
        await breathe();
        await tick(this.readers.reduce((sum, reader) => sum + reader.bytesRead, 0));
      }
    }
  }
}

/** Lines. */
const TICK_EVERY = 16_384;

async function readOne(reader: ItemReader, take: (item: TraceItem) => void, tick: Tick): Promise<void> {
  let lines = 0;
  for (;;) {
    const pending = reader.next();
    const item = pending instanceof Promise ? await pending : pending;
    if (item === undefined) return;
    take(item);
    lines += item.kind === 'line-run' ? item.lines : 1;
    if (lines < TICK_EVERY) continue;
    lines = 0;
    await breathe();
    await tick(reader.bytesRead);
  }
}

/** Lets Node.js deliver signals: reading is synchronous, and Ctrl-C must work in the middle of it. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
