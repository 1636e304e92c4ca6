/** The report in the formats that are asked for; what only pages show is fetched when a page is made. */
import { readContext } from '../analysis/context-lines.ts';
import type { InputPlan } from '../analysis/replay-inputs.ts';
import { NO_CONTEXT } from '../report/context-lines.ts';
import { RENDERERS } from '../report/renderers/registry.ts';
import type { Beside, Renderer, RenderOptions } from '../report/renderers/renderer.ts';
import type { Report } from '../report/report.ts';
import { ruleTexts } from '../report/rule-texts.ts';
import type { Rule } from '../rules/rule.ts';

export class Rendering {
  readonly #report: Report;
  readonly #plan: InputPlan;
  readonly #rules: readonly Rule[];
  readonly #options: RenderOptions;
  readonly #done = new Map<Renderer['id'], string>();

  constructor(report: Report, plan: InputPlan, rules: readonly Rule[], options: RenderOptions) {
    this.#report = report;
    this.#plan = plan;
    this.#rules = rules;
    this.#options = options;
  }

  async as(format: Renderer['id']): Promise<string> {
    const known = this.#done.get(format);
    if (known !== undefined) return known;
    const renderer = RENDERERS.find(({ id }) => id === format);
    if (renderer === undefined) throw new Error(`no renderer ${format}`);
    const text = renderer.render(this.#report, this.#options, await this.#beside(format === 'html'));
    this.#done.set(format, text);
    return text;
  }

  async #beside(isPage: boolean): Promise<Beside> {
    const rules = ruleTexts(this.#rules);
    if (!isPage) return { charts: [], context: NO_CONTEXT, rules };
    return { charts: [], context: await readContext(this.#report, this.#plan), rules };
  }
}
