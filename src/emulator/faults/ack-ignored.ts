import type { Fault } from './fault.ts';

export const ackIgnored = {
  id: 'ack-ignored',
  title: 'Switchover acks are ignored',
  description:
    'Switchover acks that the final query collects do not fail the migration. Each VFIO device asks for one.',
  qemu: 'migration_switchover_start',
  versions: ['11.1'],
  turns: { acksFail: false, deviceAsksAgain: true },
} as const satisfies Fault;
