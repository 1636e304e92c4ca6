/** The diff in a few lines: what a reviewer wants to know first. Plain sentences; who prints them escapes them. */
import { plural } from '../../../base/text.ts';
import type { Diff, MetricDiff, PairReport, RuleChange, RuleDiff, SideReport, StepDiff } from '../../diff.ts';
import { percentOf, pText } from './amounts.ts';

export function headlineOf(diff: Diff): string {
  const rules = rulesPart(diff);
  const [first = '', ...rest] = [rules, ...outcomeParts(diff), protocolPart(diff), metricsPart(diff)].filter(
    (part) => part !== '',
  );
  if (isWithoutDifference(diff)) return 'no difference';
  return [first, ...rest].join('; ');
}

/** Nothing differs, in no figure either. */
export function isWithoutDifference(diff: Diff): boolean {
  const sameRules = diff.rules.every(({ base, head }) => base === head);
  const sameMetrics = diff.metrics.every(({ base, head, delta }) => (delta === null ? base.n === head.n : delta === 0));
  return diff.pairs.length > 0 && sameRules && sameMetrics && !hasChanges(diff) && diff.unpaired.length === 0;
}

export function hasChanges({ changes, pairs }: Diff): boolean {
  return changes.length > 0 || pairs.some(({ base, head }) => base.kind !== head.kind || base.outcome !== head.outcome);
}

/** What the migrations were and how they ended, where the sides differ in it. */
function outcomeParts({ pairs }: Diff): readonly string[] {
  const words = pairs.flatMap(({ base, head }) => [
    ...(base.kind === head.kind ? [] : [`${base.kind} in base, ${head.kind} in head`]),
    ...(base.outcome === head.outcome ? [] : [`${base.outcome} in base, ${head.outcome} in head`]),
  ]);
  return [...new Set(words)].slice(0, 3);
}

function rulesPart({ rules }: Diff): string {
  const named = (change: RuleChange, words: string): readonly string[] => {
    const ids = [...new Set(rules.filter((rule) => rule.change === change).map(({ rule }) => rule))];
    if (ids.length === 0) return [];
    return [`${words} ${ids.length > 3 ? plural(ids.length, 'rule') : ids.join(', ')}`];
  };
  const parts = [
    ...named('newly-violated', 'newly violated:'),
    ...named('fixed', 'fixed:'),
    ...named('still-violated', 'still violated:'),
  ];
  if (!rules.some(({ change }) => change === 'newly-violated')) parts.unshift('no rule is newly violated');
  return parts.join('; ');
}

function protocolPart(diff: Diff): string {
  const all = diff.pairs.every(({ baseRuns, headRuns }) =>
    [baseRuns, headRuns].every((one) => one.alike === one.count),
  );
  return diff.changes.length === 0
    ? `the protocol is the same${all ? '' : ' in the runs shown'}${diff.steps.some(({ notShown }) => notShown) ? ' as far as both logs show it' : ''}`
    : plural(diff.changes.length, 'change of the protocol', 'changes of the protocol');
}

function metricsPart({ metrics }: Diff): string {
  if (!metrics.some(({ p }) => p !== null)) return 'one run on a side, so no metric is tested';
  const significant = metrics.filter((metric) => metric.significant);
  if (significant.length === 0) return 'no metric differs beyond noise';
  return significant
    .slice(0, 3)
    .map((metric) => `${metric.name} ${percentOf(metric)} (${pText(metric)})`)
    .concat(significant.length > 3 ? [`${significant.length - 3} more metrics`] : [])
    .join(', ');
}

/** `base  src.log: precopy, completed; QEMU 11.1` */
export function sideText(side: SideReport, pairs: readonly PairReport[], which: 'base' | 'head'): string {
  const { runs } = side;
  const [first, last] = [runs[0], runs.at(-1)];
  const names = runs.length <= 2 ? runs.map(({ name }) => name).join(', ') : `${first?.name} ... ${last?.name}`;
  const many = runs.length > 1 ? `${runs.length} runs (${names})` : names;
  const kinds = [...new Set(pairs.map((pair) => `${pair[which].kind}, ${pair[which].outcome}`))].slice(0, 4);
  const versions = [...new Set(runs.map(({ qemu }) => versionText(qemu)))];
  const sources = [...new Set(runs.map(({ source }) => source))].filter((source) => source !== 'trace');
  const stored = sources.length === 0 ? [] : [`read from a stored ${sources.join(' or ')}`];
  return [`${many}: ${kinds.join(' / ') || 'no migration compared'}`, versions.join(', '), ...stored].join('; ');
}

function versionText(qemu: SideReport['runs'][number]['qemu']): string {
  if (qemu === null) return 'QEMU version not shown';
  return qemu === 'thread' ? 'QEMU with the posted patch' : `QEMU ${qemu}`;
}

/** What was not compared, and how many runs go like the ones that are shown. */
export function pairNotes({ pairs, unpaired }: Diff): readonly string[] {
  const lonely = unpaired.slice(0, 6).map(({ side, run, index, kind, outcome }) => {
    return `migration ${index} of ${side} (${kind}, ${outcome}; ${run}) has no partner: not compared`;
  });
  const more = unpaired.length > 6 ? [`${unpaired.length - 6} more migrations have no partner`] : [];
  return [...lonely, ...more, ...pairs.flatMap(alikeNotes)];
}

function alikeNotes({ base, head, baseRuns, headRuns, pair }: PairReport): readonly string[] {
  if (baseRuns.count + headRuns.count <= 2) return [];
  const of = (name: string, { count, alike, likeOther }: PairReport['baseRuns'], other: string): string => {
    const others = alike === likeOther || likeOther === 0 ? '' : `, ${likeOther} like ${other}'s`;
    return `${alike} of ${count} ${name} runs go through the steps shown${others}`;
  };
  const which = pair > 0 || base.index !== head.index ? `migration ${base.index} / ${head.index}: ` : '';
  return [`${which}${of('base', baseRuns, 'head')}; ${of('head', headRuns, 'base')}`];
}

/** `violated`, of several runs `violated in 3 of 10`. */
export function verdictText(rule: RuleDiff, which: 'base' | 'head'): string {
  const verdict = rule[which];
  if (verdict === null) return 'not judged';
  const counts = which === 'base' ? rule.baseCounts : rule.headCounts;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return all > 1 ? `${verdict} in ${counts[verdict]} of ${all}` : verdict;
}

const SECTION_WORDS: Readonly<Record<StepDiff['section'], string>> = {
  setup: 'of the setup',
  iterate: 'before the switchover',
  switchover: 'of the switchover',
  checkpoint: 'of the checkpoint',
  postcopy: 'of postcopy',
  end: 'at the end',
};

/** `at the step 'final query' of the switchover, in head/src.log`: of several runs with the one that the lines are of. */
export function placeText(rule: RuleDiff, { steps, base, head }: Diff): string {
  const step = rule.step === null ? undefined : steps[rule.step];
  const name = (step?.head ?? step?.base)?.name;
  const at = step === undefined || name === undefined ? [] : [`at the step '${name}' ${SECTION_WORDS[step.section]}`];
  const side = rule.head === 'violated' ? head : base;
  const isOther = rule.head === 'violated' && step === undefined ? ', whose steps are not shown below' : '';
  const run = side.runs.length > 1 && rule.run !== null ? [`in ${rule.run}${isOther}`] : [];
  return [...at, ...run].join(', ');
}

/** Metrics that either side shows. */
export function shownMetrics(diff: Diff, pair: number): readonly MetricDiff[] {
  return diff.metrics.filter((metric) => metric.pair === pair && metric.base.n + metric.head.n > 0);
}
