/**
 * Runs a function over what is known and splits where it is not: all paths
 * through what the hunks show, each with the calls, locks and assignments it
 * makes. Functions and macros that are seen too are entered.
 */
import { Evaluator, isBqlGuard } from './evaluator.ts';
import { textOf } from './expressions.ts';
import type { Paths, Scenario } from './paths.ts';
import type { Budget, FunctionCode, Program } from './program.ts';
import { leaveLoop, lock, type Outcome, pathOf, push, type State, unlock } from './state.ts';
import type { Block, Statement } from './statements.ts';
import { constant, symbol, truth, truthOf, type Value } from './values.ts';

const MAX_STATES = 160;
const MAX_STEPS = 20_000;
const MAX_JUMPS = 4;

export function runFunction(code: FunctionCode, program: Program, scenario: Scenario): Paths {
  const { budget } = program;
  const paths = budget.steps < 0 ? { paths: [], truncated: true } : new Interpreter(program, scenario).run(code);
  if (paths.truncated) budget.unjudged.add(`${code.path} ${code.text.name}`);
  return paths;
}

class Interpreter {
  readonly #scenario: Scenario;
  readonly #evaluator: Evaluator;
  readonly #budget: Budget;
  #steps = 0;
  #truncated = false;

  constructor(program: Program, scenario: Scenario) {
    this.#scenario = scenario;
    this.#budget = program.budget;
    this.#evaluator = new Evaluator(program, scenario, (body, from) => this.#body(body, from));
  }

  run(code: FunctionCode): Paths {
    const env = new Map<string, Value>();
    for (const [index, { name, type }] of (code.text.params ?? []).entries()) {
      const known = this.#scenario.param(name, index, type);
      env.set(name, known === undefined ? symbol(name) : truth(known));
    }
    const state: State = {
      env,
      outer: undefined,
      memory: new Map(),
      versions: new Map(),
      decisions: new Map(),
      ops: undefined,
      bql: this.#scenario.bql,
      scoped: 0,
      ended: undefined,
    };
    this.#evaluator.stack.push(code.text.name);
    const states = this.#body(code.body, [state]);
    // Nothing is concluded from a part of the paths.
    return { paths: this.#truncated ? [] : states.map(pathOf), truncated: this.#truncated };
  }

  /** A function's body with its jumps. */
  #body(body: Block, from: readonly State[]): readonly State[] {
    let states = this.#block(body, from);
    for (let jump = 0; jump < MAX_JUMPS && states.some(jumps); jump += 1) {
      states = states.flatMap((state) =>
        state.ended?.kind === 'goto' ? this.#jump(body, state, state.ended.label) : [state],
      );
    }
    return states;
  }

