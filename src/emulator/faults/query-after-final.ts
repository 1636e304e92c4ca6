import { type Fault, WITH_FINAL } from './fault.ts';

export const queryAfterFinal = {
  id: 'query-after-final',
  title: 'A query behind the final one',
  description: 'One more query, an estimate, follows the final one.',
  qemu: 'migration_switchover_start',
  versions: WITH_FINAL,
  turns: { queryAfterFinal: true },
} as const satisfies Fault;
