import { type Fault, WITH_KINDS } from './fault.ts';

export const estimateSync = {
  id: 'estimate-sync',
  title: 'An estimate that syncs',
  description: 'RAM syncs in an estimate query.',
  qemu: 'ram_save_pending, up to 10.x ram_state_pending_estimate',
  versions: WITH_KINDS,
  turns: { estimateSync: true },
} as const satisfies Fault;
