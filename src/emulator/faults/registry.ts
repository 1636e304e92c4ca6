/** The faults that can be switched on, in the order in which --list shows them. */

import { ackIgnored } from './ack-ignored.ts';
import { decideOnEstimate } from './decide-on-estimate.ts';
import { doubleFinal } from './double-final.ts';
import { estimateSync } from './estimate-sync.ts';
import { exactNoSync } from './exact-no-sync.ts';
import { finalBeforeStop } from './final-before-stop.ts';
import { finalEstimate } from './final-estimate.ts';
import { finalSkipsModule } from './final-skips-module.ts';
import { handlerDropsBql } from './handler-drops-bql.ts';
import { handlerTakesBql } from './handler-takes-bql.ts';
import { lastStageFalse } from './last-stage-false.ts';
import { lateLogClear } from './late-log-clear.ts';
import { noBql } from './no-bql.ts';
import { noBqlAssert } from './no-bql-assert.ts';
import { noFinal } from './no-final.ts';
import { postcopyNoSync } from './postcopy-no-sync.ts';
import { postcopySyncAgain } from './postcopy-sync-again.ts';
import { precopyNoSync } from './precopy-no-sync.ts';
import { queryAfterFinal } from './query-after-final.ts';
import { skipDirtyBytes } from './skip-dirty-bytes.ts';
import { syncAfterFinal } from './sync-after-final.ts';
import { wrongTotal } from './wrong-total.ts';

export const FAULTS = [
  noBql,
  noBqlAssert,
  handlerTakesBql,
  handlerDropsBql,
  noFinal,
  doubleFinal,
  finalBeforeStop,
  finalEstimate,
  precopyNoSync,
  postcopyNoSync,
  exactNoSync,
  estimateSync,
  skipDirtyBytes,
  wrongTotal,
  lastStageFalse,
  queryAfterFinal,
  syncAfterFinal,
  postcopySyncAgain,
  finalSkipsModule,
  ackIgnored,
  decideOnEstimate,
  lateLogClear,
] as const;

export type FaultId = (typeof FAULTS)[number]['id'];

export type RegisteredFault = (typeof FAULTS)[number];

/** undefined when none is called so. */
export function faultNamed(id: string): RegisteredFault | undefined {
  return FAULTS.find((fault) => fault.id === id);
}
