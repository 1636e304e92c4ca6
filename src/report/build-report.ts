/** Makes the report out of what was read, replayed and judged. */
import { createHash } from 'node:crypto';
import { toJsonNumber } from '../base/uint64.ts';
import type { Band } from '../catalog/vocabulary.ts';
import type { InputFacts } from '../ingest/item-reader.ts';
import { PROBLEM_KINDS } from '../ingest/problems.ts';
import type { Place } from '../ingest/trace-item.ts';
import type { Downtime, Migration } from '../replay/run.ts';
import type { Rule } from '../rules/rule.ts';
import type { Verdict } from '../rules/run-rules.ts';
import { buildDestination, buildUntied, type DestinationsParts } from './build-destination.ts';
import { deviceBlock } from './device-block.ts';
import type {
  DowntimeReport,
  InputReport,
  LineReport,
  MigrationReport,
  Report,
  SamplesReport,
  Summary,
  VerdictReport,
} from './report.ts';

/** Evidence of one finding: a proof is a few lines; thousands are counted in the message. */
const MAX_EVIDENCE = 20;

export interface MigrationParts extends Pick<MigrationReport, 'rounds' | 'steps' | 'measures'> {
  readonly migration: Migration;
}

export interface ReportParts {
  readonly version: string;
  readonly rules: readonly Rule[];
  readonly inputs: readonly { readonly name: string; readonly side: InputReport['side']; readonly facts: InputFacts }[];
  readonly samples: SamplesReport | undefined;
  readonly band: Band | undefined;
  readonly migrations: readonly MigrationParts[];
  readonly destinations: DestinationsParts;
  readonly verdicts: readonly Verdict[];
  /** Name of the input, or of the file of samples, that a place stands in. */
  readonly nameOf: (input: number) => string;
}

export function buildReport(parts: ReportParts): Report {
  const line = (place: Place): LineReport => ({ file: parts.nameOf(place.input), line: place.line, text: place.text });
  const verdicts = parts.verdicts.map((verdict) => buildVerdict(verdict, line));
  return {
    schema: 'qtrace-report/1',
    qtrace: parts.version,
    ruleset: rulesetDigest(parts.rules),
    inputs: parts.inputs.map(buildInput),
    samples: parts.samples ?? null,
    qemu: parts.band ?? null,
    migrations: parts.migrations.map((one) => {
      const tied = parts.destinations.tied.find(({ pair }) => pair.migration === one.migration);
      const destination = tied === undefined ? null : buildDestination(tied, parts.destinations, line);
      return { ...buildMigration(one, line), destination };
    }),
    untiedDestinations: parts.destinations.untied.map((one) => buildUntied(one, line)),
    verdicts,
    summary: summarise(verdicts),
  };
}

/** Two reports with the same digest were judged by the same rules. */
function rulesetDigest(rules: readonly Rule[]): string {
  const texts = rules.map(({ id, severity, demands, needs, limits }) => ({ id, severity, demands, needs, limits }));
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 12);
}

function buildInput({ name, side, facts }: ReportParts['inputs'][number]): InputReport {
  const { bytes, digest, lines, events, format, messages } = facts;
  const problems = facts.problems.map(({ code, count, firstLine }) => {
    const { text, hint, hole } = PROBLEM_KINDS[code];
    return { code, count, firstLine, text, hint, weakens: hole };
  });
  return { name, bytes, digest, lines, events, format, side, messages, problems };
}

function buildMigration(
  { migration, rounds, steps, measures }: MigrationParts,
  line: (place: Place) => LineReport,
): Omit<MigrationReport, 'destination'> {
  const { downtime, finalTotalBytes, messages, messageCount } = migration;
  return {
    index: migration.index,
    kind: migration.kind,
    outcome: migration.outcome,
    states: migration.states.map(({ state, at }) => ({
      state,
      file: line(at.place).file,
      line: at.place.line,
      ns: at.ns ?? null,
    })),
    queries: { ...migration.counts },
    syncs: migration.syncCount,
    iterations: migration.iterations,
    downtimeNs: downtime?.durationNs ?? null,
    finalTotalBytes: finalTotalBytes === undefined ? null : toJsonNumber(finalTotalBytes),
    phases: migration.phases.map(({ name, startNs, endNs, startLine, endLine }) => ({
      name,
      startNs: startNs ?? null,
      endNs: endNs ?? null,
      lines: [startLine, endLine],
    })),
    rounds,
    downtime: downtime === undefined ? null : buildDowntime(migration, downtime, line),
    steps,
    measures,
    messages: { lines: messages.map(({ place }) => line(place)), omitted: messageCount - messages.length },
  };
}

function buildDowntime(migration: Migration, downtime: Downtime, line: (place: Place) => LineReport): DowntimeReport {
  return {
    durationNs: downtime.durationNs,
    start: line(downtime.start),
    end: line(downtime.end),
    checkpoints: checkpointSteps(migration, downtime),
    iterable: deviceBlock(migration.deviceSaves.filter(({ iterable }) => iterable)),
    nonIterable: deviceBlock(migration.deviceSaves.filter(({ iterable }) => !iterable)),
  };
}

/** From one checkpoint to the next, within the downtime. */
function checkpointSteps(migration: Migration, downtime: Downtime): DowntimeReport['checkpoints'] {
  const within = migration.checkpoints.filter(
    ({ at }) => at.ns !== undefined && at.ns >= downtime.startNs && at.ns <= downtime.endNs,
  );
  return within.slice(1).map((checkpoint, index) => {
    const from = within[index] ?? checkpoint;
    return { from: from.name, to: checkpoint.name, durationNs: (checkpoint.at.ns ?? 0) - (from.at.ns ?? 0) };
  });
}

function buildVerdict(verdict: Verdict, line: (place: Place) => LineReport): VerdictReport {
  return {
    rule: verdict.rule.id,
    severity: verdict.severity,
    migration: verdict.migration,
    verdict: verdict.verdict,
    reason: verdict.reason,
    enable: verdict.enable,
    findingCount: verdict.findingCount,
    findings: verdict.findings.map(({ message, expected, actual, evidence }) => ({
      message,
      expected,
      actual,
      evidence: evidence.slice(0, MAX_EVIDENCE).map(line),
    })),
  };
}

function summarise(verdicts: readonly VerdictReport[]): Summary {
  const count = (wanted: VerdictReport['verdict']): number =>
    verdicts.filter(({ verdict }) => verdict === wanted).length;
  const violated = verdicts.filter(({ verdict }) => verdict === 'violated');
  const worst = (['error', 'warning', 'info'] as const).find((severity) =>
    violated.some((verdict) => verdict.severity === severity),
  );
  return {
    pass: count('pass'),
    violated: violated.length,
    undecidable: count('undecidable'),
    notApplicable: count('not-applicable'),
    worst: worst ?? 'none',
  };
}
