import { type Fault, WITH_FINAL } from './fault.ts';

export const lastStageFalse = {
  id: 'last-stage-false',
  title: 'The last sync is not marked',
  description: 'The sync of the final query runs with last_stage=false.',
  qemu: 'ram_save_pending',
  versions: WITH_FINAL,
  turns: { finalLastStage: false },
} as const satisfies Fault;
