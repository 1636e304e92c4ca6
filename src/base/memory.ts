/** So many migrations in one log are many: of those behind them less is kept of each, for what they keep adds up. */
export const MANY_MIGRATIONS = 8;

/**
 * Nearly nothing outlives the line that it was made for, so a collection has
 * little to do: sharing that out among threads costs more than doing it.
 */
export async function collectAlone(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--no-parallel-scavenge');
}

/**
 * Lets the heap grow little between two collections, instead of to the double
 * of what is in use and more: nearly everything that is made for a line is
 * dropped at once. Tens of megabytes less, for a few percent more time.
 */
export async function keepHeapSmall(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--heap-growing-percent=50');
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** Bytes: a heap that a large input has made grow. */
const GROWN = 40_000_000;

/**
 * Gives back what the reading of a large input has left, before the libraries that draw come into memory. It takes two
 * collections: the first one empties the space for what is new, the second one makes it small.
 */
export async function giveBack(): Promise<void> {
  const { getHeapStatistics, setFlagsFromString } = await import('node:v8');
  if (getHeapStatistics().total_heap_size < GROWN) return;
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return;
  collect();
  collect();
}
