/** error_report(): what QEMU writes on stderr besides its trace. */
import type { Attempt } from './attempt.ts';

export function reportStderr({ core }: Attempt, text: string): void {
  core.tracer.message(`qemu-system-x86_64: ${text}`);
}
