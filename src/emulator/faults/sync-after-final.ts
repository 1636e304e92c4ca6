import { type Fault, WITH_FINAL } from './fault.ts';

export const syncAfterFinal = {
  id: 'sync-after-final',
  title: 'A sync behind the final query',
  description: 'RAM syncs once more after the final query.',
  qemu: 'migration_switchover_start',
  versions: WITH_FINAL,
  turns: { syncAfterFinal: true },
} as const satisfies Fault;
