/**
 * Lines of a source as its threads print them, in the order of the log, and
 * the forms in which a log holds them. Nothing here reads what qtrace is made
 * of: the scenarios are independent of it.
 */
export type Thread = 'main' | 'migration' | 'return-path' | 'vcpu';

export interface Line {
  readonly thread: Thread;
  readonly text: string;
  /** Microseconds since the line before. */
  readonly gapUs: number;
}

export type Script = readonly Line[];

const GAP_US = 9;

const printedBy =
  (thread: Thread) =>
  (...texts: readonly string[]): Script =>
    texts.map((text) => ({ thread, text, gapUs: GAP_US }));

export const main = printedBy('main');
export const mig = printedBy('migration');
export const rp = printedBy('return-path');

/** So many microseconds pass before the first of these lines. */
export function after(gapUs: number, script: Script): Script {
  return script.map((line, index) => (index === 0 ? { ...line, gapUs } : line));
}

export function join(...parts: readonly Script[]): Script {
  return parts.flat();
}

const BQL = '0x56551ace07e0';

/** bql_lock(), which prints the place of its caller. */
export function lock(thread: Thread, place: string): Script {
  return printedBy(thread)(
    `qemu_mutex_lock waiting on mutex ${BQL} (${place})`,
    `qemu_mutex_locked taken mutex ${BQL} (${place})`,
  );
}

/** bql_unlock(), which always prints its own place. */
export function unlock(thread: Thread, place = 'system/cpus.c:587'): Script {
  return printedBy(thread)(`qemu_mutex_unlock released mutex ${BQL} (${place})`);
}

/** A wait on a condition gives the lock up and takes it again; others may hold it meanwhile. */
export function conditionWait(thread: Thread, place: string, meanwhile: Script = []): Script {
  return join(unlock(thread, place), meanwhile, printedBy(thread)(`qemu_mutex_locked taken mutex ${BQL} (${place})`));
}

/** What the main loop does under the BQL. */
export function mainLoop(...texts: readonly string[]): Script {
  return join(lock('main', 'util/main-loop.c:311'), main(...texts), unlock('main'));
}

export type Prefix = 'tid' | 'iso' | 'bare';

const THREADS: Readonly<Record<Thread, number>> = { main: 22903, migration: 22948, 'return-path': 22947, vcpu: 22911 };
/** 2026-11-23T01:00:00Z. */
const EPOCH = 1795395600;

export interface Stamped extends Line {
  /** Microseconds since 01:00:00. */
  readonly atUs: number;
}

export function stamp(script: Script, fromUs = 10): readonly Stamped[] {
  let atUs = fromUs;
  return script.map((line, index) => {
    if (index > 0) atUs += line.gapUs;
    return { ...line, atUs };
  });
}

export function show({ thread, text, atUs }: Stamped, prefix: Prefix): string {
  const micros = String(atUs % 1_000_000).padStart(6, '0');
  const seconds = Math.floor(atUs / 1_000_000);
  switch (prefix) {
    case 'bare':
      return text;
    case 'tid':
      return `${THREADS[thread]}@${EPOCH + seconds}.${micros}:${text}`;
    case 'iso': {
      // The fraction is left out where it is 0.
      const time = new Date((EPOCH + seconds) * 1000).toISOString().slice(0, 19);
      return `${time}${micros === '000000' ? '' : `.${micros}`}Z ${text}`;
    }
  }
}

export function log(script: Script, prefix: Prefix): readonly string[] {
  return stamp(script).map((line) => show(line, prefix));
}

/** One log per thread, as `-d tid -D src.log.%d` writes them. */
export function logPerThread(script: Script, prefix: Prefix): Readonly<Record<string, readonly string[]>> {
  const files: Record<string, string[]> = {};
  for (const line of stamp(script)) {
    const name = `src.log.${THREADS[line.thread]}`;
    files[name] = [...(files[name] ?? []), show(line, prefix)];
  }
  return files;
}

export function eventOf({ text }: Line): string {
  return text.split(' ', 1)[0] ?? '';
}

export function withoutEvent(script: Script, ...events: readonly string[]): Script {
  return keep(script, (event) => !events.includes(event));
}

/** Time goes on where lines are left out. */
export function keep(script: Script, wanted: (event: string) => boolean): Script {
  let skippedUs = 0;
  return script.flatMap((line) => {
    if (!wanted(eventOf(line))) {
      skippedUs += line.gapUs;
      return [];
    }
    const gapUs = line.gapUs + skippedUs;
    skippedUs = 0;
    return [{ ...line, gapUs }];
  });
}

/** The lines of two processes on one stderr: whole lines, by their times. */
export function interleave(prefix: Prefix, ...logs: readonly (readonly Stamped[])[]): readonly string[] {
  return logs
    .flatMap((lines, process) => lines.map((line) => ({ line, process })))
    .sort((a, b) => a.line.atUs - b.line.atUs || a.process - b.process)
    .map(({ line }) => show(line, prefix));
}

/** Without the lines from `at` on; time goes on. */
export function without(script: Script, at: number, count = 1): Script {
  const skippedUs = script.slice(at, at + count).reduce((sum, { gapUs }) => sum + gapUs, 0);
  return script
    .toSpliced(at, count)
    .map((line, index) => (index === at ? { ...line, gapUs: line.gapUs + skippedUs } : line));
}

/** The log is switched away for a while: the command and the one that brings it back are a second apart at least. */
export function switchedAway(script: Script, fromUs: number, forUs = 1e6): readonly Stamped[] {
  return stamp(script).filter(({ atUs }) => atUs < fromUs || atUs >= fromUs + forUs);
}
