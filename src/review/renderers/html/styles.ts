/** CSS of the annotated diff. */
export const DIFF_STYLES = `
.remarks { list-style: none; padding: 0; }
.remarks li { margin: .4rem 0; }
.diff { width: 100%; border-collapse: collapse; font: .8125rem/1.45 ui-monospace, monospace; table-layout: fixed; }
.diff td { border: 0; padding: 0 .5ch; vertical-align: top; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate-override; }
.diff .no { width: 7ch; text-align: right; color: var(--muted); user-select: none; }
.diff .mark { width: 2.5ch; }
.diff .added td { background: var(--good-ground); }
.diff .deleted td { background: var(--error-ground); }
.diff .said td { white-space: normal; font-family: system-ui, sans-serif; font-size: .875rem; padding: .5rem 1rem; }
.diff .said div { border-left: 3px solid var(--line); padding-left: .75rem; margin: .25rem 0; }
.diff .said .words { white-space: pre-wrap; }`;
