/** A series as the checks see it: the functions that it changes, before and after, run under each kind of query. */
import type { FunctionText } from '../code/functions.ts';
import type { CodeLine } from '../code/image.ts';
import { runFunction } from '../code/interpreter.ts';
import type { Bql, Paths } from '../code/paths.ts';
import {
  type Budget,
  budget,
  type FileCode,
  type FunctionCode,
  link,
  type Program,
  programOf,
} from '../code/program.ts';
import type { Series } from '../series.ts';
import {
  CALLBACK,
  CORE_QUERY,
  isExactName,
  isFinalName,
  isMigration,
  isTellingName,
  moduleOf,
  OLD_CALLBACKS,
} from './names.ts';
import { flagsOf, type ScenarioId, scenarioOf } from './scenarios.ts';

/** A function with changed lines, in one patch. */
export interface FunctionChange {
  readonly name: string;
  readonly path: string;
  readonly patch: number;
  readonly file: number;
  readonly old: FunctionCode | undefined;
  readonly new: FunctionCode | undefined;
  /** Implements the callback. */
  readonly isHandler: boolean;
  /** Knows what kind of query it serves. */
  readonly inQuery: boolean;
  /** It knew of the final query before the patch. */
  readonly knewFinal: boolean;
  /** It knows of it now; handlers do not before the series has told them. */
  readonly knowsFinal: boolean;
  /** No other function that is seen calls it, or it is the core's query itself: it is run on its own. */
  readonly isEntry: boolean;
  /** Added lines of its body and header, then deleted ones. */
  readonly changed: readonly CodeLine[];
  readonly oldProgram: Program;
  readonly newProgram: Program;
  before(id: ScenarioId): Paths | undefined;
  after(id: ScenarioId): Paths | undefined;
}

/**
 * Which QEMU the series stands on: one with the final query, one without it,
 * or not to be told from the text.
 */
export type Base = 'with-final' | 'without-final' | 'unknown';

export interface SeriesModel {
  readonly series: Series;
  readonly changes: readonly FunctionChange[];
  readonly oldFiles: readonly FileCode[];
  readonly newFiles: readonly FileCode[];
  readonly base: Base;
  /** The series brings the final query in. */
  readonly bringsFinal: boolean;
  readonly tree: SourceTree | undefined;
  /** Functions with more paths, or a series with more code, than is run; it grows while the checks look. */
  readonly unjudged: ReadonlySet<string>;
}

/** The source that the series applies to. */
export interface SourceTree {
  /** Files that set this member of SaveVMHandlers, with the function that they set. */
  implementers(callback: string): readonly { readonly path: string; readonly name: string }[];
}

const models = new WeakMap<Series, SeriesModel>();

/** The checks and the effects look at the same one: what it has run is kept. */
export function modelOf(series: Series, tree?: SourceTree): SeriesModel {
  const known = models.get(series) ?? buildModel(series);
  models.set(series, known);
  return tree === undefined ? known : { ...known, tree };
}

function buildModel(series: Series): SeriesModel {
  const oldFiles = programOf(series, 'old');
  const newFiles = programOf(series, 'new');
  const handlers = handlerNames([...oldFiles, ...newFiles]);
  const left = budget();
  const changes = series.patches.flatMap((_, patch) => changesOf(patch, { oldFiles, newFiles, handlers, left }));
  const base = baseOf(oldFiles, newFiles);
  return {
    series,
    changes,
    oldFiles,
    newFiles,
    base,
    bringsFinal: base === 'without-final' && hasFinal(newFiles),
    tree: undefined,
    unjudged: left.unjudged,
  };
}

function handlerNames(files: readonly FileCode[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { text } of files) {
    for (const { field, value } of text.initializers) {
      if (field === CALLBACK || OLD_CALLBACKS.includes(field)) names.add(value);
    }
  }
  return names;
}

function isHandler(name: string, path: string, text: FunctionText | undefined, handlers: ReadonlySet<string>): boolean {
  if (handlers.has(name)) return true;
  const [opaque, pending] = text?.params ?? [];
  if (opaque?.type === 'void *' && /MigPendingData/.test(pending?.type ?? '')) return true;
  return /_pending(?:_exact|_estimate)?$/.test(name) && moduleOf(path)?.handler.test(name) === true;
}

interface Parts {
  readonly oldFiles: readonly FileCode[];
  readonly newFiles: readonly FileCode[];
  readonly handlers: ReadonlySet<string>;
  readonly left: Budget;
}

