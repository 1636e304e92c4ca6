/** What a fault is: a name, words for --list, and the points where the code goes another way. */
import type { Band } from '../../catalog/vocabulary.ts';
import type { CodePath } from './code-path.ts';

export interface Fault {
  /** The file's name, and the one for --fault. */
  readonly id: string;
  readonly title: string;
  /** What the code does wrong: sentences. */
  readonly description: string;
  /** The function of QEMU whose code it is. */
  readonly qemu: string;
  /** The versions whose code has the place. */
  readonly versions: readonly Band[];
  /** Changes the path of the code, never what is printed. */
  readonly turns: Partial<CodePath>;
}

/** Versions that make a final query. */
export const WITH_FINAL = ['11.1', 'thread'] as const;

/** Versions that tell estimates from exact queries. */
export const WITH_KINDS = ['10.0', '11.1', 'thread'] as const;
