import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow little between two collections, instead of to the double
 * of what is in use and more: nearly everything that is made for a line is
 * dropped at once. Tens of megabytes less, for a few percent more time.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=25');
  setFlagsFromString('--semi-space-growth-factor=1');
}
