/**
 * How a page looks: light and dark as the reader's system has it, and paper,
 * which is always light. Colours are custom properties, the charts' among them,
 * so that one picture serves all three. Every pair of text and ground has a
 * contrast of at least 4.5.
 */
import { PALETTE } from '../../charts/palette.ts';

const LIGHT = `
  color-scheme: light;
  --ink: #1c2128; --muted: #57606a; --ground: #ffffff; --panel: #f5f7f9; --line: #d0d7de; --link: #0550ae;
  --error: #a40e26; --error-ground: #ffebe9; --warning: #7a4b00; --warning-ground: #fff5d9;
  --info: #0b5a8f; --info-ground: #e6f3fc; --good: #116329; --good-ground: #e3f6e8;
  --hit: #fff1b8; --hit-edge: #b58100;`;

const DARK = `
  color-scheme: dark;
  --ink: #e3e9ef; --muted: #a3adb8; --ground: #0f1318; --panel: #181e25; --line: #36404a; --link: #7dbdff;
  --error: #ff9a93; --error-ground: #3b1517; --warning: #efc26a; --warning-ground: #33280d;
  --info: #8ccbff; --info-ground: #10293d; --good: #7fdc9c; --good-ground: #10301b;
  --hit: #453a10; --hit-edge: #e0b93a;`;

const PAGE = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere; }
main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
footer { padding-bottom: 2rem; color: var(--muted); font-size: .875rem; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.0625rem; margin: 1.5rem 0 .5rem; }
h4 { font-size: 1rem; margin: 1rem 0 .25rem; }
p, ul, ol, dl, table, figure, details { margin: .5rem 0; }
ul, ol { padding-left: 1.5rem; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
:target { scroll-margin-top: 1rem; }
code, .raw { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .875em; }
code { unicode-bidi: isolate-override; }
summary { cursor: pointer; }
dt { color: var(--muted); font-size: .875rem; margin-top: .5rem; }
dd { margin: 0; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
td code, th code { display: inline-block; min-width: 8ch; max-width: 40ch; overflow-wrap: anywhere; vertical-align: top; }
caption { text-align: left; color: var(--muted); padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 400; }
.n { text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; max-width: 100%; }
.muted { color: var(--muted); }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: .5rem; top: .5rem; padding: .5rem; background: var(--ground); }
.raw { margin: .25rem 0; padding: .375rem .5rem .375rem 6.5ch; background: var(--panel); border-left: 3px solid var(--line);
  line-height: 1.45; }
.raw.long { padding-left: 10ch; }
.raw li { white-space: pre-wrap; unicode-bidi: isolate-override; padding-left: 2ch;
  text-indent: -1.5ch; }
.raw li::marker { color: var(--muted); }
.raw .hit { background: var(--hit); box-shadow: -3px 0 var(--hit-edge); font-weight: 600; }
.raw .gap { list-style: none; padding-left: .5ch; text-indent: 0; color: var(--muted); font-family: system-ui, sans-serif; }
.tag { display: inline-block; padding: 0 .5em; border-radius: .75em; font-size: .8125rem; font-weight: 600;
  white-space: nowrap; }
.error { color: var(--error); background: var(--error-ground); }
.warning { color: var(--warning); background: var(--warning-ground); }
.info { color: var(--info); background: var(--info-ground); }
.good { color: var(--good); background: var(--good-ground); }`;

const PAPER = `
@page { margin: 15mm; }
body { font-size: 10pt; }
main, footer { max-width: none; padding: 0; }
a { color: inherit; text-decoration: none; }
.skip, nav { display: none; }
h2, h3, h4, summary { break-after: avoid; }
tr, li, figure { break-inside: avoid; }
.scroll { overflow: visible; }
.raw li { orphans: 2; }
* { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
details::details-content { content-visibility: visible; height: auto; }`;

/** The shared style, and `more` for one kind of page, without what only its source needs. */
export function styleSheet(more = ''): string {
  const sheet = `:root{${LIGHT}${chartColors('light')}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}${chartColors('dark')}}}
${PAGE}${more}
@media print{${PAPER}}`;
  return sheet
    .replace(/\s+/g, ' ')
    .replace(/ ?([{}:;,]) /g, '$1')
    .replaceAll(';}', '}')
    .trim();
}

/** The charts' own, which stand in their pictures as references with the light value as fallback. */
function chartColors(scheme: 'light' | 'dark'): string {
  return Object.entries(PALETTE)
    .map(([name, value]) => `${name}:${value[scheme]};`)
    .join('');
}
