/** Evaluates expressions on the paths of a run: conditions split it, calls of what is seen are entered. */
import { type Expr, textOf } from './expressions.ts';
import type { CodeLine } from './image.ts';
import type { Scenario } from './paths.ts';
import type { Program } from './program.ts';
import { changeMembers, fork, lock, negate, type Outcome, push, type State, unlock } from './state.ts';
import type { Block } from './statements.ts';
import { add, constant, symbol, symbolOf, truth, truthOf, type Value, valueText } from './values.ts';

const MAX_DEPTH = 6;
const LOCKS = /^(?:bql_lock|qemu_mutex_lock_iothread)(?:_impl)?$/;
const UNLOCKS = /^(?:bql_unlock|qemu_mutex_unlock_iothread)$/;
const LOCKED = /^(?:bql_locked|qemu_mutex_iothread_locked|bql_held|qemu_in_main_thread_or_bql)$/;
const ASSERTS = /^(?:g_)?assert(?:_true)?$/;
/** What hands its argument through. */
const TRANSPARENT =
  /^(?:likely|unlikely|qatomic_(?:read|load_acquire|rcu_read)|atomic_read|stat64_get|READ_ONCE|bool)$/;
const STORES = /^(?:stat64_set|qatomic_(?:set|store_release|set_u64|set_i64)|atomic_set)$/;

const IS_BQL = /\bbql\b|\biothread_lock\b|\bbig_lock\b/i;

/** A guard of the BQL, by its name or its argument. */
export const isBqlGuard = (name: string, args: string): boolean => IS_BQL.test(`${name} ${args}`.replaceAll('_', ' '));

export class Evaluator {
  /** The functions that are entered, outermost first. */
  readonly stack: string[] = [];
  /** Of the statement that runs. */
  line: CodeLine | undefined;
  readonly #program: Program;
  readonly #scenario: Scenario;
  readonly #runBody: (body: Block, from: readonly State[]) => readonly State[];

  constructor(
    program: Program,
    scenario: Scenario,
    runBody: (body: Block, from: readonly State[]) => readonly State[],
  ) {
    this.#program = program;
    this.#scenario = scenario;
    this.#runBody = runBody;
  }

