import { type Fault, WITH_FINAL } from './fault.ts';

export const handlerDropsBql = {
  id: 'handler-drops-bql',
  title: 'A handler that lets the BQL go',
  description:
    'The pending handler of RAM releases the BQL for its sync in the final query and takes it again behind it: at the line of the query it is held.',
  qemu: 'ram_save_pending',
  versions: WITH_FINAL,
  turns: { finalSyncLock: 'dropped' },
} as const satisfies Fault;
