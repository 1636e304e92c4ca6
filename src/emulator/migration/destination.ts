/** What the destination sends back, and when. */
import { PACKAGE_PING } from '../channel/return-path.ts';
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';

const PONG_NS = 250_000;
/** Between the page requests of a guest that runs into missing pages. */
const REQUEST_MIN_NS = 200_000;
const REQUEST_MAX_NS = 1_800_000;

/** A ping in the package is answered when the devices before it are loaded. */
export function answerPing(attempt: Attempt, value: number): void {
  const { returnPath, core, run } = attempt;
  const { latencyUs, loadMs } = run.channel;
  const loads = value === 3 || value === PACKAGE_PING;
  const extra = loads ? loadMs * 1e6 + (value === PACKAGE_PING ? 400_000 : 0) : core.random.between(0, PONG_NS);
  returnPath?.deliver({ kind: 'pong', value }, latencyUs * 2000 + PONG_NS + extra);
}

/** It shuts the return path down once it has loaded everything. */
export function shutWhenLoaded(attempt: Attempt): void {
  const { run, returnPath, core } = attempt;
  const ms = attempt.isPostcopyBegun ? 0.4 : run.channel.loadMs;
  returnPath?.deliver({ kind: 'shut' }, run.channel.latencyUs * 2000 + ms * 1e6 * core.random.between(0.9, 1.4));
}

/** The guest runs on the destination and asks for pages that it lacks. */
export function* requestPages(attempt: Attempt): Steps {
  const { core, ram, run, vm } = attempt;
  yield* core.sleep(run.channel.loadMs * 1e6);
  const busy = core.config.guest.dirtyRateBytesPerSecond > 0 ? 1 : 10;
  for (;;) {
    yield* core.sleep(core.random.between(REQUEST_MIN_NS, REQUEST_MAX_NS) * busy);
    if (attempt.isOver || attempt.state === 'completed') return;
    if (attempt.state === 'postcopy-paused') return;
    const page = ram.pages.workingPage(core.random.whole(0, Math.max(0, vm.memory.workingPages - 1)));
    if (page === undefined) return;
    attempt.returnPath?.deliver({ kind: 'request', page }, run.channel.latencyUs * 1000);
  }
}