function changesOf(patch: number, { oldFiles, newFiles, handlers, left }: Parts): readonly FunctionChange[] {
  // Before the patch: itself, what earlier ones left, what later ones find. After it the same.
  const olds = link(
    [...laterThan(oldFiles, patch), ...newFiles.filter((one) => one.patch < patch), ...only(oldFiles, patch)],
    left,
  );
  const news = link(
    [...laterThan(oldFiles, patch), ...newFiles.filter((one) => one.patch < patch), ...only(newFiles, patch)],
    left,
  );
  const found = new Map<string, FunctionChange>();
  for (const files of [only(oldFiles, patch), only(newFiles, patch)]) {
    for (const file of files) {
      for (const { name } of file.text.functions) {
        const key = `${file.path} ${name}`;
        if (found.has(key)) continue;
        const change = changeOf(name, file, patch, { olds, news, handlers });
        if (change !== undefined) found.set(key, change);
      }
    }
  }
  return [...found.values()];
}

const only = (files: readonly FileCode[], patch: number): readonly FileCode[] =>
  files.filter((one) => one.patch === patch);
const laterThan = (files: readonly FileCode[], patch: number): readonly FileCode[] =>
  files.filter((one) => one.patch > patch).toReversed();

interface Sides {
  readonly olds: Program;
  readonly news: Program;
  readonly handlers: ReadonlySet<string>;
}

function changeOf(
  name: string,
  file: FileCode,
  patch: number,
  { olds, news, handlers }: Sides,
): FunctionChange | undefined {
  const own = (code: FunctionCode | undefined): FunctionCode | undefined =>
    code?.patch === patch && code.file === file.file ? code : undefined;
  const old = own(olds.functions.get(name));
  const fresh = own(news.functions.get(name));
  const changed = [...changedLines(fresh), ...changedLines(old)];
  const handler = isHandler(name, file.path, fresh?.text ?? old?.text, handlers);
  const flags = flagsOf(name, handler);
  const inQuery = [old, fresh].some((code) => code !== undefined && servesQuery(name, code, handlers));
  const runs = (code: FunctionCode | undefined, program: Program): ((id: ScenarioId) => Paths | undefined) => {
    const known = new Map<ScenarioId, Paths>();
    return (id) => {
      if (code === undefined) return undefined;
      const entry = handler || (inQuery && moduleOf(file.path) !== undefined) ? handlerBql(program, id) : undefined;
      const paths = known.get(id) ?? runFunction(code, program, scenarioOf(id, name, flags, entry));
      known.set(id, paths);
      return paths;
    };
  };
  return {
    name,
    path: file.path,
    patch,
    file: file.file,
    old,
    new: fresh,
    isHandler: handler,
    inQuery,
    knewFinal: old !== undefined && namesFinal(old, handler),
    knowsFinal: fresh !== undefined && namesFinal(fresh, handler),
    isEntry: !callers(news, handlers).has(name) || name === CORE_QUERY,
    changed,
    oldProgram: olds,
    newProgram: news,
    before: runs(old, olds),
    after: runs(fresh, news),
  };
}

/** What the core holds when it calls the modules, where it is seen. */
function handlerBql(program: Program, id: ScenarioId): Bql | undefined {
  const known = handlerBqls.get(program) ?? new Map<ScenarioId, Bql | undefined>();
  handlerBqls.set(program, known);
  if (!known.has(id)) known.set(id, coreBql(program, id));
  return known.get(id);
}

const handlerBqls = new WeakMap<Program, Map<ScenarioId, Bql | undefined>>();

function coreBql(program: Program, id: ScenarioId): Bql | undefined {
  const core = program.functions.get(CORE_QUERY);
  if (core === undefined || id === 'switchover') return undefined;
  const { paths, truncated } = runFunction(
    core,
    program,
    scenarioOf(id, CORE_QUERY, flagsOf(CORE_QUERY, false), undefined),
  );
  const calls = paths.flatMap(({ ops }) =>
    ops.flatMap((op) => (op.kind === 'call' && op.name === CALLBACK ? [op.bql] : [])),
  );
  const [first] = calls;
  return truncated || first === 'unknown' || calls.some((one) => one !== first) ? undefined : first;
}

function changedLines(code: FunctionCode | undefined): readonly CodeLine[] {
  const lines = new Set<CodeLine>();
  if (code?.text.header?.changed === true) lines.add(code.text.header);
  for (const part of code?.text.parts ?? []) for (const { line } of part) if (line.changed) lines.add(line);
  return [...lines];
}

