import { type Fault, WITH_FINAL } from './fault.ts';

export const handlerTakesBql = {
  id: 'handler-takes-bql',
  title: 'A handler that locks the BQL again',
  description:
    'The pending handler of RAM locks the BQL also in the final query, whose caller holds it: bql_lock() aborts.',
  qemu: 'ram_save_pending',
  versions: WITH_FINAL,
  turns: { finalSyncLock: 'handler' },
} as const satisfies Fault;
