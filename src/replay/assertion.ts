import type { Place } from '../ingest/trace-item.ts';
import type { AssertionFailure } from './run.ts';

/** GLib's g_assert: `ERROR:../migration/savevm.c:1794:FUNCTION: assertion failed: (EXPRESSION)`. */
const GLIB = /ERROR:[^ ]*:(\w+): assertion failed: \((.*)\)$/;
/** C's assert: `qemu-system-x86_64: ../migration/savevm.c:1794: FUNCTION: Assertion `EXPRESSION' failed.` */
const LIBC = /: (?:[\w* ]*\b)?(\w+)(?:\([^)]*\))?: Assertion [`']([^']*)' failed/;

/** The assertion failure that a message reports, if it reports one. */
export function parseAssertion(message: string, place: Place): AssertionFailure | undefined {
  const match = GLIB.exec(message.trimEnd()) ?? LIBC.exec(message);
  if (match === null) return undefined;
  const [, name = '', expression = ''] = match;
  return { function: name, expression, place };
}