function namesFinal({ text }: FunctionCode, handler: boolean): boolean {
  if (text.name.endsWith('query_pending_final')) return true;
  if (text.params !== undefined)
    return (handler && text.params.length > 3) || text.params.some(({ name }) => isFinalName(name));
  return text.parts.some((part) => part.some((token) => token.kind === 'word' && isFinalName(token.text)));
}

/** `exact` or `final` stands in its header or its text. */
function readsFlags(code: FunctionCode): boolean {
  const { params, parts } = code.text;
  const flags = params?.filter(({ type, name }) => /bool/.test(type) && isTellingName(name)) ?? [];
  if (flags.length > 0) return true;
  if (params !== undefined && code.text.opened) return false;
  return parts.some((part) => part.some(({ kind, text }) => kind === 'word' && (text === 'final' || text === 'exact')));
}

/** The function calls the other by its name, as the patch leaves it. */
export const callsFrom = ({ new: code }: FunctionChange, name: string): boolean =>
  code?.text.parts.some((part) => part.some(({ text }, at) => text === name && part[at + 1]?.text === '(')) ?? false;

/** The modules are asked in, or below, what is shown of the function: nothing above asks them. */
export const asksBelow = ({ old }: FunctionChange): boolean =>
  old !== undefined && (old.text.opened || old.text.parts.some((part) => part.some(({ text }) => text === CALLBACK)));

/** It is told the kind of its query: a function that is not makes one kind alone. */
export const takesExact = ({ new: code }: FunctionChange): boolean =>
  code?.text.params?.some(({ name }) => isExactName(name)) ?? false;

const callersOf = new WeakMap<Program, ReadonlySet<string>>();

/** Names that are entered from a function that is run itself. Query functions are entered from query functions only. */
function callers(program: Program, handlers: ReadonlySet<string>): ReadonlySet<string> {
  const known = callersOf.get(program);
  if (known !== undefined) return known;
  const names = new Set<string>();
  for (const [own, code] of program.functions) {
    const isQuery = servesQuery(own, code, handlers);
    for (const part of code.text.parts) {
      for (const [at, token] of part.entries()) {
        if (token.kind !== 'word' || token.text === own || part[at + 1]?.text !== '(') continue;
        const callee = program.functions.get(token.text);
        if (callee !== undefined && (isQuery || !servesQuery(token.text, callee, handlers))) names.add(token.text);
      }
    }
  }
  callersOf.set(program, names);
  return names;
}

function servesQuery(name: string, code: FunctionCode, handlers: ReadonlySet<string>): boolean {
  return (
    isHandler(name, code.path, code.text, handlers) ||
    /query_pending/.test(name) ||
    (isMigration(code.path) && readsFlags(code))
  );
}

function baseOf(oldFiles: readonly FileCode[], newFiles: readonly FileCode[]): Base {
  if (hasFinal(oldFiles)) return 'with-final';
  const defined = newFiles.some(({ text }) =>
    text.functions.some(({ name, opened }) => opened && name.endsWith('query_pending_final')),
  );
  if (defined || oldFiles.some(lacksFinal)) return 'without-final';
  return hasFinal(newFiles) ? 'with-final' : 'unknown';
}

/** The callback, or the pair before it, without `final`. */
function lacksFinal({ text }: FileCode): boolean {
  const shown = [...text.prototypes, ...text.functions.map(({ name, params }) => ({ name, params }))];
  return shown.some(({ name, params }) => {
    if (OLD_CALLBACKS.includes(name)) return true;
    if (name === CALLBACK) return params !== undefined && params.length < 4;
    return name === CORE_QUERY && params !== undefined && params.length < 3;
  });
}

function hasFinal(files: readonly FileCode[]): boolean {
  return files.some(({ text }) => {
    const named = [...text.functions, ...text.prototypes];
    if (named.some(({ name, params }) => /query_pending_final/.test(name) || isFinalCallback(name, params?.length)))
      return true;
    return text.functions.some(({ parts }) =>
      parts.some((part) =>
        part.some(
          (token) => /query_pending_final$/.test(token.text) || (token.text === 'final' && token.kind === 'word'),
        ),
      ),
    );
  });
}

function isFinalCallback(name: string, params: number | undefined): boolean {
  return (name === CALLBACK && (params ?? 0) > 3) || (name === CORE_QUERY && (params ?? 0) > 2);
}

/** What is wrong in the core's own function is told there. */
export function callsChangedCore({ changes }: SeriesModel, change: FunctionChange): boolean {
  return (
    callsFrom(change, CORE_QUERY) && changes.some(({ name, patch }) => name === CORE_QUERY && patch === change.patch)
  );
}
