/**
 * GitHub's Markdown, for an issue: the verdict, each finding with its proof,
 * what could not be decided, and the run in tables. Trace text stands in fences
 * and code spans, or has every character escaped that could act: no markup, no
 * link, no mention comes out of it.
 */
import type { Report } from '../report.ts';
import type { Amount } from './markdown/amount.ts';
import { untied } from './markdown/destination.ts';
import { findings } from './markdown/findings.ts';
import { inputs } from './markdown/inputs.ts';
import { runs } from './markdown/run.ts';
import { inline } from './markdown/text.ts';
import { settled, undecided } from './markdown/verdicts.ts';
import { type Beside, NOTHING_BESIDE, type Renderer } from './renderer.ts';
import { holes, verdictSentences } from './text/headline.ts';

/** GitHub takes 65,536 characters. */
const MAX_BYTES = 60_000;

const AMOUNTS: readonly Amount[] = [
  { violations: 30, findings: 10, evidence: 12, raw: 1000, prose: 600, rows: 60, migrations: 10, settled: true },
  { violations: 30, findings: 3, evidence: 8, raw: 500, prose: 400, rows: 30, migrations: 5, settled: true },
  { violations: 20, findings: 2, evidence: 4, raw: 300, prose: 300, rows: 12, migrations: 3, settled: false },
  { violations: 10, findings: 1, evidence: 2, raw: 120, prose: 120, rows: 4, migrations: 1, settled: false },
  { violations: 5, findings: 1, evidence: 1, raw: 60, prose: 60, rows: 0, migrations: 0, settled: false },
];

export const markdownRenderer: Renderer = {
  id: 'markdown',
  render: (report, _options, beside = NOTHING_BESIDE) => {
    let text = '';
    for (const amount of AMOUNTS) {
      text = page(report, beside, amount);
      if (Buffer.byteLength(text) <= MAX_BYTES) return text;
    }
    return text;
  },
};

function page(report: Report, { rules }: Beside, amount: Amount): string {
  const [verdict, ...rest] = verdictSentences(report);
  const weakened = holes(report.inputs);
  const blocks = [
    `## ${inline(verdict)}`,
    ...[...rest, ...(weakened === undefined ? [] : [weakened])].map((sentence) => `${inline(sentence, 2000)}.`),
    ...findings(report, rules, amount),
    ...undecided(report, amount),
    ...runs(report, amount),
    ...untied(report, amount),
    ...inputs(report, amount),
    ...settled(report, amount),
    `qtrace ${inline(report.qtrace, 40)}, rule set ${inline(report.ruleset, 16)}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}
