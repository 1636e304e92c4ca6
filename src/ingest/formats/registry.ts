import { bare } from './bare.ts';
import type { PrefixFormat } from './format.ts';
import { ftrace } from './ftrace.ts';
import { iso } from './iso.ts';
import { lttng } from './lttng.ts';
import { simpletrace } from './simpletrace.ts';
import { stap } from './stap.ts';
import { tid } from './tid.ts';

/** In the order in which they are tried on each line. */
export const PREFIX_FORMATS: readonly PrefixFormat[] = [iso, tid, bare];

/** Forms of other back ends: tried on the lines that hold no event of the log back end, in this order. */
export const OTHER_FORMATS: readonly PrefixFormat[] = [ftrace, stap, lttng, simpletrace];
