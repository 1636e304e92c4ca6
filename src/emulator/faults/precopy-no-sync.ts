import { BANDS } from '../../catalog/vocabulary.ts';
import type { Fault } from './fault.ts';

export const precopyNoSync = {
  id: 'precopy-no-sync',
  title: 'Precopy without its last sync',
  description: 'The last sync of a precopy switchover is left out.',
  qemu: 'ram_save_pending, up to 10.x ram_save_complete',
  versions: BANDS,
  turns: { precopyLastSync: false },
} as const satisfies Fault;
