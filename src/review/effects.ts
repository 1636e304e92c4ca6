/** What a series does to the query protocol, without judging it. */
import { type CodeLine, fileOf, hunkOf } from './code/image.ts';
import type { Op, Path, Paths } from './code/paths.ts';
import { valueText } from './code/values.ts';
import { callbackOf } from './model/callback.ts';
import { type FunctionChange, modelOf, type SeriesModel } from './model/model.ts';
import { INACTIVATE, isCounterStore, isReport, isSync, queryOf, STOP } from './model/names.ts';
import type { ScenarioId } from './model/scenarios.ts';
import { traceChanges } from './model/trace-events.ts';
import type { EffectReport } from './report.ts';
import type { Series } from './series.ts';

/** What is told of a function: the kinds of ops, in the words of the list. */
const KINDS: readonly (readonly [string, (op: Op) => boolean])[] = [
  ['syncs the dirty bitmap', isSync],
  ['makes the final query', (op) => queryOf(op)?.final === true],
  ['makes an exact query', (op) => queryOf(op)?.final === false && queryOf(op)?.exact === true],
  ['makes an estimate', (op) => queryOf(op)?.final === false && queryOf(op)?.exact === false],
  ['takes the BQL', ({ kind }) => kind === 'lock'],
  ['releases the BQL', ({ kind }) => kind === 'unlock'],
  ['asserts that the BQL is held', (op) => op.kind === 'assert' && op.text === 'bql_locked()'],
  ['reports pending bytes', isReport],
  ['stores dirty_bytes_total', (op) => op.kind === 'assign' && isCounterStore(op.target)],
  ['stops the VM', (op) => op.kind === 'call' && STOP.test(op.name)],
  ['inactivates the disks', (op) => op.kind === 'call' && INACTIVATE.test(op.name)],
];

const SCENES: readonly (readonly [ScenarioId, string])[] = [
  ['final', 'the final query'],
  ['exact', 'exact ones of the iteration'],
  ['estimate', 'estimates'],
];

export function effectsOf(series: Series): readonly EffectReport[] {
  const model = modelOf(series);
  const found = [
    ...callbackEffects(model),
    ...model.changes.flatMap((change) => functionEffects(change)),
    ...traceEffects(series),
  ];
  const seen = new Set<string>();
  const effects = found.flatMap(([line, text]): readonly EffectReport[] => {
    const place = line === undefined ? undefined : placeOf(series, line);
    const key = `${place?.patch} ${place?.path} ${text}`;
    if (place === undefined || seen.has(key)) return [];
    seen.add(key);
    return [{ ...place, text }];
  });
  const orderOf = ({ patch, path }: EffectReport): number =>
    series.patches[patch]?.files.findIndex((file) => file.path === path) ?? 0;
  return effects.sort(
    (a, b) => a.patch - b.patch || orderOf(a) - orderOf(b) || a.hunk - b.hunk || a.hunkLine - b.hunkLine,
  );
}

type Effect = readonly [CodeLine | undefined, string];

function functionEffects(change: FunctionChange): readonly Effect[] {
  if (change.changed.length === 0) return [];
  if (!change.inQuery) return [...opEffects(change, 'switchover'), ...stages(change)];
  const scenes = SCENES.filter(([id]) => isScene(change, id));
  const told = new Map<string, { readonly line: CodeLine | undefined; readonly scenes: string[] }>();
  for (const [id, words] of scenes) {
    for (const [line, text] of opEffects(change, id)) {
      const known = told.get(text) ?? { line, scenes: [] };
      known.scenes.push(words);
      told.set(text, known);
    }
  }
  const merged = [...told].map(([text, { line, scenes: where }]): Effect => {
    const all = where.length === scenes.length;
    return [line, all ? text : `${text} in ${where.join(' and ')}`];
  });
  return [...signature(change), ...merged, ...stages(change)];
}

/** The kinds of query that the function serves. */
function isScene({ name, knowsFinal, knewFinal }: FunctionChange, id: ScenarioId): boolean {
  if (name.endsWith('_final')) return id === 'final';
  return id !== 'final' || (!name.endsWith('_iter') && (knowsFinal || knewFinal));
}

