/** The lines that prove a finding, in their place in the log: the log's own numbers, the proof marked. */
import { type Elided, elide, elideFurther, plural } from '../../../base/text.ts';
import type { LineReport } from '../../report.ts';
import { html, type Markup, type Piece } from './markup.ts';
import type { Room } from './room.ts';
import { code, elided, type Sheet } from './sheet.ts';

interface Entry {
  readonly line: number;
  readonly text: Elided;
  /** `decisive`: what a finding rests on first of all. */
  readonly weight: 'decisive' | 'proof' | 'around';
}

/** The decisive line comes first; the files in the order of their first line. */
export function proofLines(evidence: readonly LineReport[], sheet: Sheet): Piece {
  const shown = sheet.first(evidence, sheet.room.evidence, 'lines of evidence');
  const files = [...new Set(shown.map(({ file }) => file))];
  return [
    files.map((file) => ofFile(file, shown, sheet)),
    evidence.length > shown.length
      ? html`<p class="muted">${plural(evidence.length - shown.length, 'more line')} of evidence omitted</p>\n`
      : undefined,
  ];
}

function ofFile(file: string, evidence: readonly LineReport[], sheet: Sheet): Markup {
  const around = sheet.beside.context.get(file);
  const own = evidence.filter((line) => line.file === file);
  const entries = withContext(own, evidence[0], around, sheet.room);
  const alone = around === undefined && sheet.room.context > 0 ? ' (the lines around could not be read once more)' : '';
  return html`<figure class="proof">
<figcaption>${code(file)}${alone}</figcaption>
${rawList(entries)}</figure>
`;
}

/** Lines that stand alone: messages of QEMU, the two ends of a time span. */
export function plainLines(lines: readonly LineReport[], sheet: Sheet): Piece {
  const files = [...new Set(lines.map(({ file }) => file))];
  return files.map((file) => {
    const own = lines.filter((line) => line.file === file);
    const entries = own.map(({ line, text }): Entry => ({ line, text: elide(text, sheet.room.raw), weight: 'around' }));
    return html`<figure class="proof">
<figcaption>${code(file)}</figcaption>
${rawList(entries)}</figure>
`;
  });
}

function withContext(
  own: readonly LineReport[],
  decisive: LineReport | undefined,
  around: ReadonlyMap<number, Elided> | undefined,
  { context: reach, raw }: Room,
): readonly Entry[] {
  const entries = own.map(
    (one): Entry => ({
      line: one.line,
      text: elide(one.text, raw),
      weight: one === decisive ? 'decisive' : 'proof',
    }),
  );
  const known = new Set(entries.map(({ line }) => line));
  for (const { line } of own) {
    for (let at = line - reach; at <= line + reach; at += 1) {
      const text = around?.get(at);
      if (text === undefined || known.has(at)) continue;
      known.add(at);
      entries.push({ line: at, text: elideFurther(text, raw), weight: 'around' });
    }
  }
  return entries.sort((a, b) => a.line - b.line);
}

function rawList(entries: readonly Entry[]): Markup {
  const items = entries.map(({ line, text, weight }, at) => {
    const skipped = at === 0 ? 0 : line - (entries[at - 1]?.line ?? line) - 1;
    const gap = skipped > 0 ? html`<li class="gap">${plural(skipped, 'line')} between</li>\n` : undefined;
    const shown = elided(text);
    if (weight === 'around') return html`${gap}<li value="${line}">${shown}</li>\n`;
    return html`${gap}<li value="${line}" class="${weight === 'decisive' ? 'hit first' : 'hit'}"><mark>${shown}</mark></li>\n`;
  });
  // Room for the digits of the numbers.
  const long = entries.some(({ line }) => line > 9999);
  return html`<ol class="${long ? 'raw long' : 'raw'}">\n${items}</ol>\n`;
}
