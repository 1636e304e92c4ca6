/** How a line that is no event of the catalogue is told apart. All patterns see the text behind the prefix. */
import type { Side } from '../catalog/vocabulary.ts';

/** Names of trace events: every one that QEMU's migration code prints has an underscore. */
const EVENT_NAME = /^[a-z][a-z0-9]*_[a-z0-9_]*(?= |$)/;

/** What QEMU, GLib and the C library print about errors. */
const MESSAGE =
  /^\*\*$|^(?:Bail out! )?(?:ERROR|WARNING|CRITICAL):|^[^ ]*qemu[^ ]*: |^(?:\S+ )?qemu-system-[a-z0-9_]+: |^(?:warning|info|error): |^\(process:|assertion failed|Assertion .* failed|^\(qemu\)|^char device |^VNC server |^QEMU \d/i;

/**
 * Pieces of trace lines: what is left when two processes overwrite each other. Arguments have names in small letters;
 * the registers that `-d int,cpu_reset` prints have them in capitals.
 */
const FRAGMENT =
  /[a-z]\w{0,40}=\S|section_id|^[0-9.:TZ-]+ |\d\d:\d\d:\d\d|^\w*_\w+|^\d+, |tracing_mark_write: |\d@\d{9}|\}, \{|\w = [^ ,]+ \}/;

/** A time stamp and an event's name in the middle of a line: another line was written over this one. */
const STAMP_INSIDE =
  /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z [a-z_]|\d+@\d{9,}(?:\.\d{6}:|\d{9} )[a-z_]|tracing_mark_write: [a-z]/;

/** Marks in a file that holds what both sides printed on stderr: whose lines follow. */
const SECTION = /^== (src|dst)$/;

/** Where someone has shortened a log by hand. */
const SNIP = /^\s*(?:\[ ?(?:\.{2,}|\u2026|snip(?:ped)?) ?\]|<snip>|-*8<-*|\.\.\.)\s*$/i;

export function eventNameOf(text: string): string | undefined {
  return EVENT_NAME.exec(text)?.[0];
}

export function isMessage(text: string): boolean {
  return MESSAGE.test(text);
}

export function isFragment(text: string): boolean {
  return FRAGMENT.test(text);
}

export function isSnip(text: string): boolean {
  return SNIP.test(text);
}

export function hasStampInside(text: string): boolean {
  // Nearly every line has neither, and this is asked of every line.
  return (text.includes('Z ') || text.includes('@') || text.includes('_write: ')) && STAMP_INSIDE.test(text);
}

export function sectionOf(text: string): Side | undefined {
  const side = SECTION.exec(text)?.[1];
  return side === undefined ? undefined : side === 'src' ? 'source' : 'destination';
}

const LOCK_LINE = /^(?:waiting on|taken|released) mutex (0x[0-9a-f]+) \(((.+):\d+)\)$/;

/** The parts of a mutex event's arguments, undefined when the line is torn. */
export function parseLockArgs(rest: string): { mutex: string; file: string; site: string } | undefined {
  const match = LOCK_LINE.exec(rest);
  if (match === null) return undefined;
  const [, mutex = '', site = '', file = ''] = match;
  return { mutex, file, site };
}

export function countNuls(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\0'); at >= 0; at = text.indexOf('\0', at + 1)) count += 1;
  return count;
}
