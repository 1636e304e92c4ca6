/** Where a migration violates its duties, as places on the axis of a chart. */
import type { LineReport, Report, Severity, VerdictReport } from '../report.ts';
import type { Timeline } from './timeline.ts';

export interface Violation {
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  readonly line: number;
  /** Of the line that is accused: the first of its evidence. */
  readonly at: number;
}

const WEIGHT: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** Errors and warnings of a migration, the worst first; those whose lines this migration has. */
export function violationsOf(report: Report, timeline: Timeline): readonly Violation[] {
  const aborted = report.migrations.some(({ index, outcome }) => index === timeline.migration && outcome === 'aborted');
  const violated = report.verdicts.filter(
    ({ verdict, migration, severity }) =>
      verdict === 'violated' && migration === timeline.migration && severity !== 'info',
  );
  return [...violated]
    .sort((a, b) => WEIGHT[a.severity] - WEIGHT[b.severity])
    .flatMap((verdict) => placesOf(verdict, timeline, aborted));
}

function placesOf(
  { rule, severity, findings }: VerdictReport,
  timeline: Timeline,
  aborted: boolean,
): readonly Violation[] {
  return findings.flatMap(({ evidence }) => {
    const places = evidence.flatMap(({ file, line }) => {
      const x = timeline.find(file, line);
      return x === undefined ? [] : [{ file, line, x }];
    });
    const [first] = places.length > 0 ? places : atTheEnd(evidence, timeline, aborted);
    if (first === undefined) return [];
    return [{ rule, severity, file: first.file, line: first.line, at: first.x }];
  });
}

/** What QEMU printed as it died stands on stderr, without a time: it was the last that happened. */
function atTheEnd(evidence: readonly LineReport[], timeline: Timeline, aborted: boolean) {
  return aborted ? evidence.slice(0, 1).map(({ file, line }) => ({ file, line, x: timeline.to })) : [];
}
