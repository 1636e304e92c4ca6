/** A log of the size that was asked for: the client cancels the migration once so much is written. */
import type { Steps } from '../clock/scheduler.ts';
import type { EmissionSink } from '../emission.ts';
import type { Attempt, Machine } from '../migration/attempt.ts';
import { perform } from './commands.ts';

const LOOK_NS = 2e6;
/** What a cancelled migration has to end in. */
const PATIENCE_NS = 2e9;

export function isFull({ core }: Machine, sink: EmissionSink): boolean {
  const { logBytes } = core.config;
  return logBytes !== undefined && sink.writtenBytes >= logBytes;
}

/** The log just ends where the migration can't be cancelled, as in postcopy. */
export function* cancelWhenFull(machine: Machine, sink: EmissionSink, attempts: readonly Attempt[]): Steps {
  const { core, mainLoop } = machine;
  while (!isFull(machine, sink)) yield* core.sleep(LOOK_NS);
  const attempt = attempts.at(-1);
  if (attempt === undefined || attempt.isOver) return;
  if (!attempt.isInPostcopy) {
    mainLoop.post(() => perform(machine, attempt, { command: 'migrate-cancel', at: { afterMs: 0 } }));
    const untilNs = core.nowNs + PATIENCE_NS;
    while (!attempt.isOver && core.nowNs < untilNs) yield* core.scheduler.waitUntil(attempt.changed, untilNs);
  }
  if (!attempt.isOver) core.scheduler.stop();
}
