import { type Fault, WITH_FINAL } from './fault.ts';

export const noFinal = {
  id: 'no-final',
  title: 'No final query',
  description: 'The switchover makes no final query.',
  qemu: 'migration_switchover_start',
  versions: WITH_FINAL,
  turns: { finals: 0 },
} as const satisfies Fault;
