/** Where the runs of a diff come from: a trace, or what `analyze` has stored of one. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { analyze } from '../analysis/analyze.ts';
import { planInputs } from '../analysis/replay-inputs.ts';
import { messageOf, UserError } from '../base/errors.ts';
import type { Band } from '../catalog/vocabulary.ts';
import { decodeFacts, decodeReport } from '../diff/decode-facts.ts';
import type { DiffRun } from '../diff/diff.ts';
import { TimelineCollector } from '../report/charts/timeline-collector.ts';
import type { RunFacts } from '../report/run-facts.ts';
import { RULES } from '../rules/registry.ts';
import type { Rule } from '../rules/rule.ts';
import { readRun } from '../store/read-run.ts';

/** A report of a hundred migrations is far below. */
const MAX_REPORT_BYTES = 512 * 2 ** 20;
const HEAD_BYTES = 512;

export interface RunRequest {
  /** Files of one run, joined by commas. */
  readonly argument: string;
  /** As it is called in the diff. */
  readonly name: string;
  readonly qmp: string | undefined;
  readonly band: Band | undefined;
  /** All rules are judged, as for a report; these are compared. */
  readonly chosen: readonly Rule[];
  /** Whether charts are to be drawn. */
  readonly charts: boolean;
  readonly progress: (bytesRead: number, bytesInAll: number | undefined) => void | Promise<void>;
}

/** @throws UserError when it can't be read, or is nothing that can be compared. */
export async function loadRun(request: RunRequest): Promise<DiffRun> {
  const { argument, name, chosen } = request;
  const files = filesOf(argument);
  const [file = argument] = files;
  const stored = files.length === 1 ? storedKind(file) : undefined;
  const only = (facts: RunFacts): RunFacts => {
    return { ...facts, verdicts: facts.verdicts.filter(({ rule }) => chosen.some(({ id }) => id === rule)) };
  };
  if (stored === undefined) {
    const { facts, ...drawn } = await analyzed(request, files);
    return { name, source: 'trace', facts: only(facts), ...drawn };
  }
  if (request.band !== undefined) {
    throw new UserError(
      `${file} is a stored ${stored}, judged as its own version; name its trace to choose another one`,
    );
  }
  if (request.qmp !== undefined) {
    throw new UserError(`${file} is a stored ${stored}, to which no samples can be added; name its trace instead`);
  }
  const facts = stored === 'database' ? decodeFacts(await readRun(file), file) : decodeReport(readJson(file), file);
  return { name, source: stored, facts: only(facts) };
}

/** A file whose name has a comma is that file. */
export function filesOf(argument: string): readonly string[] {
  return existsSync(argument) ? [argument] : argument.split(',');
}

/** Every file of a run. @throws UserError where one can't be found. */
export function sourcesOf(argument: string): readonly string[] {
  const files = filesOf(argument);
  const [file = argument] = files;
  return files.length === 1 && storedKind(file) !== undefined ? files : planInputs(files, undefined).files;
}

async function analyzed(
  { qmp, band, charts, progress }: RunRequest,
  files: readonly string[],
): Promise<Pick<DiffRun, 'facts' | 'timelines'>> {
  const plan = planInputs(files, qmp);
  const listener = charts ? new TimelineCollector(plan.nameOf) : undefined;
  const facts = await analyze(
    { paths: plan.files, qmp, band, rules: RULES, fullDigest: false, listener, progress },
    plan,
  );
  return listener === undefined ? { facts } : { facts, timelines: listener.timelines() };
}

/** By its first bytes. */
function storedKind(path: string): 'report' | 'database' | undefined {
  if (path === '-' || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const head = firstBytes(path);
  if (head.startsWith('SQLite format 3\0')) return 'database';
  // Sorted by key, it begins with its inputs.
  return /^\s*\{\s*(?:"schema"\s*:\s*"qtrace-|"inputs"\s*:\s*\[)/.test(head) ? 'report' : undefined;
}

function firstBytes(path: string): string {
  const buffer = Buffer.alloc(HEAD_BYTES);
  try {
    const descriptor = openSync(path, 'r');
    try {
      return buffer.toString('latin1', 0, readSync(descriptor, buffer));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Whoever reads it as a trace says why it can't be read.
    return '';
  }
}

function readJson(path: string): unknown {
  if (statSync(path).size > MAX_REPORT_BYTES) throw new UserError(`${path} is too large for a report; name its trace`);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (thrown) {
    throw new UserError(`${path} is a damaged report: ${messageOf(thrown)}; run \`qtrace analyze\` on its trace again`);
  }
}
