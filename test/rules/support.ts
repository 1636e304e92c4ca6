/**
 * Judges inline traces: writes them to a temporary folder, runs the analysis on
 * them and reads the verdicts out of the report. Nothing of it outlives a call.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { analyze } from '../../src/analysis/analyze.ts';
import { planInputs, replayInputs } from '../../src/analysis/replay-inputs.ts';
import { UserError } from '../../src/base/errors.ts';
import type { Band } from '../../src/catalog/vocabulary.ts';
import type { Report, VerdictReport } from '../../src/report/report.ts';
import { RULES } from '../../src/rules/registry.ts';
import { RuleRunner } from '../../src/rules/run-rules.ts';

export interface JudgeOptions {
  /** Lines of a file given with --qmp. */
  readonly qmp?: readonly string[];
  readonly band?: Band;
}

/** Lines of one log, `src.log`, or of several by their names, given in this order. */
export type Trace = readonly string[] | Readonly<Record<string, readonly string[]>>;

/** Contents of files by their names: lines, or bytes as they are. */
export type Files = Readonly<Record<string, readonly string[] | string | Buffer>>;

/** The report on a trace. Every line of evidence is held against the line that it names. */
export async function judge(trace: Trace, options: JudgeOptions = {}): Promise<Report> {
  const files: Readonly<Record<string, readonly string[]>> = isLines(trace) ? { 'src.log': trace } : trace;
  const report = await reportOn(files, options);
  expectTrueEvidence(report, options.qmp === undefined ? files : { ...files, [QMP]: options.qmp });
  return report;
}

/** @throws UserError for inputs that show no migration. */
export function reportOn(files: Files, options: JudgeOptions = {}): Promise<Report> {
  return inFolder(files, options, (paths, qmp) =>
    analyze(
      {
        paths,
        qmp,
        band: options.band,
        rules: RULES,
        fullDigest: false,
        listener: undefined,
        progress: () => undefined,
      },
      planInputs(paths, qmp),
    ),
  );
}

function isLines(trace: Trace): trace is readonly string[] {
  return Array.isArray(trace);
}

const QMP = 'qmp.jsonl';

async function inFolder<T>(
  files: Files,
  options: JudgeOptions,
  work: (paths: readonly string[], qmp: string | undefined) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'qtrace-rules-'));
  try {
    const paths = Object.entries(files).map(([name, content]) => {
      writeFileSync(join(folder, name), isText(content) ? content : `${content.join('\n')}\n`);
      return join(folder, name);
    });
    if (options.qmp === undefined) return await work(paths, undefined);
    writeFileSync(join(folder, QMP), `${options.qmp.join('\n')}\n`);
    return await work(paths, join(folder, QMP));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isText(content: readonly string[] | string | Buffer): content is string | Buffer {
  return typeof content === 'string' || Buffer.isBuffer(content);
}

export function expectTrueEvidence(report: Report, files: Readonly<Record<string, readonly string[]>>): void {
  for (const { findings } of report.verdicts) {
    for (const { evidence } of findings) {
      expect(evidence.length).toBeGreaterThan(0);
      for (const { file, line, text } of evidence) expect(files[file]?.[line - 1]).toBe(text);
    }
  }
}

/** The verdict of a rule on a migration. */
export function verdictOf(report: Report, rule: string, migration = 0): VerdictReport {
  const found = report.verdicts.filter((verdict) => verdict.rule === rule && verdict.migration === migration);
  expect(found, `one verdict of ${rule} on migration ${migration}`).toHaveLength(1);
  const [verdict] = found;
  if (verdict === undefined) throw new Error(`no verdict of ${rule}`);
  return verdict;
}

/** Rules of severity error that are violated in any migration. */
export function violatedRules(report: Report): readonly string[] {
  const violated = report.verdicts.filter(({ verdict, severity }) => verdict === 'violated' && severity === 'error');
  return violated.map(({ rule }) => rule);
}

/** A violated verdict as `message` and evidence, `src.log:14 qemu_savevm_query_pending exact=0, final=1`. */
export function accusation(report: Report, rule: string, migration = 0) {
  const verdict = verdictOf(report, rule, migration);
  return {
    verdict: verdict.verdict,
    count: verdict.findingCount,
    findings: verdict.findings.map(({ message, evidence }) => ({
      message,
      evidence: evidence.map(({ file, line, text }) => `${file}:${line} ${shorten(text)}`),
    })),
  };
}

/** A line without its prefix, cut where it no longer tells anything. */
function shorten(text: string): string {
  return text
    .replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, '')
    .replace(/^\d+@\d+\.\d+:/, '')
    .replace(/, precopy=.*(, total=\d+).*$/, '$1')
    .slice(0, 110)
    .trimEnd();
}

/** What `accusation` gives for one finding. */
export function accused(message: string, ...evidence: readonly string[]) {
  return { verdict: 'violated', count: 1, findings: [{ message, evidence }] };
}

/** An undecidable verdict, for comparison as a whole. */
export function doubt(report: Report, rule: string, migration = 0) {
  const { verdict, reason, enable, findings } = verdictOf(report, rule, migration);
  return { verdict, reason, enable: [...enable], findings: findings.length };
}

/** What `doubt` gives for an undecidable verdict. */
export function doubtful(reason: string, ...enable: readonly string[]) {
  return { verdict: 'undecidable', reason, enable, findings: 0 };
}

/** One verdict of the quick way below. */
export interface QuickVerdict {
  readonly migration: number;
  readonly rule: string;
  readonly verdict: string;
}

/** The rules without the report, for tests that run a trace thousands of times. Nothing for a refused input. */
export async function quickVerdicts(files: Files, options: JudgeOptions = {}): Promise<readonly QuickVerdict[]> {
  const runner = new RuleRunner(RULES);
  await inFolder(files, options, async (paths, qmp) => {
    const request = {
      paths,
      qmp,
      band: options.band,
      fullDigest: false,
      sinks: [runner],
      progress: () => undefined,
    };
    try {
      await replayInputs(request, planInputs(paths, qmp));
    } catch (thrown) {
      // A trace of which nothing of a migration is left is refused: that accuses nobody.
      if (!(thrown instanceof UserError)) throw thrown;
    }
  });
  return runner.verdicts.map(({ rule, migration, verdict }) => ({ rule: rule.id, migration, verdict }));
}

/** The verdicts of one rule on the migrations of these files. */
export async function verdictsOn(paths: readonly string[], rule: string, qmp?: string): Promise<readonly string[]> {
  const report = await analyze(
    {
      paths,
      qmp,
      band: undefined,
      rules: RULES.filter(({ id }) => id === rule),
      fullDigest: false,
      listener: undefined,
      progress: () => undefined,
    },
    planInputs(paths, qmp),
  );
  return report.verdicts.map(({ verdict }) => verdict);
}
