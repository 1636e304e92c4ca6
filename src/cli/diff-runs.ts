/** Where the runs of a diff come from: a trace, or what `analyze` has stored of one. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { analyze } from '../analysis/analyze.ts';
import { planInputs } from '../analysis/replay-inputs.ts';
import { messageOf, UserError } from '../base/errors.ts';
import type { Band } from '../catalog/vocabulary.ts';
import { decodeFacts } from '../diff/decode-facts.ts';
import type { DiffRun } from '../diff/diff.ts';
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
  readonly rules: readonly Rule[];
  readonly progress: (bytesRead: number, bytesInAll: number | undefined) => void | Promise<void>;
}

/** @throws UserError when it can't be read, or is nothing that can be compared. */
export async function loadRun(request: RunRequest): Promise<DiffRun> {
  const { argument, name, rules } = request;
  const files = filesOf(argument);
  const [file = argument] = files;
  const stored = files.length === 1 ? storedKind(file) : undefined;
  if (stored === undefined) return { name, source: 'trace', facts: await analyzed(request, files) };
  if (request.qmp !== undefined) {
    throw new UserError(`${file} is a stored ${stored}, to which no samples can be added; name its trace instead`);
  }
  const facts = decodeFacts(stored === 'database' ? await readRun(file) : readJson(file), file);
  const chosen = new Set(rules.map(({ id }) => id));
  return { name, source: stored, facts: { ...facts, verdicts: facts.verdicts.filter(({ rule }) => chosen.has(rule)) } };
}

/** A file whose name has a comma is that file. */
export function filesOf(argument: string): readonly string[] {
  return existsSync(argument) ? [argument] : argument.split(',');
}

async function analyzed(
  { qmp, band, rules, progress }: RunRequest,
  files: readonly string[],
): Promise<DiffRun['facts']> {
  const plan = planInputs(files, qmp);
  return analyze({ paths: plan.files, qmp, band, rules, fullDigest: false, listener: undefined, progress }, plan);
}

/** By its first bytes. */
function storedKind(path: string): 'report' | 'database' | undefined {
  if (path === '-' || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const head = firstBytes(path);
  if (head.startsWith('SQLite format 3\0')) return 'database';
  return /^\s*\{\s*"schema"\s*:\s*"qtrace-report\//.test(head) ? 'report' : undefined;
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
