import { type Fault, WITH_FINAL } from './fault.ts';

export const postcopySyncAgain = {
  id: 'postcopy-sync-again',
  title: 'A sync in postcopy',
  description: "RAM syncs after the package was sent, when the guest is the destination's.",
  qemu: 'postcopy_start',
  versions: WITH_FINAL,
  turns: { syncAfterPackage: true },
} as const satisfies Fault;
