/** All functions that one side of the series shows, by name. */
import type { PatchFile, Series } from '../series.ts';
import { type FileText, type FunctionText, readFunctions } from './functions.ts';
import { chunksOf, isCode, type Side } from './image.ts';
import { type Block, parseBody, parseTokens } from './statements.ts';
import type { Macro } from './tokens.ts';

export interface FunctionCode {
  readonly text: FunctionText;
  readonly body: Block;
  readonly patch: number;
  readonly file: number;
  readonly path: string;
}

export interface MacroCode {
  readonly macro: Macro;
  readonly body: Block;
}

export interface FileCode {
  readonly patch: number;
  readonly file: number;
  readonly path: string;
  readonly text: FileText;
}

export interface Program {
  readonly functions: ReadonlyMap<string, FunctionCode>;
  readonly macros: ReadonlyMap<string, MacroCode>;
  readonly budget: Budget;
}

/** Statements that may still be run for the whole series: a hostile one ends too. */
export interface Budget {
  steps: number;
  /** `path name` of the functions that it did not reach to the end of. */
  readonly unjudged: Set<string>;
}

export const budget = (): Budget => ({ steps: 400_000, unjudged: new Set() });

/** One side of every file of the series. */
export function programOf(series: Series, side: Side): readonly FileCode[] {
  return series.patches.flatMap((patch, number) =>
    patch.files.flatMap((file, index) => (isCode(file.path) ? [fileCode(file, number, index, side)] : [])),
  );
}

function fileCode(file: PatchFile, patch: number, index: number, side: Side): FileCode {
  const old = readFunctions(chunksOf(file, patch, index, 'old'));
  const text = side === 'old' ? old : readFunctions(chunksOf(file, patch, index, 'new'), old);
  return { patch, file: index, path: file.path, text };
}

const bodies = new WeakMap<FunctionText, Block>();

/** Each patch of a series links the same functions again. */
function bodyOf(text: FunctionText): Block {
  const known = bodies.get(text) ?? parseBody(text);
  bodies.set(text, known);
  return known;
}

/** Of a function that several files show, the last one counts. */
export function link(files: readonly FileCode[], left: Budget): Program {
  const functions = new Map<string, FunctionCode>();
  const macros = new Map<string, MacroCode>();
  for (const { text, patch, file, path } of files) {
    for (const one of text.functions) functions.set(one.name, { text: one, body: bodyOf(one), patch, file, path });
    for (const macro of text.macros) macros.set(macro.name, { macro, body: parseTokens(macro.body) });
  }
  return { functions, macros, budget: left };
}
