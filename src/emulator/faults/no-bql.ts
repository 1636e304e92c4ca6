import { type Fault, WITH_FINAL } from './fault.ts';

export const noBql = {
  id: 'no-bql',
  title: 'The final query without the BQL',
  description: 'The BQL is released before the final query, and nobody asserts that it is held.',
  qemu: 'qemu_savevm_query_pending_final',
  versions: WITH_FINAL,
  turns: { finalLock: 'released' },
} as const satisfies Fault;
