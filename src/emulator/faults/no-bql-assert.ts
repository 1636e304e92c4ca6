import { type Fault, WITH_FINAL } from './fault.ts';

export const noBqlAssert = {
  id: 'no-bql-assert',
  title: 'The final query without the BQL, noticed',
  description: 'The BQL is released before the final query, which asserts that it is held: the process aborts.',
  qemu: 'qemu_savevm_query_pending_final',
  versions: WITH_FINAL,
  turns: { finalLock: 'asserted' },
} as const satisfies Fault;
