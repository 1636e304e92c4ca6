/** Reports of every kind as pages, for the tests that look at pages. */
import { join } from 'node:path';
import { analyze } from '../../../src/analysis/analyze.ts';
import { readContext } from '../../../src/analysis/context-lines.ts';
import { planInputs } from '../../../src/analysis/replay-inputs.ts';
import type { Timeline } from '../../../src/report/charts/timeline.ts';
import { TimelineCollector } from '../../../src/report/charts/timeline-collector.ts';
import type { Beside } from '../../../src/report/renderers/renderer.ts';
import type { Report } from '../../../src/report/report.ts';
import { ruleTexts } from '../../../src/report/rule-texts.ts';
import { RULES } from '../../../src/rules/registry.ts';

export const ROOT = join(import.meta.dirname, '../../..');

export interface Analysed {
  readonly report: Report;
  readonly beside: Beside;
  /** What its charts are drawn from. */
  readonly timelines: readonly Timeline[];
}

/** What `analyze` hands to its renderers. */
export async function analysed(paths: readonly string[], qmp?: string): Promise<Analysed> {
  const plan = planInputs(paths, qmp);
  const request = { paths: plan.files, qmp, band: undefined, rules: RULES, fullDigest: false };
  const collector = new TimelineCollector(plan.nameOf);
  const report = await analyze({ ...request, listener: collector, progress: () => undefined }, plan);
  const beside = { charts: [], context: await readContext(report, plan), rules: ruleTexts(RULES) };
  return { report, beside, timelines: collector.timelines() };
}

export async function fixture(folder: string, files: readonly string[] = ['src.log'], qmp?: string): Promise<Analysed> {
  const at = (file: string): string => join(ROOT, 'fixtures/traces', folder, file);
  return analysed(files.map(at), qmp === undefined ? undefined : at(qmp));
}
