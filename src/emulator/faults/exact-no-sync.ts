import { type Fault, WITH_KINDS } from './fault.ts';

export const exactNoSync = {
  id: 'exact-no-sync',
  title: 'An exact query that does not sync',
  description: 'RAM does not sync in an exact query.',
  qemu: 'ram_save_pending, up to 10.x ram_state_pending_exact',
  versions: WITH_KINDS,
  turns: { exactSync: false },
} as const satisfies Fault;
