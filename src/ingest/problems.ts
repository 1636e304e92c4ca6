/**
 * Everything that can be wrong with an input, as data: what happened and what
 * to do about it. `hole` says that lines are missing or unreadable there, so
 * that nothing may be concluded from what the log does not show.
 */
interface ProblemKind {
  readonly text: string;
  readonly hint: string;
  readonly hole: boolean;
}

export const PROBLEM_KINDS = {
  'torn-line': {
    text: 'lines broken off or overwritten in the middle',
    hint: 'give every QEMU process its own -D file; two processes on one file overwrite each other',
    hole: true,
  },
  'unknown-arguments': {
    text: 'known events whose arguments fit no known QEMU version',
    hint: 'a patched trace format is not read yet; these lines are counted, not judged',
    hole: true,
  },
  'unread-arguments': {
    text: 'events whose arguments fit no known QEMU version, none of which the replay rests on',
    hint: 'harmless: they are counted by their name',
    hole: false,
  },
  'unknown-line': {
    text: 'lines that are neither a trace event nor a message of QEMU',
    hint: 'record with -D FILE so that nothing else writes into the log',
    hole: false,
  },
  'lost-events': {
    text: 'events that the recording itself says it lost',
    hint: 'give the recorder larger buffers (buffer_size_kb, --subbuf-size), or switch on fewer events',
    hole: true,
  },
  'nul-bytes': {
    text: 'NUL bytes, left by a log that was truncated while QEMU kept writing (copytruncate)',
    hint: 'do not rotate the log with copytruncate while a migration runs',
    hole: true,
  },
  'time-backwards': {
    text: 'lines whose time stamp is earlier than that of the line before',
    hint: 'two processes on one log, or the clock was set; the order of lines is taken as the truth',
    hole: true,
  },
  'time-jitter': {
    text: 'time stamps that run backwards a little between threads: by less than 10 ms, or 1 s where each line names its thread',
    hint: 'harmless: a thread takes the time before the lock of the log; the order of lines counts',
    hole: false,
  },
  excerpt: {
    text: 'an excerpt of a log, such as a mail: lines may be left out before these places',
    hint: 'only what stands in a line is judged, never what is missing: give the whole log',
    hole: true,
  },
  prose: {
    text: 'lines of a mail that are no trace: words, headers, patches',
    hint: 'harmless: a trace line begins with its time stamp or its event, behind quote marks and blanks',
    hole: false,
  },
  'wrapped-lines': {
    text: 'lines that a mailer broke off trace lines, joined again',
    hint: 'harmless: attach the log, or send it unwrapped',
    hole: false,
  },
  'repeated-lines': {
    text: 'trace lines that an earlier mail holds already, quoted again',
    hint: 'harmless: they are read once',
    hole: false,
  },
  'two-processes': {
    text: 'events of another QEMU process in the middle of a migration',
    hint: 'give each process its own -D file; record process ids with it (ftrace: record-tgid, LTTng: context vpid)',
    hole: true,
  },
  'starts-in-the-middle': {
    text: 'the log starts in the middle of a migration: no state setup before its first event',
    hint: 'switch tracing on before the migration starts, with -trace events=FILE on the command line',
    hole: false,
  },
  'unterminated-last-line': {
    text: 'last line without a line end: QEMU was stopped while writing it, or the log is a part of a longer one',
    hint: 'harmless when the migration had ended before',
    hole: false,
  },
  'invalid-utf8': {
    text: 'lines with bytes that are not UTF-8',
    hint: 'the bytes are shown as U+FFFD; device and file names may be wrong',
    hole: false,
  },
  'overlong-line': {
    text: 'lines longer than 1 MiB, of which only the beginning was read',
    hint: 'this is not the text of the log back end; check what was given',
    hole: true,
  },
  'truncated-compression': {
    text: 'the compressed file ends early or is damaged; what could be unpacked was read',
    hint: 'compress the log again after QEMU has ended',
    hole: true,
  },
  'dropped-events': {
    text: 'events that QEMU dropped because its trace buffer was full',
    hint: 'enable fewer events, or write the trace to a faster disk',
    hole: true,
  },
  'torn-record': {
    text: 'records of the binary log cut off, overwritten, or of an event that it does not name',
    hint: 'let QEMU end before copying its trace, and give every QEMU process its own file',
    hole: true,
  },
  'undeclared-record': {
    text: 'records of the binary log whose length fits no known declaration of their event',
    hint: 'give the trace-events-all file of the very QEMU that wrote the log',
    hole: true,
  },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof PROBLEM_KINDS;

export interface Problem {
  readonly code: ProblemCode;
  readonly count: number;
  /** First line where it happened, counted from 1. */
  readonly firstLine: number;
}

export function isHole(code: ProblemCode): boolean {
  return PROBLEM_KINDS[code].hole;
}

/** Counts the problems of one input. */
export class ProblemCounter {
  readonly #problems = new Map<ProblemCode, { count: number; firstLine: number }>();

  add(code: ProblemCode, line: number, count = 1): void {
    const known = this.#problems.get(code);
    if (known === undefined) this.#problems.set(code, { count, firstLine: line });
    else known.count += count;
  }

  list(): readonly Problem[] {
    return [...this.#problems]
      .map(([code, { count, firstLine }]): Problem => ({ code, count, firstLine }))
      .sort((a, b) => a.firstLine - b.firstLine || a.code.localeCompare(b.code));
  }
}
