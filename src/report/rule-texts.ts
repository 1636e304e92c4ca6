/** What a page tells of a rule: its own words, none of them from a trace. */
import type { Rule } from '../rules/rule.ts';

export type RuleText = Pick<Rule, 'id' | 'severity' | 'title' | 'demands' | 'why' | 'limits' | 'qemu' | 'bugs'>;

/** By id, in the order in which the rules are run. */
export function ruleTexts(rules: readonly Rule[]): ReadonlyMap<string, RuleText> {
  return new Map(rules.map((rule) => [rule.id, rule]));
}
