import { bare } from './bare.ts';
import type { PrefixFormat } from './format.ts';
import { iso } from './iso.ts';
import { tid } from './tid.ts';

/** In the order in which they are tried on each line. */
export const PREFIX_FORMATS: readonly PrefixFormat[] = [iso, tid, bare];
