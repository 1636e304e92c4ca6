import { closing } from '../code/functions.ts';
import type { CodeLine } from '../code/image.ts';
import type { Op } from '../code/paths.ts';
import type { Token } from '../code/tokens.ts';
import { symbolOf, truthOf, type Value } from '../code/values.ts';
import { defineCheck, remarkAt, type Said } from '../model/check.ts';
import type { SeriesModel } from '../model/model.ts';
import { CORE_QUERY, isExactName, isFinalName } from '../model/names.ts';
import type { ScenarioId } from '../model/scenarios.ts';
import {
  conversionFor,
  conversionsOf,
  type TraceChange,
  type TraceDeclaration,
  traceChanges,
} from '../model/trace-events.ts';
import type { Remark } from '../series.ts';

export const traceFormatMismatch = defineCheck({
  id: 'trace-format-mismatch',
  what: 'The arguments of a trace event, its format and its calls do not fit each other; or its text changes for those who read it.',
  why: 'A trace that shows one figure under the name of another misleads whoever debugs with it.',
  limits: 'Calls in files that the series does not touch are not seen, nor are the types of their arguments.',
  run: (model) => {
    const changes = traceChanges(model.series);
    const last = new Map(changes.map((one) => [one.name, one]));
    return [
      ...changes.flatMap((change) => (change.new === undefined ? [] : inDeclaration(model, change.new))),
      ...[...last.values()].flatMap((change) => [...inCalls(model, change), ...changed(model, change, changes)]),
      ...callsAlone(model, last),
    ];
  },
});

const CERTAIN = { rule: 'trace-format-mismatch', severity: 'error', confidence: 'certain' } as const;

function inDeclaration(model: SeriesModel, { name, params, format, line }: TraceDeclaration): readonly Remark[] {
  const conversions = conversionsOf(format);
  if (conversions === undefined) return [];
  if (conversions.length !== params.length) {
    return remarkAt(model, line, {
      ...CERTAIN,
      message: `${name} declares ${params.length} arguments, and its format prints ${conversions.length}.`,
      reason: `Counted in its line of trace-events.`,
    });
  }
  const wrong = params.find(({ type }, index) => {
    const wanted = conversionFor(type);
    const conversion = conversions[index];
    return (
      wanted !== undefined &&
      conversion !== undefined &&
      !(wanted.letters.includes(conversion.letter) && wanted.lengths.includes(conversion.length))
    );
  });
  if (wrong !== undefined) {
    return remarkAt(model, line, {
      ...CERTAIN,
      message: `In ${name} the conversion of ${wrong.name} does not fit its type, ${wrong.type}.`,
      reason: 'The declared type against the conversion at its place.',
    });
  }
  const swapped = params.find(({ name: own }, index) => {
    const label = conversions[index]?.label ?? '';
    return (
      label !== own && params.some((other) => other.name === label) && conversions.some((one) => one.label === own)
    );
  });
  if (swapped === undefined) return [];
  return remarkAt(model, line, {
    ...CERTAIN,
    message: `${name} prints ${swapped.name} under the name of another argument: the order of the format is not that of the arguments.`,
    reason: 'The words in front of the conversions against the names of the arguments.',
  });
}

interface Call {
  readonly args: readonly string[];
  readonly line: CodeLine;
  readonly patch: number;
}

type TraceCall = Extract<Op, { kind: 'call' }>;

const isTraceCall = (op: Op, name: string): op is TraceCall => op.kind === 'call' && op.name === `trace_${name}`;

function callsOf(model: SeriesModel, name: string, side: 'before' | 'after'): readonly Call[] {
  return model.changes.flatMap((change) => {
    const op = (['switchover', 'final', 'exact', 'estimate'] as const)
      .flatMap((id) => change[side](id)?.paths ?? [])
      .flatMap(({ ops }) => ops.filter((one) => isTraceCall(one, name)))[0];
    if (op === undefined) return [];
    const args = op.args.map((value) => (symbolOf(value) ?? '').replace(/@\d+$/, ''));
    return [{ args, line: op.line, patch: change.patch }];
  });
}

