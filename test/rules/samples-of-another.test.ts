/** One --qmp file, and more than one process that it may be about. */
import { describe, expect, test } from 'vitest';
import { delayed, hostTime, iso, later, precopyRun } from './runs.ts';
import { judge, verdictOf } from './support.ts';

/** Line 14 is the deciding exact query, 25 the final one, 39 the last. */
const A = iso(precopyRun());
const B = delayed(precopyRun(), 1, 2);
const SHUTDOWN = later(12, 'runstate_set current_run_state 5 (postmigrate) new_state 11 (shutdown)');
const BYTES = 'dirty-bytes-not-updated';
const COUNT = 'sync-count-mismatch';

interface Answer {
  readonly seconds: number;
  readonly line: number;
  readonly r: Readonly<Record<string, unknown>>;
}

/** Answers given behind a line of `A`, or as many seconds later. */
const answers = (...list: readonly Answer[]) => ({
  qmp: list.map(({ seconds, line, r }) =>
    JSON.stringify({ t0: hostTime(line, 3) + seconds, t1: hostTime(line, 5) + seconds, r }),
  ),
});
/** The total of the query before the final one, shown behind the final one. */
const stale = (r: Readonly<Record<string, unknown>> = {}): Answer => ({
  seconds: 0,
  line: 27,
  r: { status: 'device', remaining: 4198400, ...r },
});
const aboutB = (line: number, r: Readonly<Record<string, unknown>>): Answer => ({ seconds: 2, line, r });

describe('stale bytes', () => {
  test("of the migration that began when this one did: this one's", async () => {
    const report = await judge({ 'a.log': A, 'b.log': B }, answers(stale({ 'total-time': 0 })));
    expect([0, 1].map((at) => verdictOf(report, BYTES, at).verdict)).toEqual(['violated', 'undecidable']);
  });

  test("of a migration that began earlier: another process's", async () => {
    const report = await judge(A, answers(stale({ 'total-time': 660 })));
    expect(verdictOf(report, BYTES).verdict).toBe('undecidable');
  });

  test('one log: who answered is not asked', async () => {
    expect(verdictOf(await judge(A, answers(stale())), BYTES).verdict).toBe('violated');
  });

  test('two sources, and the answer does not tell when its migration began', async () => {
    const report = await judge({ 'a.log': A, 'b.log': B }, answers(stale()));
    expect([0, 1].map((at) => verdictOf(report, BYTES, at).verdict)).toEqual(['undecidable', 'undecidable']);
  });

  test("an answer while a migration is under way, behind this one's end: another process's", async () => {
    const late = (status: string): Answer => ({ seconds: 0, line: 38, r: { status, remaining: 4198400 } });
    const longer = [...A, SHUTDOWN];
    expect(verdictOf(await judge(longer, answers(late('active'))), BYTES).verdict).toBe('undecidable');
    expect(verdictOf(await judge(longer, answers(late('completed'))), BYTES).verdict).toBe('violated');
  });

  test('in the log itself: of the process that wrote it', async () => {
    const [sample = ''] = answers(stale()).qmp;
    const report = await judge({ 'a.log': A.toSpliced(26, 0, sample), 'b.log': B });
    expect([0, 1].map((at) => verdictOf(report, BYTES, at).verdict)).toEqual(['violated', 'undecidable']);
  });
});

describe('sync counts', () => {
  const logs = { 'a.log': [...A, SHUTDOWN], 'b.log': [...B, SHUTDOWN] };
  const done: Answer = { seconds: 5, line: 39, r: { status: 'completed', ram: { 'dirty-sync-count': 7 } } };
  const verdicts = async (...list: readonly Answer[]) => {
    const report = await judge(logs, answers(...list, done));
    return [0, 1].map((at) => verdictOf(report, COUNT, at).verdict);
  };

  test('what is completed is what went on before', async () => {
    const active = { status: 'active', 'total-time': 0 };
    expect(await verdicts({ seconds: 0, line: 10, r: active })).toEqual(['violated', 'not-applicable']);
    expect(await verdicts(aboutB(10, active))).toEqual(['not-applicable', 'violated']);
  });

  test('nothing tells whose count it is: nobody is accused', async () => {
    expect(await verdicts()).toEqual(['undecidable', 'undecidable']);
    expect(await verdicts(aboutB(10, { status: 'setup' }))).toEqual(['undecidable', 'undecidable']);
  });

  test('one log: it is its own', async () => {
    expect(verdictOf(await judge(logs['a.log'], answers(done)), COUNT).verdict).toBe('violated');
  });
});
