import { type Fault, WITH_FINAL } from './fault.ts';

export const finalBeforeStop = {
  id: 'final-before-stop',
  title: 'The final query before the stop',
  description: 'The final query comes where the switchover is decided, before the VM is stopped.',
  qemu: 'migration_switchover_start',
  versions: WITH_FINAL,
  turns: { finalPlace: 'decision' },
} as const satisfies Fault;