function signature({ name, old, new: fresh, changed, isHandler }: FunctionChange): readonly Effect[] {
  const [before, after] = [old?.text.params, fresh?.text.params];
  if (before === undefined || after === undefined || before.length === after.length) return [];
  const added = after.filter((one) => !before.some((other) => other.name === one.name)).map((one) => one.name);
  const what = added.length > 0 ? `gets ${added.join(', ')}` : 'has other parameters';
  return [[fresh?.text.header ?? changed[0], `${isHandler ? 'handler ' : ''}${name}() ${what}`]];
}

type Share = 'always' | 'on some paths' | 'never';

function opEffects(change: FunctionChange, id: ScenarioId): readonly Effect[] {
  const [before, after] = [change.before(id), change.after(id)];
  if (before?.truncated === true || after?.truncated === true) return [];
  return KINDS.flatMap(([kind, test]): readonly Effect[] => {
    const [was, is] = [shareOf(before, test), shareOf(after, test)];
    if (was === is || (change.new === undefined && was === 'never')) return [];
    const line = lineOf(after, test) ?? lineOf(before, test);
    const told =
      is === 'never'
        ? `no longer ${kind}`
        : was === 'never'
          ? `${kind}${is === 'always' ? '' : `, ${is}`}`
          : `${kind} ${is}, before ${was}`;
    return [[line?.changed === true ? line : change.changed[0], `${change.name}() ${told}`]];
  });
}

function shareOf(paths: Paths | undefined, test: (op: Op) => boolean): Share {
  const all = paths?.paths ?? [];
  const doing = all.filter(({ ops }) => ops.some(test)).length;
  if (doing === 0) return 'never';
  return doing === all.length ? 'always' : 'on some paths';
}

function lineOf(paths: Paths | undefined, test: (op: Op) => boolean): CodeLine | undefined {
  const ops = (paths?.paths ?? []).flatMap((path: Path) => path.ops.filter(test));
  const op = ops.find((one) => one.kind !== 'unseen' && one.line.changed) ?? ops[0];
  return op === undefined || op.kind === 'unseen' ? undefined : op.line;
}

/** last_stage of each sync, where it changes. */
function stages(change: FunctionChange): readonly Effect[] {
  const id = change.inQuery ? 'final' : 'switchover';
  const stage = (paths: Paths | undefined): readonly [CodeLine | undefined, string] | undefined => {
    const op = (paths?.paths ?? []).flatMap(({ ops }) => ops.filter(isSync))[0];
    const last = op?.kind === 'call' ? op.args.at(-1) : undefined;
    return op?.kind === 'call' && last !== undefined ? [op.line, valueText(last)] : undefined;
  };
  const [was, is] = [stage(change.before(id)), stage(change.after(id))];
  if (was === undefined || is === undefined || was[1] === is[1]) return [];
  return [
    [
      is[0],
      `${change.name}() syncs with last_stage ${is[1]}, before ${was[1]}${change.inQuery ? ', in the final query' : ''}`,
    ],
  ];
}

function callbackEffects(model: SeriesModel): readonly Effect[] {
  const callback = callbackOf(model);
  if (callback?.changed !== true) return [];
  return [
    [
      callback.line,
      `the callback save_query_pending is declared with ${callback.params.map(({ name }) => name).join(', ')}`,
    ],
  ];
}

function traceEffects(series: Series): readonly Effect[] {
  return traceChanges(series).map(({ name, old, new: fresh }): Effect => {
    if (fresh === undefined) return [old?.line, `trace event ${name} goes away`];
    return [fresh.line, old === undefined ? `trace event ${name} is new` : `trace event ${name} prints another text`];
  });
}

function placeOf(series: Series, at: CodeLine): Omit<EffectReport, 'text'> | undefined {
  const line = hunkOf(series, at)?.lines[at.hunkLine];
  const path = fileOf(series, at)?.path;
  if (line === undefined || path === undefined) return undefined;
  return { patch: at.patch, path, line: line.newLine ?? line.oldLine ?? 0, hunk: at.hunk, hunkLine: at.hunkLine };
}
