/** The state of one run through a function, and what becomes of it. */
import type { CodeLine } from './image.ts';
import type { Bql, Op, Path } from './paths.ts';
import { symbolOf, truth, truthOf, type Value } from './values.ts';

interface OpList {
  readonly op: Op;
  readonly before: OpList | undefined;
}

export type End =
  | { readonly kind: 'return'; readonly value: Value | undefined }
  | { readonly kind: 'goto'; readonly label: string }
  | { readonly kind: 'break' | 'continue'; readonly line: CodeLine };

export interface Frame {
  readonly env: ReadonlyMap<string, Value>;
  readonly outer: Frame | undefined;
}

export interface State {
  env: Map<string, Value>;
  outer: Frame | undefined;
  memory: Map<string, Value>;
  versions: Map<string, number>;
  decisions: Map<string, boolean>;
  ops: OpList | undefined;
  bql: Bql;
  /** Locks that the end of their block gives back. */
  scoped: number;
  ended: End | undefined;
}

export interface Outcome {
  readonly state: State;
  readonly value: Value;
}

export function push(state: State, op: Op): void {
  state.ops = { op, before: state.ops };
}

export function lock(state: State, line: CodeLine | undefined): void {
  if (line !== undefined) push(state, { kind: 'lock', before: state.bql, line });
  state.bql = 'held';
}

export function unlock(state: State, line: CodeLine | undefined): void {
  if (line !== undefined) push(state, { kind: 'unlock', before: state.bql, line });
  state.bql = 'free';
}

export function leaveLoop(state: State): State {
  if (state.ended?.kind === 'break') push(state, { kind: 'break', line: state.ended.line });
  if (state.ended?.kind === 'break' || state.ended?.kind === 'continue') state.ended = undefined;
  return state;
}

export function negate({ state, value }: Outcome, negated: boolean): Outcome {
  return { state, value: truth((truthOf(value) === true) !== negated) };
}

/** What a callee may have written. */
export function changeMembers(arg: Value, state: State): void {
  const place = symbolOf(arg);
  if (place === undefined) return;
  state.versions.set(place, (state.versions.get(place) ?? 0) + 1);
  for (const key of state.memory.keys()) if (key.startsWith(`${place}.`)) state.memory.delete(key);
}

export function fork(state: State): State {
  return {
    ...state,
    env: new Map(state.env),
    memory: new Map(state.memory),
    versions: new Map(state.versions),
    decisions: new Map(state.decisions),
  };
}

export function pathOf(state: State): Path {
  const ops: Op[] = [];
  for (let at = state.ops; at !== undefined; at = at.before) ops.push(at.op);
  return { ops: ops.reverse(), decisions: state.decisions, bql: state.bql, returns: state.ended?.kind === 'return' };
}
