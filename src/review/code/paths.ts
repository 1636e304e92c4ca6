/** What a run through a function does, in order, and under which conditions. */
import type { CodeLine } from './image.ts';
import type { Value } from './values.ts';

/** Whether this thread holds the BQL. */
export type Bql = 'held' | 'free' | 'unknown';

export type Op =
  | {
      readonly kind: 'call';
      readonly name: string;
      /** Through a pointer in a struct. */
      readonly indirect: boolean;
      readonly args: readonly Value[];
      readonly line: CodeLine;
      readonly bql: Bql;
    }
  | { readonly kind: 'lock' | 'unlock'; readonly before: Bql; readonly line: CodeLine }
  | {
      readonly kind: 'assign';
      /** `pending.total_bytes` */
      readonly target: string;
      readonly value: Value;
      /** `+=` */
      readonly adds: boolean;
      readonly line: CodeLine;
    }
  | {
      readonly kind: 'assert';
      readonly text: string;
      readonly is: boolean | undefined;
      readonly line: CodeLine;
      readonly bql: Bql;
    }
  | { readonly kind: 'branch'; readonly text: string; readonly is: boolean; readonly line: CodeLine }
  /** The loop over the modules, or one whose head no hunk shows, is left. */
  | { readonly kind: 'break'; readonly line: CodeLine }
  | { readonly kind: 'return'; readonly value: Value | undefined; readonly line: CodeLine; readonly depth: number }
  /** Code that no hunk shows; `leading`: above the first line of the function that was entered. */
  | { readonly kind: 'unseen'; readonly leading: boolean };

export interface Path {
  readonly ops: readonly Op[];
  /** Conditions that nothing settles, and how this path takes them. */
  readonly decisions: ReadonlyMap<string, boolean>;
  readonly bql: Bql;
  /** Ends by a return, not at the end of what is seen. */
  readonly returns: boolean;
}

export interface Paths {
  readonly paths: readonly Path[];
  /** There were too many: nothing is to be concluded. */
  readonly truncated: boolean;
}

/** What is known from outside of the function. */
export interface Scenario {
  readonly bql: Bql;
  /** Of a condition, by its text. */
  known(text: string): boolean | undefined;
  /** A parameter by its place, name and type. */
  param(name: string, index: number, type: string): boolean | undefined;
  /** A call that is kept as it is, though its body is seen. */
  isOpaque(name: string): boolean;
}
