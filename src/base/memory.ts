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
