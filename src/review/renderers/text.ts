/** The review as text: what the mails hold, what people say about it at its place, what changed since the last version. */
import { clip, paragraphs } from '../../report/renderers/text/layout.ts';
import type { ReviewReport } from '../report.ts';
import type { ReviewRenderer, ReviewRenderOptions } from './renderer.ts';
import { commentSections } from './text/comments.ts';
import { headline, problemSection } from './text/headline.ts';
import { patchSection } from './text/patches.ts';
import { effectSection, findingSection, remarkSections } from './text/remarks.ts';
import { versionSections } from './text/versions.ts';

export const textRenderer: ReviewRenderer = {
  id: 'text',
  render: renderText,
};

function renderText(report: ReviewReport, options: ReviewRenderOptions): string {
  const sections = [
    headline(report),
    problemSection(report),
    ...report.patches.map((patch) => patchSection(patch, options)),
    effectSection(report),
    ...remarkSections(report),
    findingSection(report),
    ...commentSections(report),
    ...versionSections(report, options),
    [`qtrace ${clip(report.qtrace, 40)}`],
  ];
  return `${paragraphs(sections).join('\n')}\n`;
}
