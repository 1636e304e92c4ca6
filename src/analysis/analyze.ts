/** The main job: inputs in, report out. */

import { VERSION } from '../base/version.ts';
import type { Band } from '../catalog/vocabulary.ts';
import { blackoutOf } from '../replay/destination/blackout.ts';
import { pairUp } from '../replay/destination/pair-up.ts';
import { SourceRecorder } from '../replay/destination/source-recorder.ts';
import type { Migration } from '../replay/run.ts';
import type { ReplaySink } from '../replay/sink.ts';
import { buildReport } from '../report/build-report.ts';
import { MeasureTaker } from '../report/measures.ts';
import type { Report } from '../report/report.ts';
import { RoundFolder } from '../report/rounds.ts';
import { StepFolder } from '../report/steps/step-folder.ts';
import type { Rule } from '../rules/rule.ts';
import { RuleRunner } from '../rules/run-rules.ts';
import { Listeners } from './listeners.ts';
import { type InputPlan, replayInputs } from './replay-inputs.ts';

export interface AnalyzeRequest {
  readonly paths: readonly string[];
  readonly qmp: string | undefined;
  readonly band: Band | undefined;
  readonly rules: readonly Rule[];
  readonly fullDigest: boolean;
  /** Listens too: the store. */
  readonly listener: ReplaySink | undefined;
  readonly progress: (bytesRead: number, bytesInAll: number | undefined) => void | Promise<void>;
}

/** @throws UserError when an input can't be read or shows no migration. */
export async function analyze(request: AnalyzeRequest, plan: InputPlan): Promise<Report> {
  const runner = new RuleRunner(request.rules);
  const rounds = new RoundFolder(plan.nameOf);
  const steps = new StepFolder(plan.nameOf);
  const measures = new MeasureTaker();
  const recorder = new SourceRecorder();
  const ended: Migration[] = [];
  const collector: ReplaySink = { migrationEnds: (migration) => ended.push(migration) };
  const others: ReplaySink[] = [collector];
  // A migration is tied to one of another process only.
  if (plan.groups.length > 1) others.push(recorder);
  if (request.listener !== undefined) others.push(request.listener);
  const sinks = [new Listeners({ rules: runner, rounds, steps, measures, others })];
  const { inputs, samples, band, incomings, clockBases } = await replayInputs({ ...request, sinks }, plan);
  ended.sort((a, b) => a.index - b.index);
  const { tied, untied } = pairUp(ended, incomings, recorder);
  const order = new Map(request.rules.map((rule, index) => [rule.id, index]));
  const place = (id: string): number => order.get(id) ?? 0;
  runner.verdicts.sort((a, b) => a.migration - b.migration || place(a.rule.id) - place(b.rule.id));
  return buildReport({
    version: VERSION,
    rules: request.rules,
    inputs,
    samples,
    band,
    nameOf: plan.nameOf,
    destinations: { tied: tied.map((pair) => ({ pair, blackout: blackoutOf(pair) })), untied, clockBases },
    verdicts: runner.verdicts,
    migrations: ended.map((migration) => ({
      migration,
      rounds: rounds.rounds(migration),
      steps: steps.steps(migration),
      measures: measures.measures(migration),
    })),
  });
}