function inCalls(model: SeriesModel, change: TraceChange): readonly Remark[] {
  const call = callsOf(model, change.name, 'after').findLast(({ patch }) => patch >= change.patch);
  const declared = change.new;
  if (declared === undefined) {
    if (call === undefined) return [];
    return remarkAt(model, call.line, {
      ...CERTAIN,
      message: `${change.name} is called here, and no longer declared.`,
      reason: 'The series deletes its line in trace-events.',
    });
  }
  if (call === undefined) return notCalled(model, change, declared);
  if (call.args.length !== declared.params.length) {
    return remarkAt(model, call.line, {
      ...CERTAIN,
      message: `trace_${change.name}() is called with ${call.args.length} arguments, and declared with ${declared.params.length}.`,
      reason: 'Both stand in the series.',
    });
  }
  const wrong = wrongFlag(model, change.name, declared);
  return wrong.length > 0 ? wrong : swappedArguments(model, declared, call);
}

const KINDS = [
  { kind: 'estimate', exact: false, final: false, words: 'an estimate' },
  { kind: 'exact', exact: true, final: false, words: 'an exact query of the iteration' },
  { kind: 'final', exact: true, final: true, words: 'the final query' },
] as const;

/** The event would say of a query that it is of another kind than it is. */
function wrongFlag(model: SeriesModel, name: string, { params }: TraceDeclaration): readonly Remark[] {
  const places = {
    exact: params.findIndex((one) => isExactName(one.name)),
    final: params.findIndex((one) => isFinalName(one.name)),
  };
  for (const of of KINDS) {
    for (const call of coreCalls(model, name, 'after', of.kind)) {
      const flag = (['exact', 'final'] as const).find((one) => toldOtherwise(call.args[places[one]], of[one]));
      if (flag !== undefined)
        return remarkAt(model, call.line, saidWrong(name, of.words, `${flag}=${of[flag] ? 0 : 1}`));
    }
  }
  return [];
}

/** The same where the series does not show the declaration: an argument said something else before. */
function turnedFlag(model: SeriesModel, name: string): readonly Remark[] {
  for (const { kind, words } of KINDS) {
    const [old] = coreCalls(model, name, 'before', kind);
    const fresh = coreCalls(model, name, 'after', kind).find(({ args }) => args.length === old?.args.length);
    const at = fresh?.args.findIndex((value, index) => toldOtherwise(value, truthAt(old, index))) ?? -1;
    if (fresh !== undefined && at >= 0) {
      const told = `${truthAt(fresh, at) === true} in argument ${at + 1}`;
      return remarkAt(model, fresh.line, saidWrong(name, words, told));
    }
  }
  return [];
}

const truthAt = (call: TraceCall | undefined, index: number): boolean | undefined => {
  const value = call?.args[index];
  return value === undefined ? undefined : truthOf(value);
};

function toldOtherwise(value: Value | undefined, is: boolean | undefined): boolean {
  const told = value === undefined ? undefined : truthOf(value);
  return told !== undefined && is !== undefined && told !== is;
}

const saidWrong = (name: string, words: string, told: string): Said => ({
  ...CERTAIN,
  message: `trace_${name}() is told ${told} of ${words}: traces show a query that is none of its kind.`,
  reason: 'The arguments of the call, followed through the code for each kind of query.',
});

/** Its calls in the core, which is told the kind of its query. */
function coreCalls(model: SeriesModel, name: string, side: 'before' | 'after', kind: ScenarioId): readonly TraceCall[] {
  return model.changes.flatMap((change) => {
    if (change.name !== CORE_QUERY || (kind === 'final' && !change[side === 'after' ? 'knowsFinal' : 'knewFinal']))
      return [];
    return (change[side](kind)?.paths ?? []).flatMap(({ ops }) => ops.filter((op) => isTraceCall(op, name)));
  });
}

/** An argument stands at the place of another one, by their names. */
function swappedArguments(model: SeriesModel, { name, params }: TraceDeclaration, call: Call): readonly Remark[] {
  const own = call.args.map((text) => text.slice(text.lastIndexOf('.') + 1).replace(/_bytes$/, ''));
  const isSwapped = params.some(({ name: param }, index) => {
    const other = params.findIndex((one) => one.name === own[index]);
    return other >= 0 && other !== index && own[index] !== param;
  });
  if (!isSwapped) return [];
  return remarkAt(model, call.line, {
    ...CERTAIN,
    confidence: 'likely',
    message: `The arguments of trace_${name}() stand in another order than they are declared: ${params.map((one) => one.name).join(', ')}.`,
    reason: 'Their names against those of the declaration.',
  });
}

