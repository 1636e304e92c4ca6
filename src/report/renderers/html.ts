/**
 * The page that a reviewer attaches to his mail: the verdict first, then each
 * finding with its proof, what could not be decided, the run, the inputs. One
 * file, complete without script and network.
 */
import type { Report } from '../report.ts';
import { untiedSection } from './html/destination.ts';
import { document } from './html/document.ts';
import { findingsSection, proofSize } from './html/findings.ts';
import { contents, pageHead, pageTitle } from './html/head.ts';
import { identityMeta } from './html/identity.ts';
import { inputsSection } from './html/inputs.ts';
import { leftOutSection } from './html/left-out.ts';
import { html } from './html/markup.ts';
import { REPORT_STYLES } from './html/report-styles.ts';
import { fitted, type Room } from './html/room.ts';
import { runSection } from './html/run.ts';
import { SCRIPT } from './html/script.ts';
import { Sheet } from './html/sheet.ts';
import { undecidedSection } from './html/undecided.ts';
import { verdictsSection } from './html/verdicts.ts';
import { type Beside, NOTHING_BESIDE, type Renderer, type RenderOptions } from './renderer.ts';

export const htmlRenderer: Renderer = {
  id: 'html',
  render: renderHtml,
};

function renderHtml(report: Report, { mail = false }: RenderOptions, beside: Beside = NOTHING_BESIDE): string {
  const leastSize = (room: Room): number => proofSize(report, room);
  return fitted(mail, leastSize, (room) => page(report, beside, room, mail));
}

function page(report: Report, beside: Beside, room: Room, mail: boolean): string {
  const sheet = new Sheet(report, beside, room);
  const sections = [
    verdictsSection(sheet),
    findingsSection(sheet),
    undecidedSection(sheet),
    runSection(sheet),
    untiedSection(sheet),
    inputsSection(sheet),
  ];
  return document({
    title: pageTitle(sheet),
    // The last section tells what the others left out.
    body: html`${pageHead(sheet)}${contents(sheet)}${sections}${leftOutSection(sheet, mail)}`,
    footer: html`<p>qtrace ${report.qtrace.slice(0, 40)}, schema ${report.schema}</p>`,
    css: REPORT_STYLES,
    meta: identityMeta(report),
    ...(mail ? {} : { script: SCRIPT }),
  });
}
