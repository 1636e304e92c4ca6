/** Reads and replays all inputs; whoever wants to know what happened listens as a sink. */

import { compileLate } from '../base/compiler.ts';
import { UserError } from '../base/errors.ts';
import { collectAlone, keepHeapSmall } from '../base/memory.ts';
import { plural } from '../base/text.ts';
import type { Band, Side } from '../catalog/vocabulary.ts';
import { ByteSource } from '../ingest/byte-source.ts';
import type { Clock } from '../ingest/clock.ts';
import { groupInputs } from '../ingest/group-inputs.ts';
import { inputNames } from '../ingest/input-names.ts';
import type { InputFacts } from '../ingest/item-reader.ts';
import { LineReader } from '../ingest/line-reader.ts';
import type { ProblemCode } from '../ingest/problems.ts';
import { type Answered, SampleLog } from '../ingest/samples.ts';
import { separateTables } from '../ingest/simple/event-table.ts';
import type { Place } from '../ingest/trace-item.ts';
import { TraceStream } from '../ingest/trace-stream.ts';
import { abortedProcess } from '../replay/aborted-process.ts';
import type { DirtyBytesSample, StatusAnswer } from '../replay/answers.ts';
import type { Incoming } from '../replay/destination/incoming.ts';
import type { LimitSetting } from '../replay/limit-settings.ts';
import { StreamReplay } from '../replay/replay.ts';
import type { AssertionFailure } from '../replay/run.ts';
import type { ReplaySink } from '../replay/sink.ts';
import { fanOut } from '../replay/sinks.ts';
import { ProcessReplays } from './process-replays.ts';

/** What is kept grows with the number of migrations alone: with so many in one log, memory counts for more than time. */
const SEVERAL_MIGRATIONS = 2;
/** Less is read in less time than it takes to compile anything. */
const LARGE_BYTES = 1_000_000;

export interface ReplayRequest {
  /** Files, `-` for standard input, or patterns such as `LOG.%d`. */
  readonly paths: readonly string[];
  /** File of query-migrate samples. */
  readonly qmp: string | undefined;
  /** undefined: read off the log. */
  readonly band: Band | undefined;
  readonly fullDigest: boolean;
  readonly sinks: readonly ReplaySink[];
  readonly progress: (bytesRead: number, bytesInAll: number | undefined) => void | Promise<void>;
}

export interface ReplayedInput {
  readonly name: string;
  readonly side: Side | 'unknown';
  readonly facts: InputFacts;
}

/** What --qmp gave. */
export interface SampleFacts {
  readonly name: string;
  readonly lines: number;
  readonly samples: number;
  readonly notUnderstood: number;
}

export interface ReplayResult {
  readonly samples: SampleFacts | undefined;
  readonly inputs: readonly ReplayedInput[];
  readonly band: Band | undefined;
  /** What the processes did as destinations. */
  readonly incomings: readonly Incoming[];
  /** Per stream, the second since 1970 that its times count from; undefined without time stamps. */
  readonly clockBases: readonly (number | undefined)[];
}

interface OpenStream {
  readonly stream: TraceStream;
  readonly replays: ProcessReplays;
  /** All of it was read: whether it is a source is known. */
  over: boolean;
}

/** Names of the inputs in their order, as the report has them. @throws UserError */
export function planInputs(paths: readonly string[], qmp: string | undefined) {
  const { traces, tables } = separateTables(paths);
  const groups = groupInputs(traces);
  const files = groups.flatMap((group) => group.map(({ path }) => path));
  const names = inputNames(qmp === undefined ? files : [...files, qmp]);
  return { groups, files, tables, names, nameOf: (input: number): string => names[input] ?? '?' };
}

export type InputPlan = ReturnType<typeof planInputs>;