  evaluate(expr: Expr, state: State): readonly Outcome[] {
    switch (expr.kind) {
      case 'name':
        return [{ state, value: this.#name(expr.name, state) }];
      case 'number':
        return [{ state, value: numberOf(expr.text) }];
      case 'string':
        return [{ state, value: symbol(expr.text) }];
      case 'other':
        return [{ state, value: { kind: 'unknown', text: expr.text } }];
      case 'member':
        return [{ state, value: this.#load(this.#place(expr, state), state) }];
      case 'call':
        return this.#call(expr, state);
      case 'unary':
        return this.#unary(expr, state);
      case 'binary':
        return this.#binary(expr, state);
      case 'assign':
        return this.#assign(expr, state);
      case 'choice':
        return this.decide(expr.condition, state).flatMap(({ state: one, value }) =>
          this.evaluate(truthOf(value) === true ? expr.yes : expr.no, one),
        );
    }
  }

  #name(name: string, state: State): Value {
    const local = state.env.get(name);
    if (local !== undefined) return local;
    if (name === 'true' || name === 'TRUE') return truth(true);
    if (name === 'false' || name === 'FALSE') return truth(false);
    if (name === 'NULL') return constant(0);
    const known = this.#scenario.known(name);
    return known === undefined ? symbol(name) : truth(known);
  }

  /** The name of what is stored there: `pending.total_bytes`, whatever the local pointer is called. */
  #place(expr: Expr, state: State): string {
    switch (expr.kind) {
      case 'name': {
        const value = state.env.get(expr.name);
        return (value === undefined ? undefined : symbolOf(value)) ?? expr.name;
      }
      case 'member':
        return `${this.#place(expr.of, state)}.${expr.name}`;
      case 'unary':
        return this.#place(expr.of, state);
      case 'call':
      case 'number':
      case 'string':
      case 'binary':
      case 'assign':
      case 'choice':
      case 'other':
        return textOf(expr);
    }
  }

  #load(place: string, state: State): Value {
    const stored = state.memory.get(place);
    if (stored !== undefined) return stored;
    const known = this.#scenario.known(place);
    if (known !== undefined) return truth(known);
    const version = state.versions.get(place.slice(0, place.lastIndexOf('.'))) ?? 0;
    return symbol(version === 0 ? place : `${place}@${version}`);
  }

  #unary(expr: Extract<Expr, { kind: 'unary' }>, state: State): readonly Outcome[] {
    switch (expr.op) {
      case '!':
        return this.decide(expr.of, state).map(({ state: one, value }) => ({
          state: one,
          value: truth(truthOf(value) !== true),
        }));
      case '-':
        return this.evaluate(expr.of, state).map(({ state: one, value }) => ({
          state: one,
          value: add(constant(0), value, -1),
        }));
      case '++':
      case '--': {
        const place = this.#place(expr.of, state);
        const value = add(this.#load(place, state), constant(1), expr.op === '++' ? 1 : -1);
        this.#store(expr.of, value, state);
        return [{ state, value }];
      }
      default:
        return this.evaluate(expr.of, state);
    }
  }

  #binary(expr: Extract<Expr, { kind: 'binary' }>, state: State): readonly Outcome[] {
    const { op, left, right } = expr;
    if (op === '&&' || op === '||') {
      return this.decide(left, state).flatMap(({ state: one, value }) => {
        const is = truthOf(value) === true;
        if (is === (op === '||')) return [{ state: one, value: truth(is) }];
        return this.decide(right, one);
      });
    }
    return this.evaluate(left, state).flatMap(({ state: one, value: a }) =>
      this.evaluate(right, one).flatMap(({ state: two, value: b }): readonly Outcome[] => {
        if (/^(?:==|!=|<|>|<=|>=)$/.test(op)) return this.#compare(op, a, b, two);
        if (op === '+') return [{ state: two, value: add(a, b, 1) }];
        if (op === '-') return [{ state: two, value: add(a, b, -1) }];
        if (op === ',') return [{ state: two, value: b }];
        return [{ state: two, value: this.#other(op, a, b) }];
      }),
    );
  }

  #other(op: string, a: Value, b: Value): Value {
    const [x, y] = [truthOf(a), truthOf(b)];
    if (x !== undefined && y !== undefined && (op === '&' || op === '|')) return truth(op === '&' ? x && y : x || y);
    const text = `${valueText(a)} ${op} ${valueText(b)}`;
    const known = this.#scenario.known(text);
    return known === undefined ? symbol(text) : truth(known);
  }

  #compare(op: string, a: Value, b: Value, state: State): readonly Outcome[] {
    if (op === '==' || op === '!=') return this.#equal(a, b, state, op === '!=');
    const [x, y] = op === '<' || op === '>=' ? [a, b] : [b, a];
    const negated = op === '<=' || op === '>=';
    return this.decideKey(`${valueText(x)} < ${valueText(y)}`, state).map((outcome) => negate(outcome, negated));
  }

