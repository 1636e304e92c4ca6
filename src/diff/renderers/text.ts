/**
 * The text that a reviewer pastes into a mail: rules first, then what became of
 * the protocol, then the figures. ASCII, at most 100 columns but for raw lines.
 */

import { paragraphs, wrap } from '../../report/renderers/text/layout.ts';
import { pageFor } from '../../report/renderers/text/page.ts';
import type { Diff } from '../diff.ts';
import type { DiffRenderer } from './renderer.ts';
import { metricsSection } from './text/metrics.ts';
import { ascii, plain, plainClip } from './text/plain.ts';
import { protocolSections } from './text/protocol.ts';
import { rulesSection } from './text/rules.ts';
import { headlineOf, pairNotes, sideText } from './words/summary.ts';

export const textDiff: DiffRenderer = {
  id: 'text',
  render: (diff, options) => {
    const page = pageFor(options);
    const sections = [
      [...headlineLines(diff).map(page.heading), ...sideLines(diff)],
      gateLines(diff),
      rulesSection(diff, page),
      ...protocolSections(diff, page),
      ...metricsSection(diff, page),
      [`qtrace ${plainClip(diff.qtrace, 40)}`],
    ];
    return `${ascii(paragraphs(sections).join('\n'))}\n`;
  },
};

function headlineLines(diff: Diff): readonly string[] {
  return wrap(plain(headlineOf(diff)), 'qtrace diff: ', '  ');
}

/** Enough for CI: what it is, and why the gate is shut or could not be tested. */
export function quietLines(diff: Diff): readonly string[] {
  return [...headlineLines(diff), ...gateLines(diff)];
}

function sideLines(diff: Diff): readonly string[] {
  const notes = [...diff.notes, ...pairNotes(diff)];
  return [
    ...wrap(plain(sideText(diff.base, diff.pairs, 'base')), '  base  ', '        '),
    ...wrap(plain(sideText(diff.head, diff.pairs, 'head')), '  head  ', '        '),
    ...notes.flatMap((note) => wrap(plain(note), '  note  ', '        ')),
  ];
}

function gateLines({ gate }: Diff): readonly string[] {
  return [
    ...gate.failures.flatMap((failure) => wrap(plain(failure), 'FAIL  ', '      ')),
    ...gate.remarks.flatMap((remark) => wrap(plain(remark), 'pass  ', '      ')),
  ];
}