/** @throws UserError when an input can't be read or shows no migration. */
export async function replayInputs(request: ReplayRequest, plan: InputPlan): Promise<ReplayResult> {
  await collectAlone();
  const sink = fanOut(request.sinks);
  const sampleLog = new SampleLog();
  const samples = request.qmp === undefined ? undefined : await readSamples(request.qmp, plan, sampleLog);
  let index = 0;
  const nextIndex = (): number => index++;
  const streams = await openStreams(plan, request, { sink, sampleLog, nextIndex });
  const sizes = streams.flatMap(({ stream }) => stream.readers.map((reader) => reader.size));
  const inAll = sizes.reduce<number | undefined>(
    (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  );
  if (inAll === undefined || inAll >= LARGE_BYTES) await compileLate();
  let done = 0;
  for (const open of streams) {
    const { stream, replays } = open;
    await stream.read(
      (item) => replays.process(item),
      async (bytes) => {
        if (index >= SEVERAL_MIGRATIONS) await keepHeapSmall();
        await request.progress(done + bytes, inAll);
      },
    );
    for (const replay of replays.all) if (!replay.undecided) replay.close(false);
    open.over = true;
    done += stream.readers.reduce((sum, reader) => sum + reader.bytesRead, 0);
  }
  closeUndecided(replaysOf(streams));
  settleAssertions(streams, request.band, sink, nextIndex);
  for (const replay of replaysOf(streams)) replay.conclude();
  const inputs = describeInputs(streams, plan);
  if (index === 0) refuseWithoutMigration(inputs, streams);
  return {
    samples,
    inputs,
    band: request.band ?? replaysOf(streams).find(({ band }) => band !== undefined)?.band,
    incomings: replaysOf(streams).flatMap(({ incoming }) => incoming.list),
    clockBases: streams.map(({ stream }) => stream.clock.baseSeconds),
  };
}

async function openStreams(
  plan: InputPlan,
  request: ReplayRequest,
  shared: { sink: Required<ReplaySink>; sampleLog: SampleLog; nextIndex: () => number },
): Promise<readonly OpenStream[]> {
  const streams: OpenStream[] = [];
  let firstInput = 0;
  for (const [number, group] of plan.groups.entries()) {
    const stream = await TraceStream.open({ group, firstInput, tables: plan.tables, fullDigest: request.fullDigest });
    const first = firstInput;
    firstInput += group.length;
    const create = () =>
      new StreamReplay(number, {
        sink: shared.sink,
        band: request.band,
        nextIndex: shared.nextIndex,
        note: (code, place) => stream.readers[place.input - first]?.note(code, place.line),
        samplesAfter: (ns) => samplesAfter(shared.sampleLog, stream.clock, ns).filter(mayBeOf(group, first, plan)),
        answersAfter: (ns) => answersAfter(shared.sampleLog, stream.clock, ns).filter(mayBeOf(group, first, plan)),
        samplesShared: () => severalSources(streams) || streams.some(({ over }, at) => !over && at !== number),
        limits: () => (severalSources(streams) ? [] : limitsOn(shared.sampleLog, stream.clock)),
        readSample: (json, place, timeNs) => readSample(shared.sampleLog, stream.clock, json, place, timeNs),
      });
    streams.push({ stream, replays: new ProcessReplays(create), over: false });
  }
  return streams;
}

/** What stands in a log is about the process that wrote it; --qmp may be about any. */
function mayBeOf(group: readonly unknown[], first: number, { files }: InputPlan) {
  return ({ place: { input } }: { readonly place: Place }): boolean =>
    input === files.length || (input >= first && input < first + group.length);
}

function severalSources(streams: readonly OpenStream[]): boolean {
  return replaysOf(streams).filter(({ side }) => side === 'source').length > 1;
}

function replaysOf(streams: readonly OpenStream[]): readonly StreamReplay[] {
  return streams.flatMap(({ replays }) => replays.all);
}

function samplesAfter(log: SampleLog, clock: Clock, ns: number): readonly DirtyBytesSample[] {
  return log.samples
    .flatMap((sample) => onClock(sample, clock))
    .filter((sample) => sample.toNs >= ns)
    .sort((a, b) => a.toNs - b.toNs);
}

function answersAfter(log: SampleLog, clock: Clock, ns: number): readonly StatusAnswer[] {
  return log.answers
    .flatMap((answer) => onClock(answer, clock))
    .filter((answer) => answer.toNs >= ns)
    .sort((a, b) => a.toNs - b.toNs);
}

function limitsOn(log: SampleLog, clock: Clock): readonly LimitSetting[] {
  return log.limits.flatMap(({ at, ms, place }) => {
    const timeNs = clock.fromEpoch(at);
    return timeNs === undefined ? [] : [{ ms, place, timeNs }];
  });
}

/** An answer can be judged only when the times around it are known. */
function onClock<A extends Answered>({ from, to, started, ...answer }: A, clock: Clock) {
  const times = timesOn(from, to, clock);
  const began = started === undefined ? undefined : timesOn(started.from, started.to, clock);
  return times === undefined ? [] : [{ ...answer, ...times, started: began }];
}

function timesOn(from: number | undefined, to: number | undefined, clock: Clock) {
  const fromNs = from === undefined ? undefined : clock.fromEpoch(from);
  const toNs = to === undefined ? undefined : clock.fromEpoch(to);
  return fromNs === undefined || toNs === undefined ? undefined : { fromNs, toNs };
}

function readSample(log: SampleLog, clock: Clock, json: string, place: Place, timeNs: number | undefined) {
  const before = log.samples.length;
  const base = clock.epochSeconds;
  log.line(json, place, timeNs === undefined || base === undefined ? undefined : base + timeNs / 1e9);
  return log.samples.slice(before).flatMap((sample) => onClock(sample, clock))[0];
}

async function readSamples(path: string, plan: InputPlan, log: SampleLog): Promise<SampleFacts> {
  const input = plan.files.length;
  const source = await ByteSource.open(path, false);
  const lines = new LineReader(source);
  let blank = 0;
  try {
    while (await lines.advance()) {
      const text = lines.buffer.toString('utf8', lines.start, lines.end).trim();
      if (text === '') blank += 1;
      else log.line(text, { input, line: lines.line, text }, undefined);
    }
  } finally {
    source.close();
  }
  const { notUnderstood } = log;
  if (lines.line === blank) throw new UserError(`${path} is empty; --qmp wants query-migrate samples as JSON lines`);
  if (notUnderstood === lines.line - blank) {
    throw new UserError(`${path}: no line of it is JSON; --qmp wants query-migrate samples or a QMP log as JSON lines`);
  }
  return { name: plan.nameOf(input), lines: lines.line, samples: log.samples.length, notUnderstood };
}

/** A log of states alone may be of either side: beside a source's log it is the destination's. */
function closeUndecided(replays: readonly StreamReplay[]): void {
  const sourceElsewhere = replays.some(({ side }) => side === 'source');
  for (const replay of replays) if (replay.undecided) replay.close(sourceElsewhere);
}

/** An assertion failure belongs to the last migration that is not over; where there is none, it makes one. */
function settleAssertions(
  streams: readonly OpenStream[],
  band: Band | undefined,
  sink: Required<ReplaySink>,
  nextIndex: () => number,
): void {
  const failures = new Map<string, { failure: AssertionFailure; stream: number }>();
  for (const [number, { replays }] of streams.entries()) {
    if (replays.side === 'destination') continue;
    for (const failure of replays.all.flatMap(({ assertions }) => assertions)) {
      const key = `${failure.function} ${failure.expression}`;
      // The same text may stand in the log and in what was kept of stderr.
      if (!failures.has(key)) failures.set(key, { failure, stream: number });
    }
  }
  for (const { failure, stream } of failures.values()) {
    const victim = replaysOf(streams).findLast(
      ({ unfinished }) => unfinished !== undefined && unfinished.assertion === undefined,
    );
    if (victim !== undefined) {
      victim.abort(failure);
      continue;
    }
    const migration = abortedProcess(nextIndex(), stream, band, failure);
    sink.migrationBegins(migration);
    sink.assertion(failure, migration);
    sink.migrationEnds(migration);
  }
}

function describeInputs(streams: readonly OpenStream[], plan: InputPlan): readonly ReplayedInput[] {
  return streams.flatMap(({ stream, replays }) =>
    stream.readers.map((reader) => ({ name: plan.nameOf(reader.input), side: replays.side, facts: reader.facts() })),
  );
}

/** A destination's log has no migration of its own; anything else without one is not what the user meant. */
function refuseWithoutMigration(inputs: readonly ReplayedInput[], streams: readonly OpenStream[]): void {
  if (inputs.some(({ side }) => side === 'destination')) return;
  const readers = streams.flatMap(({ stream }) => stream.readers);
  const reasons = inputs.map(
    ({ name, facts }, at) => `${name} ${whyNoMigration(facts, readers[at]?.looksBinary === true)}`,
  );
  throw new UserError(
    `${reasons.slice(0, 3).join('; ')}${reasons.length > 3 ? `; and ${reasons.length - 3} more like it` : ''}`,
  );
}

function whyNoMigration(facts: InputFacts, binary: boolean): string {
  const record = 'record one with -trace events=FILE -D LOG, where `qtrace events` prints that FILE';
  const has = (code: ProblemCode): boolean => facts.problems.some((problem) => problem.code === code);
  const undeclared = facts.problems.find(({ code }) => code === 'undeclared-record');
  if (undeclared !== undefined) {
    return `has ${plural(undeclared.count, 'record')} that can't be read without their declarations; give the trace-events-all file of the QEMU that wrote it as well`;
  }
  if (facts.events > 0) return `has ${plural(facts.events, 'trace event')}, but none of a migration; ${record}`;
  if (has('truncated-compression')) return 'is damaged: it cannot be unpacked; compress the log again';
  if (has('torn-record')) return 'is damaged: none of its records can be read; copy it again when QEMU has ended';
  if (facts.lines === 0) return `is empty: no trace to read; ${record}`;
  if (binary || has('nul-bytes')) return `is not a text log but binary data; ${record}`;
  if (facts.messages > 0) return 'has only messages of QEMU and no trace event; give it together with the trace log';
  return `has no trace event of QEMU in ${facts.lines === 1 ? 'its one line' : `its ${facts.lines} lines`}; ${record}`;
}
