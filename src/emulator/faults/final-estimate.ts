import { type Fault, WITH_FINAL } from './fault.ts';

export const finalEstimate = {
  id: 'final-estimate',
  title: 'A final query that estimates',
  description: 'The final query asks the handlers for an estimate, so that nothing syncs.',
  qemu: 'qemu_savevm_query_pending_final',
  versions: WITH_FINAL,
  turns: { finalKind: 'estimate' },
} as const satisfies Fault;
