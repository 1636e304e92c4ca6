import { NOT_MINE, NOT_QEMUS, type PrefixFormat } from './format.ts';

/** The prefix is shorter; the rest of the line is not looked at. */
const LONGEST_PREFIX = 200;

/** Comments of the trace file, and what trace-cmd report prints ahead of the entries. */
const HEADING = /^#(?:[ #\t]|$)|^(?:version = \d+|cpus=\d+|CPU \d+ is empty)$/;

/**
 * `COMM-TID (TGID) [CPU] FLAGS TIME: NAME: `, of which TGID, FLAGS and CPU may
 * be missing and COMM may hold anything. TIME has no fraction when the trace
 * clock counts cycles: then the CPU must be there, so that no message of QEMU
 * is taken for an entry. trace-cmd has `print:` before the name.
 */
const ENTRY =
  /^.*?-(\d{1,10})\s+(?:\(\s*(\d{1,10}|-+)\)\s+)?(?:\[(\d{3,})\]\s+)?(?:[\w.#*]{3,8}\s+)??(\d{1,12})(?:\.(\d{6}|\d{9}))?: +(\S+?): ?(.*)/s;
const MARKER = /^(?:tracing_mark_write|(?:0x)?[0-9a-f]+$)/;
const PRINTED = /^b?(?:print|puts)$/;
/** Where the kernel knows no name for the place of the marker, it prints an address. */
const PRINTED_MARKER = /^ *(?:tracing_mark_write\S*|(?:0x)?[0-9a-f]+): /;
const EVENT = /^[a-z][a-z0-9]*_/;

/** The kernel's trace buffer, into which the ftrace back end writes its events as markers. */
export const ftrace: PrefixFormat = {
  id: 'ftrace',
  title: "ftrace back end: the kernel's trace buffer, as text or as trace-cmd report prints it",
  samples: [
    {
      line: '           <...>-13271   [000] ...1.  3929.683539: tracing_mark_write: migrate_set_state new state setup',
      rest: 'migrate_set_state new state setup',
    },
    {
      line: '      CPU 0/KVM-1234    (   1200) [001] d..2 393.000001: tracing_mark_write: migration_cleanup ',
      rest: 'migration_cleanup ',
    },
    {
      line: ' qemu-system-x86-1234  [001]  123.456789: print:                tracing_mark_write: migration_cleanup ',
      rest: 'migration_cleanup ',
    },
  ],
  read(bytes, start, end, stamp) {
    const head = bytes.toString('latin1', start, Math.min(end, start + LONGEST_PREFIX));
    stamp.cpu = undefined;
    if (HEADING.test(head)) return NOT_QEMUS;
    const match = ENTRY.exec(head);
    if (match === null) return NOT_MINE;
    const [whole, thread = '', tgid = '', cpu, seconds = '', fraction, name = '', behind = ''] = match;
    if (cpu === undefined && fraction === undefined) return NOT_MINE;
    if (cpu !== undefined) stamp.cpu = Number(cpu);
    const skipped = PRINTED.test(name) ? PRINTED_MARKER.exec(behind)?.[0] : MARKER.test(name) ? '' : undefined;
    if (skipped === undefined || !EVENT.test(behind.slice(skipped.length))) return NOT_QEMUS;
    stamp.thread = Number(thread);
    stamp.process = /^\d/.test(tgid) ? Number(tgid) : undefined;
    stamp.sinceEpoch = false;
    // Cycles of an unknown clock are an order, no time.
    stamp.seconds = fraction === undefined ? undefined : Number(seconds);
    stamp.nanos = Number((fraction ?? '').padEnd(9, '0'));
    return start + whole.length - behind.length + skipped.length;
  },
};
