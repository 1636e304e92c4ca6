/** Who works the monitor: starts the guest, gives each run its commands, polls, quits. */
import { type Steps, WaitQueue } from '../clock/scheduler.ts';
import type { RunConfig } from '../config.ts';
import type { EmissionSink } from '../emission.ts';
import { Attempt, type Machine } from '../migration/attempt.ts';
import { snapshotSave } from '../migration/snapshot.ts';
import { breakLink, migrate, perform, quit, setCapabilities, setParameters } from './commands.ts';
import { cancelWhenFull, isFull } from './log-limit.ts';
import { queryMigrate } from './query-migrate.ts';

export class Client {
  readonly attempts: Attempt[] = [];
  readonly #machine: Machine;
  readonly #sink: EmissionSink;
  readonly #answered = new WaitQueue();
  #isDone = false;

  constructor(machine: Machine, sink: EmissionSink) {
    this.#machine = machine;
    this.#sink = sink;
    const { core, mainLoop } = machine;
    core.scheduler.spawn(mainLoop.thread, this.#work());
    if (core.config.pollIntervalMs !== undefined) {
      core.scheduler.spawn(mainLoop.thread, this.#poll(core.config.pollIntervalMs));
    }
    if (core.config.logBytes !== undefined) {
      core.scheduler.spawn(mainLoop.thread, cancelWhenFull(machine, sink, this.attempts));
    }
  }

  *#work(): Steps {
    const { core } = this.#machine;
    yield* this.#ask(() => this.#start());
    for (const run of core.config.runs) {
      if (!isFull(this.#machine, this.#sink)) yield* this.#run(run);
    }
    yield* core.sleep(130e6);
    if (core.config.quits) yield* this.#ask(() => quit(this.#machine, this.attempts.at(-1)));
    this.#isDone = true;
    core.scheduler.stop();
  }

  *#start(): Steps {
    const { core, vm } = this.#machine;
    if (core.version.hasBlockActivation) core.tracer.event('migration_block_activation', { active: 'active' });
    yield* vm.start();
    if (!core.config.guest.running) yield* vm.stop('paused');
  }

  *#run(run: RunConfig): Steps {
    const { core } = this.#machine;
    yield* this.#ask(() => this.#prepare(run));
    yield* core.sleep(run.startsAfterMs * 1e6);
    yield* this.#ask(() => this.#begin(run));
    const attempt = this.attempts.at(-1);
    if (attempt === undefined) return;
    this.#watch(attempt);
    while (!attempt.isOver) yield* core.scheduler.wait(attempt.changed);
  }

  *#prepare({ capabilities, parameters }: RunConfig): Steps {
    const before = this.attempts.at(-1)?.run.capabilities ?? {};
    setCapabilities(this.#machine, before, capabilities);
    setParameters(this.#machine, parameters);
    yield* this.#machine.core.sleep(0);
  }

  *#begin(run: RunConfig): Steps {
    const attempt = new Attempt(this.#machine, run);
    this.attempts.push(attempt);
    yield* run.command === 'migrate' ? migrate(attempt) : snapshotSave(attempt);
  }

  #watch(attempt: Attempt): void {
    const { core, mainLoop } = this.#machine;
    for (const command of attempt.run.commands) {
      const issue = () => perform(this.#machine, attempt, command);
      core.scheduler.spawn(
        mainLoop.thread,
        this.#when(attempt, command.at, () => mainLoop.post(issue)),
      );
    }
    const givesUpAfterMs = patienceOf(attempt);
    if (givesUpAfterMs !== undefined) {
      const giveUp = () => perform(this.#machine, attempt, { command: 'migrate-cancel', at: { afterMs: 0 } });
      core.scheduler.spawn(
        mainLoop.thread,
        this.#when(attempt, { afterMs: givesUpAfterMs }, () => {
          if (canGiveUp(attempt)) mainLoop.post(giveUp);
        }),
      );
    }
    // A snapshot goes to a disk: it has no link.
    const breaks = attempt.run.command === 'migrate' ? attempt.run.channel.breaks : [];
    for (const moment of breaks) {
      core.scheduler.spawn(
        mainLoop.thread,
        this.#when(attempt, moment, () => breakLink(attempt)),
      );
    }
  }

  *#when(attempt: Attempt, moment: Parameters<Attempt['until']>[0], action: () => void): Steps {
    if (yield* attempt.until(moment)) action();
  }

  /** A command, and the wait for its answer. */
  *#ask(command: () => Steps): Steps {
    const { core, mainLoop } = this.#machine;
    const answered = this.#answered;
    let isAnswered = false;
    mainLoop.post(function* () {
      yield* command();
      isAnswered = true;
      answered.notifyAll(core.nowNs);
    });
    while (!isAnswered) yield* core.scheduler.wait(answered);
  }

  *#poll(intervalMs: number): Steps {
    const { core } = this.#machine;
    while (!this.#isDone) {
      yield* core.sleep(intervalMs * 1e6);
      const fromNs = core.nowNs;
      let answer = {};
      const attempts = this.attempts;
      yield* this.#ask(function* () {
        answer = queryMigrate(attempts.at(-1));
        core.spend(200_000);
        yield* core.sleep(0);
      });
      this.#sink.sample({ fromNs, toNs: core.nowNs, answer });
    }
  }
}

/** Behind whatever is still to happen at a time that is known. */
function patienceOf({ run, core }: Attempt): number | undefined {
  const { patienceMs, guest } = core.config;
  if (patienceMs === undefined || run.command !== 'migrate') return undefined;
  const moments = [...run.commands.map(({ at }) => at), ...run.channel.breaks];
  const planned = moments
    .filter(({ state }) => state === undefined || state === 'active')
    .map(({ afterMs }) => afterMs);
  return patienceMs + Math.max(0, ...planned, ...guest.phases.map(({ fromMs }) => fromMs));
}

/** Postcopy cannot be cancelled, and COLO is meant to go on. */
const CAN_GIVE_UP: readonly string[] = ['setup', 'active', 'pre-switchover'];

function canGiveUp({ state }: Attempt): boolean {
  return state !== undefined && CAN_GIVE_UP.includes(state);
}
