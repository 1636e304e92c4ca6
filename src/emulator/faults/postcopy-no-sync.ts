import { BANDS } from '../../catalog/vocabulary.ts';
import type { Fault } from './fault.ts';

export const postcopyNoSync = {
  id: 'postcopy-no-sync',
  title: 'Postcopy without its last sync',
  description: 'The last sync of a postcopy switchover is left out.',
  qemu: 'ram_save_pending, up to 10.x ram_postcopy_send_discard_bitmap',
  versions: BANDS,
  turns: { postcopyLastSync: false },
} as const satisfies Fault;
