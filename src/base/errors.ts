/**
 * What the user can mend: a wrong option, an unreadable file. The message is
 * one sentence that says what happened, where, and what to do; exit code 2.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a Node.js system error (`ENOENT`, `EPIPE`, ...), if it is one. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** Proves to the compiler that a switch has every case. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${String(value)}`);
}