  #jump(body: Block, state: State, label: string): readonly State[] {
    const at = body.findIndex((statement) => statement.kind === 'label' && statement.name === label);
    state.ended = undefined;
    if (at >= 0) return this.#block(body.slice(at + 1), [state]);
    push(state, { kind: 'unseen', leading: false });
    state.ended = { kind: 'return', value: undefined };
    return [state];
  }

  /** Statements in their order; a lock that is bound to the block ends with it. */
  #block(block: Block, from: readonly State[]): readonly State[] {
    const outside = from[0]?.scoped ?? 0;
    let states = [...from];
    for (const [index, statement] of block.entries()) {
      const next: State[] = [];
      for (const state of states) {
        if (state.ended === undefined) next.push(...this.#statement(statement, state, index === 0));
        else next.push(state);
      }
      states = this.#bounded(next);
      if (this.#truncated || states.every(({ ended }) => ended !== undefined)) break;
    }
    for (const state of states) {
      for (; state.scoped > outside; state.scoped -= 1) unlock(state, this.#evaluator.line);
    }
    return states;
  }

  #bounded(states: State[]): State[] {
    if (states.length <= MAX_STATES) return states;
    this.#truncated = true;
    return states.slice(0, MAX_STATES);
  }

  #statement(statement: Statement, state: State, first: boolean): readonly State[] {
    this.#steps += 1;
    this.#budget.steps -= 1;
    if (this.#steps > MAX_STEPS || this.#budget.steps < 0) {
      this.#truncated = true;
      state.ended = { kind: 'return', value: undefined };
      return [state];
    }
    if ('line' in statement) this.#evaluator.line = statement.line;
    switch (statement.kind) {
      case 'expression':
        return this.#evaluator.evaluate(statement.expr, state).map((outcome) => outcome.state);
      case 'if':
        return this.#if(statement, state);
      case 'while':
        return this.#while(statement, state);
      case 'block':
        return this.#named(statement, state);
      case 'switch':
        return this.#switch(statement, state);
      case 'return':
        return this.#return(statement, state);
      case 'goto':
        state.ended = { kind: 'goto', label: statement.label };
        return [state];
      case 'break':
      case 'continue':
        state.ended = { kind: statement.kind, line: statement.line };
        return [state];
      case 'inside':
        return this.#evaluator
          .decideKey(`unseen condition ${statement.index}`, state)
          .flatMap(({ state: one, value }) =>
            truthOf(value) === true ? this.#block(statement.body, [one]).map(leaveLoop) : [one],
          );
      case 'unseen':
        push(state, { kind: 'unseen', leading: first && this.#evaluator.stack.length === 1 });
        // It may be where the lock is taken; what is held is not given up there.
        if (state.bql === 'free') state.bql = 'unknown';
        return [state];
      case 'label':
      case 'case':
        return [state];
    }
  }

  #if(statement: Extract<Statement, { kind: 'if' }>, state: State): readonly State[] {
    const { condition, line, yes, no } = statement;
    const text = textOf(condition);
    return this.#evaluator.decide(condition, state).flatMap(({ state: one, value }) => {
      const is = truthOf(value) === true;
      push(one, { kind: 'branch', text, is, line });
      return this.#block(is ? yes : no, [one]);
    });
  }

  #while(statement: Extract<Statement, { kind: 'while' }>, state: State): readonly State[] {
    return this.#evaluator
      .decide(statement.condition, state)
      .flatMap(({ state: one, value }) => (truthOf(value) === true ? this.#loop(statement.body, one, true) : [one]));
  }

  /** Twice where it may repeat itself: what is done in it is done more than once. A loop over all modules is one query. */
  #loop(body: Block, state: State, repeats: boolean): readonly State[] {
    const once = this.#block(body, [state]);
    if (!repeats) return once.map(leaveLoop);
    return once.flatMap((one) => {
      if (one.ended?.kind === 'continue') one.ended = undefined;
      return one.ended === undefined ? this.#block(body, [one]).map(leaveLoop) : [leaveLoop(one)];
    });
  }

  #named(statement: Extract<Statement, { kind: 'block' }>, state: State): readonly State[] {
    const isLoop = /FOREACH|^for$/i.test(statement.name);
    if (isLoop) return this.#loop(statement.body, state, statement.name === 'for');
    const locks = /LOCK_GUARD|WITH_BQL/.test(statement.name) && isBqlGuard(statement.name, textOf(statement.head));
    if (!locks) return this.#block(statement.body, [state]);
    lock(state, this.#evaluator.line);
    const states = this.#block(statement.body, [state]);
    for (const one of states) unlock(one, this.#evaluator.line);
    return states;
  }

  #switch(statement: Extract<Statement, { kind: 'switch' }>, state: State): readonly State[] {
    const done: State[] = [];
    let rest: State | undefined = state;
    const cases = [...statement.body.entries()].filter(([, { kind }]) => kind === 'case');
    for (const [at, one] of cases) {
      if (one.kind !== 'case' || one.value === undefined || rest === undefined) continue;
      const outcomes: readonly Outcome[] = this.#evaluator.decide(
        { kind: 'binary', op: '==', left: statement.on, right: one.value },
        rest,
      );
      rest = undefined;
      for (const outcome of outcomes) {
        if (truthOf(outcome.value) === true) done.push(...this.#block(statement.body.slice(at + 1), [outcome.state]));
        else rest = outcome.state;
      }
    }
    const fallback = cases.find(([, one]) => one.kind === 'case' && one.value === undefined);
    if (rest !== undefined && fallback !== undefined)
      done.push(...this.#block(statement.body.slice(fallback[0] + 1), [rest]));
    else if (rest !== undefined) done.push(rest);
    return done.map((one) => {
      if (one.ended?.kind === 'break') one.ended = undefined;
      return one;
    });
  }

  #return(statement: Extract<Statement, { kind: 'return' }>, state: State): readonly State[] {
    const outcomes: readonly Outcome[] =
      statement.value === undefined
        ? [{ state, value: constant(0) }]
        : this.#evaluator.evaluate(statement.value, state);
    for (const { state: one, value } of outcomes) {
      const returned = statement.value === undefined ? undefined : value;
      push(one, { kind: 'return', value: returned, line: statement.line, depth: this.#evaluator.stack.length });
      one.ended = { kind: 'return', value: returned };
    }
    return outcomes.map(({ state: one }) => one);
  }
}

const jumps = (state: State): boolean => state.ended?.kind === 'goto';
