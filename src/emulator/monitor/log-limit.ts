/** A log of the size that was asked for: the client cancels the migration once so much is written. */
import type { Steps } from '../clock/scheduler.ts';
import type { EmissionSink } from '../emission.ts';
import type { Attempt, Machine } from '../migration/attempt.ts';
import { perform } from './commands.ts';

/** No log grows faster: a line takes some microseconds. Looked at no more often than that. */
const BYTES_PER_MICROSECOND = 100;
const LOOK_NS = 200_000;
/** What a cancelled migration has to end in. */
const PATIENCE_NS = 2e9;

export function isFull({ core }: Machine, sink: EmissionSink): boolean {
  const { logBytes } = core.config;
  return logBytes !== undefined && sink.writtenBytes >= logBytes;
}

/** It is not full before. */
function untilFullNs({ core }: Machine, sink: EmissionSink): number {
  const missing = (core.config.logBytes ?? 0) - sink.writtenBytes;
  return Math.max(LOOK_NS, Math.floor((missing / BYTES_PER_MICROSECOND) * 1000));
}

/** The log just ends where the migration can't be cancelled, as in postcopy. */
export function* cancelWhenFull(machine: Machine, sink: EmissionSink, attempts: readonly Attempt[]): Steps {
  const { core, mainLoop } = machine;
  while (!isFull(machine, sink)) yield* core.sleep(untilFullNs(machine, sink));
  const attempt = attempts.at(-1);
  if (attempt === undefined || attempt.isOver) return;
  if (!attempt.isInPostcopy) {
    mainLoop.post(() => perform(machine, attempt, { command: 'migrate-cancel', at: { afterMs: 0 } }));
    const untilNs = core.nowNs + PATIENCE_NS;
    while (!attempt.isOver && core.nowNs < untilNs) yield* core.scheduler.waitUntil(attempt.changed, untilNs);
  }
  if (!attempt.isOver) core.scheduler.stop();
}
