/**
 * What must not stay behind when the process is interrupted, such as half a
 * database. The process still dies by the signal, so that the caller sees why.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const cleanups = new Set<() => void>();

/** Runs `cleanup` before the process ends by a signal, an uncaught exception or exit(); returns how to take it back. */
export function onInterrupt(cleanup: () => void): () => void {
  if (cleanups.size === 0) listen();
  cleanups.add(cleanup);
  return () => {
    cleanups.delete(cleanup);
    if (cleanups.size === 0) unlisten();
  };
}

function listen(): void {
  for (const signal of SIGNALS) process.on(signal, dieBy);
  process.on('exit', runCleanups);
}

function unlisten(): void {
  for (const signal of SIGNALS) process.off(signal, dieBy);
  process.off('exit', runCleanups);
}

function dieBy(signal: NodeJS.Signals): void {
  runCleanups();
  unlisten();
  // With no listener left, the signal does what it does by default.
  process.kill(process.pid, signal);
}

function runCleanups(): void {
  for (const cleanup of [...cleanups]) cleanup();
  cleanups.clear();
}
