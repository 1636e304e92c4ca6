import { type Fault, WITH_FINAL } from './fault.ts';

export const lateLogClear = {
  id: 'late-log-clear',
  title: 'The dirty log is cleared in the blackout',
  description: 'The last round of RAM clears the dirty log of what it sends, though no sync follows.',
  qemu: 'migration_bitmap_clear_dirty',
  versions: WITH_FINAL,
  turns: { lastRoundClears: true },
} as const satisfies Fault;
