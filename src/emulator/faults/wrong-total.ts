import { type Fault, WITH_FINAL } from './fault.ts';

export const wrongTotal = {
  id: 'wrong-total',
  title: 'A total that is no sum',
  description: 'The total counts the bytes of RAM twice.',
  qemu: 'qemu_savevm_query_pending',
  versions: WITH_FINAL,
  turns: { total: 'ram-twice' },
} as const satisfies Fault;
