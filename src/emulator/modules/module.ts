/** A registered savevm entry with live state, as the migration's core calls it. */

import type { Stream } from '../channel/stream.ts';
import { Done, type Steps } from '../clock/scheduler.ts';
import type { Vm } from '../guest/vm.ts';
import type { Core } from '../process/core.ts';
import type { Capability, Parameter } from '../settings.ts';

export type QueryKind = 'estimate' | 'exact' | 'final';

/** Bytes that modules report to a query; `acks`: switchover acks they ask for. */
export interface Pending {
  precopy: number;
  stopcopy: number;
  postcopy: number;
  acks: number;
}

/** A query's answer. */
export interface Answer extends Pending {
  total: number;
}

/** What a module sees of its migration. */
export interface Transfer {
  readonly core: Core;
  readonly vm: Vm;
  readonly stream: Stream;
  readonly capabilities: Readonly<Record<Capability, boolean>>;
  readonly parameters: Readonly<Record<Parameter, number>>;
  readonly bandwidthBytesPerSecond: number;
  readonly isInPostcopy: boolean;
  readonly isInColo: boolean;
  readonly isBackgroundSnapshot: boolean;
  /** Bytes that may be left for the switchover. */
  readonly thresholdBytes: number;
  rateExceeded(): boolean;
  /** A device has sent what the destination acknowledges with a switchover ack. */
  initialDataSent(): void;
}

/** What iterate and complete return: 1 nothing left, 0 more to come, below 0 an error. */
export type SaveResult = number;

export interface Module {
  /** Name of its sections. */
  readonly name: string;
  readonly sectionId: number;
  readonly isActive: boolean;
  /** Its iterate handler takes part in this round. */
  readonly iterates: boolean;
  /** It may be sent after the switchover; else it is complete with it. */
  readonly isPostcopiable: boolean;
  /** Of a device that query-migrate counts apart. */
  readonly deviceBytesSent?: number;
  setup(): Steps;
  /** Adds what is pending. */
  pending(kind: QueryKind, sum: Pending): Steps;
  iterate(): Steps<SaveResult>;
  /** The VM is stopped, or postcopy ends: the rest. */
  complete(): Steps<SaveResult>;
  cleanup(): void;
}

/** EIO, as handlers return it. */
export const IO_ERROR = -5;

const NOTHING_LEFT: Steps<SaveResult> = new Done(1);
const MORE_LEFT: Steps<SaveResult> = new Done(0);
const FAILED: Steps<SaveResult> = new Done(IO_ERROR);

/** For a handler that had nothing to wait for. */
export function savedAtOnce(result: SaveResult): Steps<SaveResult> {
  if (result < 0) return FAILED;
  return result === 0 ? MORE_LEFT : NOTHING_LEFT;
}
