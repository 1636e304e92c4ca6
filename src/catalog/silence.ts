/** Nanoseconds. A migration's loop asks every 100 ms: where it seems not to for so long, it is over, or the log was switched away. */
export const SILENT_NS = 500e6;
