import { type Fault, WITH_FINAL } from './fault.ts';

export const skipDirtyBytes = {
  id: 'skip-dirty-bytes',
  title: 'dirty_bytes_total is not stored',
  description: 'The final query does not store its total as dirty_bytes_total.',
  qemu: 'qemu_savevm_query_pending_final',
  versions: WITH_FINAL,
  turns: { finalStores: false },
} as const satisfies Fault;
