import { type Fault, WITH_FINAL } from './fault.ts';

export const finalSkipsModule = {
  id: 'final-skips-module',
  title: 'A module is left out',
  description: 'Modules besides RAM report nothing in the final query; without any, RAM reports nothing.',
  qemu: 'qemu_savevm_query_pending_final',
  versions: WITH_FINAL,
  turns: { finalModules: 'not-all' },
} as const satisfies Fault;