function notCalled(model: SeriesModel, { old, name }: TraceChange, declared: TraceDeclaration): readonly Remark[] {
  if (old === undefined || old.params.length === declared.params.length) return [];
  return remarkAt(model, declared.line, {
    rule: 'trace-format-mismatch',
    severity: 'warning',
    confidence: 'likely',
    message: `${name} gets ${declared.params.length} arguments instead of ${old.params.length}, and the series does not change its call.`,
    reason: 'No hunk shows a call of it.',
  });
}

/** What others read changes its text. */
function changed(model: SeriesModel, change: TraceChange, all: readonly TraceChange[]): readonly Remark[] {
  const first = all.find(({ name }) => name === change.name);
  const [old, fresh] = [first?.old, change.new];
  if (old === undefined || fresh === undefined || old.format === fresh.format) return [];
  return remarkAt(model, fresh.line, {
    rule: 'trace-format-mismatch',
    severity: 'info',
    confidence: 'certain',
    message: `The text of ${change.name} changes${addedText(old, fresh)}; scripts that parse the old one have to follow.`,
    reason: 'Its declaration and its call fit each other.',
  });
}

function addedText(old: TraceDeclaration, fresh: TraceDeclaration): string {
  const names = (one: TraceDeclaration): readonly string[] => one.params.map(({ name }) => name);
  const added = names(fresh).filter((name) => !names(old).includes(name));
  const gone = names(old).filter((name) => !names(fresh).includes(name));
  const parts = [
    ...(added.length > 0 ? [`${added.join(', ')} added`] : []),
    ...(gone.length > 0 ? [`${gone.join(', ')} gone`] : []),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

/** The line of the name, or one of its arguments'. */
function isChanged(part: readonly Token[], at: number): boolean {
  const end = closing(part, at + 1);
  return end !== undefined && part.slice(at, end + 1).some(({ line }) => line.changed);
}

/** The call changes its number of arguments, and trace-events is not in the series. */
function callsAlone(model: SeriesModel, declared: ReadonlyMap<string, TraceChange>): readonly Remark[] {
  const names = new Set<string>();
  const parts = model.changes.flatMap((change) => [change.old, change.new].flatMap((code) => code?.text.parts ?? []));
  for (const part of parts) {
    for (const [at, { text }] of part.entries())
      if (text.startsWith('trace_') && isChanged(part, at)) names.add(text.slice('trace_'.length));
  }
  return [...names].flatMap((name) => {
    if (declared.has(name)) return [];
    const [old] = callsOf(model, name, 'before');
    const fresh = callsOf(model, name, 'after').at(-1);
    if (old === undefined || fresh === undefined) return [];
    if (old.args.length === fresh.args.length)
      return [...turnedFlag(model, name), ...reordered(model, name, old, fresh)];
    return remarkAt(model, fresh.line, {
      ...CERTAIN,
      confidence: 'likely',
      message: `trace_${name}() gets ${fresh.args.length} arguments instead of ${old.args.length}, and the series does not change its declaration in trace-events.`,
      reason: 'The call before the patch is taken to fit the declaration.',
    });
  });
}

/** The same arguments at other places, and the declaration stays as it is. */
function reordered(model: SeriesModel, name: string, old: Call, fresh: Call): readonly Remark[] {
  const isSame = old.args.every((text, index) => text === fresh.args[index]);
  const areSame = old.args.every((text) => text !== '' && fresh.args.includes(text));
  if (isSame || !areSame || new Set(old.args).size < old.args.length) return [];
  return remarkAt(model, fresh.line, {
    ...CERTAIN,
    confidence: 'likely',
    message: `The arguments of trace_${name}() change places, and the series does not change its declaration in trace-events: traces show one figure under the name of another.`,
    reason: 'The call before the patch is taken to fit the declaration.',
  });
}
