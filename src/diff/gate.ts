/** Whether a diff lets a change pass: what CI asks. */
import { UserError } from '../base/errors.ts';
import { MEASURES } from '../report/measures.ts';
import type { Diff, GateReport, MetricDiff, RuleDiff } from './diff.ts';
import { runsNeeded } from './metrics.ts';

export const FAIL_ON = ['error', 'warning', 'newly-violated', 'newly-undecidable', 'never'] as const;

export type FailOn = (typeof FAIL_ON)[number];

export interface Threshold {
  readonly metric: string;
  /** Percent by which the median may get worse. */
  readonly percent: number;
}

/** `downtime=10%`. @throws UserError */
export function parseThreshold(text: string): Threshold {
  const match = /^([a-z-]+)=(\d{1,6}(?:\.\d+)?)%?$/.exec(text.trim());
  const [metric, percent] = [match?.[1], match?.[2]];
  if (metric === undefined || percent === undefined) {
    throw new UserError(`--max-regression ${text}: not a metric and a percentage; write downtime=10%`);
  }
  if (!MEASURES.some(({ name }) => name === metric)) {
    const names = MEASURES.map(({ name }) => name).join(', ');
    throw new UserError(`--max-regression ${text}: no such metric; there are ${names}`);
  }
  return { metric, percent: Number(percent) };
}

export function judge(diff: Omit<Diff, 'gate'>, failOn: FailOn, thresholds: readonly Threshold[]): GateReport {
  const failures = diff.rules.filter((rule) => fails(rule, failOn)).map(ruleText);
  const remarks: string[] = [];
  for (const threshold of thresholds) {
    const metrics = diff.metrics.filter(({ name }) => name === threshold.metric);
    if (metrics.length === 0) failures.push(`${threshold.metric}: no migration of the one side has a partner`);
    for (const metric of metrics) judgeMetric(metric, threshold, failures, remarks);
  }
  return { failOn, failures, remarks };
}

function fails({ change, severity }: RuleDiff, failOn: FailOn): boolean {
  switch (failOn) {
    case 'never':
      return false;
    case 'error':
      return change === 'newly-violated' && severity === 'error';
    case 'warning':
      return change === 'newly-violated' && severity !== 'info';
    case 'newly-violated':
      return change === 'newly-violated';
    case 'newly-undecidable':
      return change === 'newly-violated' || change === 'newly-undecidable';
  }
}

function ruleText({ rule, change }: RuleDiff): string {
  return `${rule} is ${change.replace('-', ' ')}`;
}

/** What is not shown is not held; what is noise is no regression. */
function judgeMetric(metric: MetricDiff, { percent }: Threshold, failures: string[], remarks: string[]): void {
  const { name, base, head, worse, ratio, p, significant } = metric;
  if (base.median === null || head.median === null) {
    failures.push(`${name} is not shown in ${base.median === null ? 'base' : 'head'}: no limit can be held to it`);
    return;
  }
  const change = ratio === null ? (head.median === 0 ? 0 : Number.POSITIVE_INFINITY) : (ratio - 1) * 100;
  const regression = worse === 'higher' ? change : -change;
  if (regression <= percent) return;
  const amount = Number.isFinite(change) ? `${change > 0 ? '+' : ''}${change.toFixed(1)} %` : 'from nothing';
  const text = `${name} ${amount}, ${percent} % allowed`;
  if (p === null || significant) failures.push(p === null ? `${text} (one run a side: not tested)` : text);
  else remarks.push(`${text}, but ${noiseText(metric)}: not counted`);
}

/** A gate that too few runs keep open must say so. */
function noiseText(metric: MetricDiff): string {
  const { base, head } = metric;
  const runs = `n=${base.n}+${head.n}`;
  const needed = runsNeeded(metric);
  if (Math.min(base.n, head.n) >= needed) return `it is within noise (${runs})`;
  return `so few runs (${runs}) can't tell it from noise, ${needed} a side are needed`;
}
