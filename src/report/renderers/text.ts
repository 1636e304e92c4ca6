/**
 * The text that a QEMU developer pastes into a mail: the verdict first, then
 * what proves it, then the numbers. At most 100 columns, except for the raw
 * trace lines, which are the proof and stand whole.
 */
import type { Report } from '../report.ts';
import type { Renderer, RenderOptions } from './renderer.ts';
import { untiedSections } from './text/destination.ts';
import { headline } from './text/headline.ts';
import { inputsSection } from './text/inputs.ts';
import { clip, paragraphs } from './text/layout.ts';
import { migrationSections } from './text/migrations.ts';
import { pageFor } from './text/page.ts';
import { settledSection } from './text/settled.ts';
import { undecidedSection } from './text/undecided.ts';
import { violationsSection } from './text/violations.ts';

export const textRenderer: Renderer = {
  id: 'text',
  render: renderText,
};

function renderText(report: Report, options: RenderOptions): string {
  const page = pageFor(options);
  const sections = [
    headline(report, page),
    inputsSection(report, page),
    violationsSection(report, page),
    undecidedSection(report, page),
    ...migrationSections(report, page),
    ...untiedSections(report, page),
    settledSection(report, page),
    [`qtrace ${clip(report.qtrace, 40)}, rule set ${clip(report.ruleset.slice(0, 12), 12)}`],
  ];
  return `${paragraphs(sections).join('\n')}\n`;
}
