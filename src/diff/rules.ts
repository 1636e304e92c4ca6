/** What became of each rule. */
import type { FindingReport, VerdictReport } from '../report/report.ts';
import type { RuleChange, RuleDiff, VerdictCounts } from './diff.ts';
import type { Member, Slot } from './pair-up.ts';

type Verdict = VerdictReport['verdict'];
type JudgedRule = Omit<RuleDiff, 'step'>;

interface OfRun {
  readonly run: string;
  readonly verdict: VerdictReport;
}

/** The first that any run has is the side's verdict. */
const WORST_FIRST: readonly Verdict[] = ['violated', 'undecidable', 'pass', 'not-applicable'];
const RANK: Readonly<Record<RuleChange, number>> = {
  'newly-violated': 0,
  fixed: 1,
  'still-violated': 2,
  'newly-undecidable': 3,
  'newly-decidable': 4,
  unchanged: 5,
};
const SEVERITY = { error: 0, warning: 1, info: 2 } as const;

/** Of several runs of a side the first that has its verdict speaks for it. */
export function diffRules(slots: readonly Slot[]): readonly JudgedRule[] {
  const diffs = slots.flatMap((slot, pair) => diffSlot(slot, pair));
  return diffs.sort(
    (a, b) => RANK[a.change] - RANK[b.change] || SEVERITY[a.severity] - SEVERITY[b.severity] || a.pair - b.pair,
  );
}

function diffSlot(slot: Slot, pair: number): JudgedRule[] {
  const base = slot.base.map(verdictsOf);
  const head = slot.head.map(verdictsOf);
  const rules = new Set([...head, ...base].flatMap(({ verdicts }) => [...verdicts.keys()]));
  return [...rules].flatMap((rule) => {
    const of = (side: readonly RunVerdicts[]): readonly OfRun[] =>
      side.flatMap(({ run, verdicts }) => {
        const verdict = verdicts.get(rule);
        return verdict === undefined ? [] : [{ run, verdict }];
      });
    const [before, after] = [of(base), of(head)];
    return diffRule(rule, pair, before, after);
  });
}

function diffRule(
  rule: string,
  pair: number,
  before: readonly OfRun[],
  after: readonly OfRun[],
): readonly JudgedRule[] {
  const [worstBefore, worstAfter] = [worst(before), worst(after)];
  const [base, head] = [worstBefore?.verdict, worstAfter?.verdict];
  const violating = head?.verdict === 'violated' ? worstAfter : base?.verdict === 'violated' ? worstBefore : undefined;
  const shown = violating?.verdict;
  const one = shown ?? head ?? base;
  if (one === undefined) return [];
  return [
    {
      ...{ rule, severity: one.severity, pair },
      ...{ base: base?.verdict ?? null, head: head?.verdict ?? null },
      change: isChance(base, head) ? 'unchanged' : changeOf(base?.verdict, head?.verdict),
      ...{ baseCounts: countsOf(before), headCounts: countsOf(after) },
      ...{ baseReason: base?.reason ?? '', headReason: head?.reason ?? '' },
      enable: head?.verdict === 'undecidable' ? head.enable : [],
      findings: findingsOf(shown),
      run: violating?.run ?? null,
    },
  ];
}

/** A duty that does not apply any more is not thereby fulfilled. */
export function changeOf(base: Verdict | undefined, head: Verdict | undefined): RuleChange {
  if (head === 'violated') return base === 'violated' ? 'still-violated' : 'newly-violated';
  if (base === 'violated' && head === 'pass') return 'fixed';
  if (head === 'undecidable' && base !== 'undecidable') return 'newly-undecidable';
  return base === 'undecidable' && head === 'pass' ? 'newly-decidable' : 'unchanged';
}

/** Whether a sample of query-migrate falls behind the final query is chance: with samples on both sides nothing changed. */
const SAMPLES_MISS_IT = /^\d+ samples? of query-migrate agree, but none /;
const SAMPLES_SHOW_IT = /\bsamples? of query-migrate\b/;

function isChance(base: VerdictReport | undefined, head: VerdictReport | undefined): boolean {
  const reasons = [base, head].flatMap((one) => (one === undefined || one.verdict === 'violated' ? [] : [one.reason]));
  return (
    reasons.length === 2 &&
    reasons.every((reason) => SAMPLES_SHOW_IT.test(reason)) &&
    reasons.some((reason) => SAMPLES_MISS_IT.test(reason))
  );
}

function worst(verdicts: readonly OfRun[]): OfRun | undefined {
  for (const wanted of WORST_FIRST) {
    const found = verdicts.find(({ verdict: { verdict } }) => verdict === wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

function countsOf(verdicts: readonly OfRun[]): VerdictCounts {
  const counts = { pass: 0, violated: 0, undecidable: 0, 'not-applicable': 0 };
  for (const { verdict } of verdicts) counts[verdict.verdict] += 1;
  return counts;
}

const MAX_FINDINGS = 5;

function findingsOf(verdict: VerdictReport | undefined): readonly FindingReport[] {
  return verdict === undefined ? [] : verdict.findings.slice(0, MAX_FINDINGS);
}

interface RunVerdicts {
  readonly run: string;
  readonly verdicts: ReadonlyMap<string, VerdictReport>;
}

function verdictsOf({ run, migration }: Member): RunVerdicts {
  const own = run.facts.verdicts.filter((verdict) => verdict.migration === migration.index);
  return { run: run.name, verdicts: new Map(own.map((verdict) => [verdict.rule, verdict])) };
}
