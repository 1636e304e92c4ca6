/** What the report's page has beside the shared style. */
export const REPORT_STYLES = `
header { margin-top: 1.5rem; }
header p { margin: .25rem 0; }
.kind { color: var(--muted); font-size: .875rem; }
h1 { padding: .5rem .75rem; border-left: 4px solid currentColor; }
h1.plain { background: var(--panel); }
.note { color: var(--warning); }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.counts span { margin-right: 1rem; white-space: nowrap; }
.counts b { font-size: 1.25rem; }
.verdicts { list-style: none; padding: 0; }
.verdicts li { margin: .375rem 0; }
.tag.plain { background: var(--panel); border: 1px solid var(--line); }
.finding { margin: 1.25rem 0; padding: .25rem 1rem .5rem; border: 1px solid var(--line); border-left: 4px solid; }
.finding.error, .finding.warning, .finding.info { background: none; }
.finding > *, .finding dd { color: var(--ink); }
.finding h3 { margin-top: .75rem; }
.finding dt { color: var(--muted); }
.what { font-weight: 600; }
.case + .case { border-top: 1px solid var(--line); }
.proof { margin: .5rem 0; }
.proof figcaption { color: var(--muted); font-size: .875rem; }
mark { background: none; color: inherit; }
.raw .first { box-shadow: -3px 0 var(--error); }
.remedy { padding-left: 1.5rem; color: var(--ink); }
.side { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0 3rem; }
.side > * { max-width: 100%; }
.side caption { white-space: nowrap; }
@media (min-width: 45rem) {
  .finding dl { display: grid; grid-template-columns: 12.5rem 1fr; gap: .25rem 1rem; }
  .finding dt { margin: 0; padding-top: .1rem; grid-column: 1; }
  .finding dd { grid-column: 2; }
}
.facts { display: flex; flex-wrap: wrap; gap: .25rem 2rem; }
.facts dt { margin: 0; }
.flow { list-style: none; padding: 0; }
.flow li { display: inline-block; margin-right: .25rem; }
.flow li + li::before { content: "\\2192\\00a0"; color: var(--muted); }
.chart { margin: 1.5rem 0; }
.plot { overflow-x: auto; }
.plot svg { display: block; max-width: 100%; height: auto; }
@media screen and (max-width: 45rem) { .plot svg { max-width: none; width: 42rem; } }
td .digest { width: 32ch; }
tfoot th, tfoot td { font-weight: 600; }`;
