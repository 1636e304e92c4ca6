import { type Fault, WITH_FINAL } from './fault.ts';

export const doubleFinal = {
  id: 'double-final',
  title: 'Two final queries',
  description: 'The switchover makes two final queries.',
  qemu: 'migration_switchover_start',
  versions: WITH_FINAL,
  turns: { finals: 2 },
} as const satisfies Fault;
