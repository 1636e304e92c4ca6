/**
 * Ties what traces show to the patch: each finding goes to the hunk that
 * explains it, to the function, or to the file; where none does it is shown
 * all the same. A remark is told what a trace says of its duty.
 */
import type { Diff } from '../diff/diff.ts';
import type { Report, VerdictReport } from '../report/report.ts';
import type { PlacedFinding, TraceFinding } from './report.ts';
import type { Remark, Series } from './series.ts';

export interface Runs {
  /** Of the patched build. */
  readonly head: Report | undefined;
  /** Of the build without the patch. */
  readonly base: Report | undefined;
  readonly diff: Diff | undefined;
  /** The C function that has the duty of each rule. */
  readonly functionOf: ReadonlyMap<string, string>;
}

export const NO_RUNS: Runs = { head: undefined, base: undefined, diff: undefined, functionOf: new Map() };

export interface Tied {
  /** For each remark. */
  readonly traceFindings: readonly (readonly TraceFinding[])[];
  readonly findings: readonly PlacedFinding[];
}

/** Remarks that a violation of the rule bears out, beside those of its own name. */
const CAUSES: Readonly<Record<string, readonly string[]>> = {
  'final-without-bql': ['assertion-removed'],
  'final-without-sync': ['final-not-exact', 'final-missing'],
  'postcopy-switchover-without-sync': ['final-missing', 'final-not-exact', 'final-before-stop', 'final-without-sync'],
  'final-skips-module': ['final-without-sync'],
  'sync-after-final': ['final-repeated', 'query-after-final'],
  'handler-takes-bql': ['query-after-final'],
};

const MOST_EVIDENCE = 6;

export function tieToTraces(series: Series, remarks: readonly Remark[], runs: Runs): Tied {
  const head = runs.head?.verdicts ?? [];
  return {
    traceFindings: remarks.map(({ rule }) => saidOf(rule, head)),
    findings: [
      ...head.filter(isViolated).map((verdict) => placed(series, remarks, verdict, runs)),
      ...fixed(runs).map((verdict) => ({ ...placed(series, remarks, verdict, runs), change: 'fixed' as const })),
    ],
  };
}

const isViolated = ({ verdict }: VerdictReport): boolean => verdict === 'violated';

/** Its own rule first, then what else the fault shows under. */
function saidOf(rule: string, verdicts: readonly VerdictReport[]): readonly TraceFinding[] {
  const own = verdicts.filter((one) => one.rule === rule);
  const violated = own.filter(isViolated);
  const caused = verdicts.filter((one) => isViolated(one) && CAUSES[one.rule]?.includes(rule) === true);
  const bearing = [...violated, ...caused];
  if (bearing.length > 0) return bearing.map((one) => findingOf('confirms', one));
  const passed = own.filter(({ verdict }) => verdict === 'pass');
  const undecided = own.filter(({ verdict }) => verdict === 'undecidable');
  if (undecided.length > 0) return undecided.slice(0, 1).map((one) => findingOf('undecided', one));
  return passed.slice(0, 1).map((one) => findingOf('refutes', one));
}

function findingOf(says: TraceFinding['says'], verdict: VerdictReport): TraceFinding {
  const { rule, migration, reason, enable, findings } = verdict;
  const [first] = findings;
  return {
    says,
    rule,
    migration,
    text: says === 'confirms' ? (first?.message ?? reason) : reason,
    evidence: says === 'confirms' ? (first?.evidence.slice(0, MOST_EVIDENCE) ?? []) : [],
    enable: says === 'undecided' ? enable : [],
  };
}

function placed(series: Series, remarks: readonly Remark[], verdict: VerdictReport, runs: Runs): PlacedFinding {
  const { rule, severity, migration, reason, findings } = verdict;
  const [first] = findings;
  return {
    ...{ rule, severity, migration },
    message: first?.message ?? reason,
    evidence: first?.evidence.slice(0, MOST_EVIDENCE) ?? [],
    change: changeOf(verdict, runs),
    ...placeOf(series, remarks, rule, runs.functionOf.get(rule)),
  };
}

function changeOf({ rule }: VerdictReport, { base, diff }: Runs): PlacedFinding['change'] {
  const told = diff?.rules.find((one) => one.rule === rule && one.head === 'violated')?.change;
  if (told === 'newly-violated' || told === 'still-violated') return told;
  if (base === undefined) return null;
  const before = base.verdicts.some((one) => one.rule === rule && isViolated(one));
  return before ? 'still-violated' : 'newly-violated';
}

/** Violated without the patch only. */
function fixed({ base, head }: Runs): readonly VerdictReport[] {
  if (base === undefined || head === undefined) return [];
  const passes = (rule: string): boolean => head.verdicts.some((one) => one.rule === rule && one.verdict === 'pass');
  const violates = (rule: string): boolean => head.verdicts.some((one) => one.rule === rule && isViolated(one));
  return base.verdicts.filter((one) => isViolated(one) && passes(one.rule) && !violates(one.rule));
}

type PlaceOf = Pick<PlacedFinding, 'near' | 'remark' | 'patch' | 'path' | 'hunk'>;

function placeOf(series: Series, remarks: readonly Remark[], rule: string, duty: string | undefined): PlaceOf {
  const own = remarks.findIndex((remark) => remark.rule === rule);
  const cause = remarks.findIndex((remark) => CAUSES[rule]?.includes(remark.rule) === true);
  const index = own >= 0 ? own : cause;
  const remark = remarks[index];
  if (remark !== undefined) {
    const { patch, path, hunk } = remark;
    return { near: 'hunk', remark: index, patch, path, hunk };
  }
  const inFunction = duty === undefined ? undefined : findHunk(series, duty);
  if (inFunction !== undefined) return { near: 'function', remark: null, ...inFunction };
  const inFile = duty === undefined ? undefined : findFile(series, duty);
  if (inFile !== undefined) return { near: 'file', remark: null, ...inFile };
  return { near: 'elsewhere', remark: null, patch: null, path: null, hunk: null };
}

/** A hunk in that function, by its header or its text. */
function findHunk({ patches }: Series, name: string): { patch: number; path: string; hunk: number } | undefined {
  const word = new RegExp(`\\b${name.replace(/[^\w]/g, '')}\\s*\\(`);
  for (const [patch, { files }] of patches.entries()) {
    for (const { path, hunks } of files) {
      const hunk = hunks.findIndex(
        ({ section, lines }) =>
          word.test(section) || lines.some(({ kind, text }) => kind !== 'context' && word.test(text)),
      );
      if (hunk >= 0) return { patch, path, hunk };
    }
  }
  return undefined;
}

const FILES: readonly (readonly [RegExp, string])[] = [
  [/^(?:qemu_)?savevm_|^qemu_savevm|^vmstate_/, 'migration/savevm.c'],
  [/^(?:ram_|migration_bitmap_)/, 'migration/ram.c'],
  [/^(?:migration_|migrate_|postcopy_start)/, 'migration/migration.c'],
  [/^dirty_bitmap_/, 'migration/block-dirty-bitmap.c'],
  [/^vfio_/, 'hw/vfio/migration.c'],
  [/^colo_/, 'migration/colo.c'],
];

function findFile({ patches }: Series, name: string): { patch: number; path: string; hunk: null } | undefined {
  const wanted = FILES.find(([pattern]) => pattern.test(name))?.[1];
  for (const [patch, { files }] of patches.entries()) {
    if (files.some(({ path }) => path === wanted)) return { patch, path: wanted ?? '', hunk: null };
  }
  return undefined;
}
