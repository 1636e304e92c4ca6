/** The report in the formats that are asked for; what only pages show is fetched when a page is made. */

import { readContext } from '../analysis/context-lines.ts';
import type { InputPlan } from '../analysis/replay-inputs.ts';
import { giveBack } from '../base/memory.ts';
import type { Timeline } from '../report/charts/timeline.ts';
import { RENDERERS } from '../report/renderers/registry.ts';
import { type Beside, NOTHING_BESIDE, type Renderer, type RenderOptions } from '../report/renderers/renderer.ts';
import type { Report } from '../report/report.ts';
import { ruleTexts } from '../report/rule-texts.ts';
import type { Rule } from '../rules/rule.ts';

export interface RenderingParts {
  readonly report: Report;
  readonly plan: InputPlan;
  /** Those that were run. */
  readonly rules: readonly Rule[];
  readonly timelines: readonly Timeline[];
}

export class Rendering {
  readonly #parts: RenderingParts;
  readonly #options: RenderOptions;
  readonly #done = new Map<Renderer['id'], string>();

  constructor(parts: RenderingParts, options: RenderOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async as(format: Renderer['id']): Promise<string> {
    const known = this.#done.get(format);
    if (known !== undefined) return known;
    const renderer = RENDERERS.find(({ id }) => id === format);
    if (renderer === undefined) throw new Error(`no renderer ${format}`);
    const beside =
      format === 'html' ? await this.#besidePage() : { ...NOTHING_BESIDE, rules: ruleTexts(this.#parts.rules) };
    const text = renderer.render(this.#parts.report, this.#options, beside);
    this.#done.set(format, text);
    return text;
  }

  async #besidePage(): Promise<Beside> {
    const { report, plan, rules, timelines } = this.#parts;
    await giveBack();
    // chart.js is loaded for those alone who want a page.
    const { drawCharts } = await import('../report/charts/draw-charts.ts');
    return {
      charts: await drawCharts(report, timelines, { size: this.#options.mail === true ? 'mail' : 'page' }),
      context: await readContext(report, plan),
      rules: ruleTexts(rules),
    };
  }
}
