/** Runs of the patched build and of the one without it, for `review`. */
import { analyze } from '../analysis/analyze.ts';
import { planInputs } from '../analysis/replay-inputs.ts';
import { learnDeclaration } from '../catalog/catalog.ts';
import type { Band } from '../catalog/vocabulary.ts';
import { compareRuns } from '../diff/compare.ts';
import { judge } from '../diff/gate.ts';
import type { Timeline } from '../report/charts/timeline.ts';
import { TimelineCollector } from '../report/charts/timeline-collector.ts';
import type { Report } from '../report/report.ts';
import { declarationsOf } from '../review/model/trace-events.ts';
import type { Series } from '../review/series.ts';
import type { Runs } from '../review/tie.ts';
import { RULES } from '../rules/registry.ts';
import type { Rule } from '../rules/rule.ts';
import { Progress } from './progress.ts';

export interface TraceRequest {
  readonly head: readonly string[];
  readonly base: readonly string[];
  readonly qmp: string | undefined;
  readonly baseQmp: string | undefined;
  /** undefined: read off the log. */
  readonly band: Band | undefined;
  readonly rules: readonly Rule[];
  /** Takes what the charts of the patched build's run are drawn from. */
  readonly toTimelines: ((timelines: readonly Timeline[]) => void) | undefined;
}

/** Every file that will be read. @throws UserError where one can't be found. */
export function filesOfRuns({
  head,
  base,
  qmp,
  baseQmp,
}: Omit<TraceRequest, 'rules' | 'toTimelines'>): readonly string[] {
  const traces = [head, base].flatMap((paths) => (paths.length === 0 ? [] : planInputs(paths, undefined).files));
  return [...traces, ...[qmp, baseQmp].filter((file) => file !== undefined)];
}

/** The events that the series changes are read in their new text, too. @throws UserError */
export async function runTraces(series: Series, request: TraceRequest): Promise<Runs> {
  const { head, base, qmp, baseQmp, toTimelines } = request;
  const functionOf = new Map(RULES.map(({ id, qemu }) => [id, qemu.function]));
  if (head.length === 0) return { head: undefined, base: undefined, diff: undefined, functionOf };
  // The build without the patch prints what the catalogue has: it is read before the patch's texts are learnt.
  const before = base.length === 0 ? undefined : await report(base, baseQmp, request, undefined);
  for (const declaration of declarationsOf(series)) learnDeclaration(declaration);
  const after = await report(head, qmp, request, toTimelines);
  if (before === undefined) return { head: after, base: undefined, diff: undefined, functionOf };
  const nameOf = (one: Report): string => one.inputs[0]?.name ?? '?';
  const compared = compareRuns({
    base: [{ name: nameOf(before), source: 'trace', facts: before }],
    head: [{ name: nameOf(after), source: 'trace', facts: after }],
    baseMigration: undefined,
    headMigration: undefined,
  });
  return { head: after, base: before, diff: { ...compared, gate: judge(compared, 'error', []) }, functionOf };
}

async function report(
  paths: readonly string[],
  qmp: string | undefined,
  { band, rules }: TraceRequest,
  toTimelines: TraceRequest['toTimelines'],
): Promise<Report> {
  const plan = planInputs(paths, qmp);
  const collector = toTimelines === undefined ? undefined : new TimelineCollector(plan.nameOf);
  const progress = new Progress(false);
  try {
    const made = await analyze(
      {
        paths: plan.files,
        qmp,
        band,
        rules,
        fullDigest: false,
        listener: collector,
        progress: (read, inAll) => progress.update(read, inAll),
      },
      plan,
    );
    if (collector !== undefined) toTimelines?.(collector.timelines());
    return made;
  } finally {
    progress.end();
  }
}
