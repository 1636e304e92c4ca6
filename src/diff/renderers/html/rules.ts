import { html, type Markup } from '../../../report/renderers/html/markup.ts';
import type { Diff, RuleChange, RuleDiff } from '../../diff.ts';
import { placeText, verdictText } from '../words/summary.ts';

const WORDS: Readonly<Record<RuleChange, string>> = {
  'newly-violated': 'newly violated',
  fixed: 'fixed',
  'still-violated': 'still violated',
  'newly-undecidable': 'newly undecidable',
  'newly-decidable': 'newly decidable',
  unchanged: 'unchanged',
};

/** Changed rules with what proves them; the others behind a summary. */
export function rulesSection(diff: Diff): Markup {
  const changed = diff.rules.filter(({ change }) => change !== 'unchanged');
  const unchanged = diff.rules.filter(({ change }) => change === 'unchanged');
  return html`<h2>Rules</h2>
${changed.length === 0 ? html`<p>No rule changed.</p>` : table(changed, 'Rules that changed')}
${changed.filter(({ change }) => change === 'newly-violated').map((rule) => finding(rule, diff))}
<details><summary>${unchanged.length} unchanged rules</summary>${table(unchanged, 'Rules that did not change')}</details>`;
}

function table(rules: readonly RuleDiff[], name: string): Markup {
  return html`<section class="scroll" tabindex="0" aria-label="${name}"><table>
<thead><tr><th scope="col">change</th><th scope="col">rule</th><th scope="col">base</th><th scope="col">head</th><th scope="col">why</th></tr></thead>
<tbody>${rules.map(
    (
      rule,
    ) => html`<tr><td>${tag(rule)}</td><th scope="row"><code>${rule.rule}</code></th><td>${verdictText(rule, 'base')}</td><td>${verdictText(rule, 'head')}</td><td>${rule.findings[0]?.message ?? rule.headReason}</td></tr>
`,
  )}</tbody></table></section>`;
}

function tag({ change, severity }: RuleDiff): Markup {
  const look = change === 'newly-violated' || change === 'still-violated' ? severity : change === 'fixed' ? 'good' : '';
  return look === '' ? html`${WORDS[change]}` : html`<span class="tag ${look}">${WORDS[change]}</span>`;
}

function finding(rule: RuleDiff, diff: Diff): Markup {
  const where = placeText(rule, diff);
  const [found] = rule.findings;
  return html`<h3><code>${rule.rule}</code> <span class="tag ${rule.severity}">${rule.severity}</span></h3>
${where === '' ? undefined : html`<p>${where.replace(/^[ai]/, (letter) => letter.toUpperCase())}.</p>`}
${
  found === undefined
    ? html`<p>${rule.headReason}</p>`
    : html`<p>${found.message}</p><dl><dt>expected</dt><dd>${found.expected}</dd><dt>actual</dt><dd>${found.actual}</dd></dl>
<ul>${found.evidence.map(({ file, line, text }) => html`<li><code>${file}:${line}: ${text}</code></li>`)}</ul>`
}`;
}