  #equal(a: Value, b: Value, state: State, negated: boolean): readonly Outcome[] {
    const [x, y] = [truthOf(a), truthOf(b)];
    if (x !== undefined && y !== undefined) {
      const same = a.kind === 'sum' && b.kind === 'sum' ? a.constant === b.constant : x === y;
      return [{ state, value: truth(same !== negated) }];
    }
    // x == false, x != 0, x == NULL
    const other = x === undefined ? a : b;
    const fixed = x === undefined ? b : a;
    const is = truthOf(fixed);
    if (is !== undefined && (fixed.kind === 'bool' || !is)) {
      return this.decideKey(valueText(other), state).map((outcome) => negate(outcome, is === negated));
    }
    const texts = [valueText(a), valueText(b)].sort();
    return this.decideKey(texts.join(' == '), state).map((outcome) => negate(outcome, negated));
  }

  #assign(expr: Extract<Expr, { kind: 'assign' }>, state: State): readonly Outcome[] {
    return this.evaluate(expr.right, state).map(({ state: one, value: right }) => {
      const old = this.evaluate(expr.left, one)[0]?.value ?? right;
      const value = this.#assigned(expr.op, old, right);
      push(one, {
        kind: 'assign',
        target: this.#place(expr.left, one),
        value: expr.op === '=' ? value : right,
        adds: expr.op === '+=',
        line: this.#lineOf(expr.line),
      });
      this.#store(expr.left, value, one);
      return { state: one, value };
    });
  }

  #assigned(op: string, old: Value, right: Value): Value {
    if (op === '=') return right;
    if (op === '+=') return add(old, right, 1);
    if (op === '-=') return add(old, right, -1);
    if (op === '|=' || op === '&=') return this.#other(op === '|=' ? '|' : '&', old, right);
    return { kind: 'unknown', text: `${valueText(old)} ${op} ${valueText(right)}` };
  }

  #store(target: Expr, value: Value, state: State): void {
    if (target.kind === 'name') state.env.set(target.name, value);
    else state.memory.set(this.#place(target, state), value);
  }

  /** True or false on each path; splits where nothing tells. */
  decide(expr: Expr, state: State): readonly Outcome[] {
    return this.evaluate(expr, state).flatMap(({ state: one, value }) => {
      const is = truthOf(value);
      return is === undefined ? this.decideKey(valueText(value), one) : [{ state: one, value: truth(is) }];
    });
  }

  decideKey(key: string, state: State): readonly Outcome[] {
    const known = state.decisions.get(key) ?? this.#scenario.known(key);
    if (known !== undefined) return [{ state, value: truth(known) }];
    const other = fork(state);
    state.decisions.set(key, true);
    other.decisions.set(key, false);
    return [
      { state, value: truth(true) },
      { state: other, value: truth(false) },
    ];
  }

  // Calls

  #call(expr: Extract<Expr, { kind: 'call' }>, state: State): readonly Outcome[] {
    const { callee } = expr;
    const name = callee.kind === 'name' || callee.kind === 'member' ? callee.name : textOf(callee);
    if (ASSERTS.test(name)) return this.#assert(expr, state);
    if (LOCKED.test(name) && state.bql !== 'unknown') return [{ state, value: truth(state.bql === 'held') }];
    let outcomes: readonly { readonly state: State; readonly args: readonly Value[] }[] = [{ state, args: [] }];
    for (const arg of expr.args) {
      outcomes = outcomes.flatMap(({ state: one, args }) =>
        this.evaluate(arg, one).map((outcome) => ({ state: outcome.state, args: [...args, outcome.value] })),
      );
    }
    return outcomes.flatMap(({ state: one, args }) => this.#made(expr, name, args, one));
  }

  #made(expr: Extract<Expr, { kind: 'call' }>, name: string, args: readonly Value[], state: State): readonly Outcome[] {
    const nothing = constant(0);
    const [first, second] = args;
    if (TRANSPARENT.test(name) && first !== undefined) return [{ state, value: first }];
    if (LOCKS.test(name)) {
      lock(state, expr.line);
      return [{ state, value: nothing }];
    }
    if (UNLOCKS.test(name)) {
      unlock(state, expr.line);
      return [{ state, value: nothing }];
    }
    if (/LOCK_GUARD$/.test(name) && isBqlGuard(name, expr.args.map(textOf).join(' '))) {
      lock(state, expr.line);
      state.scoped += 1;
      return [{ state, value: nothing }];
    }
    if (STORES.test(name) && expr.args[0] !== undefined && second !== undefined) {
      const target = this.#place(expr.args[0], state);
      push(state, { kind: 'assign', target, value: second, adds: false, line: this.#lineOf(expr.line) });
      state.memory.set(target, second);
      return [{ state, value: nothing }];
    }
    return this.#entered(expr, name, args, state);
  }

  #entered(
    expr: Extract<Expr, { kind: 'call' }>,
    name: string,
    args: readonly Value[],
    state: State,
  ): readonly Outcome[] {
    const direct = expr.callee.kind === 'name';
    if (direct && !this.#scenario.isOpaque(name) && this.stack.length < MAX_DEPTH && !this.stack.includes(name)) {
      const macro = this.#program.macros.get(name);
      const [only, more] = macro?.body ?? [];
      const isValue = only?.kind === 'expression' && more === undefined;
      if (macro !== undefined && isValue) return this.#substitute(macro.macro.params, only.expr, args, state);
      if (macro !== undefined) return this.#enter(name, macro.macro.params, macro.body, args, state);
      const code = this.#program.functions.get(name);
      // What it is told gets lost in one whose head is not seen.
      const params = code?.text.params?.map((one) => one.name);
      if (code !== undefined && params !== undefined) return this.#enter(name, params, code.body, args, state);
    }
    push(state, { kind: 'call', name, indirect: !direct, args, line: this.#lineOf(expr.line), bql: state.bql });
    if (/pending|go_next/.test(name)) for (const arg of args) changeMembers(arg, state);
    const text = `${name}(${args.map(valueText).join(', ')})`;
    const known = this.#scenario.known(text);
    return [{ state, value: known === undefined ? symbol(text) : truth(known) }];
  }

  #enter(
    name: string,
    params: readonly string[],
    body: Block,
    args: readonly Value[],
    state: State,
  ): readonly Outcome[] {
    const line = this.line;
    this.stack.push(name);
    state.outer = { env: state.env, outer: state.outer };
    state.env = new Map();
    for (const [index, param] of (params ?? []).entries()) state.env.set(param, args[index] ?? symbol(param));
    const states = this.#runBody(body, [state]);
    this.stack.pop();
    this.line = line;
    return states.map((one): Outcome => {
      const value = one.ended?.kind === 'return' ? one.ended.value : undefined;
      one.ended = undefined;
      one.env = new Map(one.outer?.env ?? []);
      one.outer = one.outer?.outer;
      return { state: one, value: value ?? symbol(`${name}()`) };
    });
  }

  /** A macro that is one expression. */
  #substitute(params: readonly string[], body: Expr, args: readonly Value[], state: State): readonly Outcome[] {
    const { env } = state;
    state.env = new Map(env);
    for (const [index, param] of params.entries()) state.env.set(param, args[index] ?? symbol(param));
    this.stack.push('');
    const outcomes = this.evaluate(body, state);
    this.stack.pop();
    for (const outcome of outcomes) outcome.state.env = new Map(env);
    return outcomes;
  }

  #assert(expr: Extract<Expr, { kind: 'call' }>, state: State): readonly Outcome[] {
    const condition = expr.args[0];
    const line = this.#lineOf(expr.line);
    const text = expr.args.map(textOf).join(', ');
    const { bql } = state;
    const outcomes = condition === undefined ? [] : this.decide(condition, state);
    const kept = outcomes.filter(({ value }) => truthOf(value) === true);
    const all = kept.length === 0 ? outcomes : kept;
    const is = kept.length === 0 && outcomes.length > 0 ? false : kept.length === outcomes.length ? true : undefined;
    for (const { state: one } of all) push(one, { kind: 'assert', text, is, line, bql });
    return all.length === 0 ? [{ state, value: constant(0) }] : all;
  }

  /** A changed line of the statement says more than the line where a name stands. */
  #lineOf(line: CodeLine): CodeLine {
    return this.line?.changed === true &&
      !line.changed &&
      this.line.file === line.file &&
      this.line.patch === line.patch
      ? this.line
      : line;
  }
}

function numberOf(text: string): Value {
  const value = Number(text.replace(/[uUlL]+$/, ''));
  return Number.isFinite(value) ? constant(value) : symbol(text);
}
