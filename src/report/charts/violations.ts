/** Where a migration violates its duties, as places on the axis of a chart. */
import type { Report, Severity, VerdictReport } from '../report.ts';
import type { Timeline } from './timeline.ts';

export interface Violation {
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  readonly line: number;
  /** Of the lines that prove it, from the first to the last. */
  readonly from: number;
  readonly to: number;
  /** Of the line that is accused. */
  readonly at: number;
}

const WEIGHT: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** Errors and warnings of a migration, the worst first; those whose lines this migration has. */
export function violationsOf(report: Report, timeline: Timeline): readonly Violation[] {
  const violated = report.verdicts.filter(
    ({ verdict, migration, severity }) =>
      verdict === 'violated' && migration === timeline.migration && severity !== 'info',
  );
  return [...violated]
    .sort((a, b) => WEIGHT[a.severity] - WEIGHT[b.severity])
    .flatMap((verdict) => placesOf(verdict, timeline));
}

function placesOf({ rule, severity, findings }: VerdictReport, timeline: Timeline): readonly Violation[] {
  return findings.flatMap(({ evidence }) => {
    const places = evidence.flatMap(({ file, line }) => {
      const x = timeline.find(file, line);
      return x === undefined ? [] : [{ file, line, x }];
    });
    const [first] = places;
    if (first === undefined) return [];
    const xs = places.map(({ x }) => x);
    return [
      { rule, severity, file: first.file, line: first.line, at: first.x, from: Math.min(...xs), to: Math.max(...xs) },
    ];
  });
}
