import type { Fault } from './fault.ts';

export const decideOnEstimate = {
  id: 'decide-on-estimate',
  title: 'A decision on an estimate',
  description: 'An estimate at the threshold is enough for the switchover.',
  qemu: 'migration_iteration_run',
  versions: ['11.1'],
  turns: { decision: 'estimate' },
} as const satisfies Fault;
