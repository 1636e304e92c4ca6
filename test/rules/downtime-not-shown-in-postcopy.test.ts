import { expect, test } from 'vitest';
import { accusesNobody } from './accuses-nobody.ts';
import { delayed, postcopyRun, precopyRun } from './runs.ts';
import { accusation, accused, judge, verdictOf } from './support.ts';

const ID = 'downtime-not-shown-in-postcopy';
/** Line 33 is postcopy-device; 5 s pass before postcopy-active. */
const log = delayed(postcopyRun(), 35, 5);
const answer = (status: string, second: number, fields: object): string =>
  JSON.stringify({ t0: 1795395600 + second, t1: 1795395600.01 + second, r: { status, ...fields } });

test('an expected downtime while postcopy runs', async () => {
  const qmp = [
    answer('active', 0, { 'expected-downtime': 300 }),
    answer('postcopy-active', 3, { 'expected-downtime': 3 }),
  ];
  const report = await judge(log, { qmp });
  const verdict = verdictOf(report, ID);
  expect(verdict.severity).toBe('info');
  expect(
    verdict.findings.map(({ message, evidence }) => [message, evidence.map(({ file, line }) => [file, line])]),
  ).toEqual([['query-migrate in state postcopy-active shows no downtime', [['qmp.jsonl', 2]]]]);
});

test('the downtime is shown: a pass', async () => {
  const qmp = [answer('postcopy-device', 2, { downtime: 3 }), answer('postcopy-active', 3, { downtime: 3 })];
  expect(verdictOf(await judge(log, { qmp }), ID).verdict).toBe('pass');
});

test('an answer right behind the switchover proves nothing', async () => {
  const qmp = [answer('postcopy-device', 0.5, {})];
  expect(verdictOf(await judge(log, { qmp }), ID).verdict).toBe('not-applicable');
});

test('precopy, or no answers: nothing to judge', async () => {
  expect(verdictOf(await judge(log), ID).verdict).toBe('not-applicable');
  const qmp = [answer('postcopy-active', 3, {})];
  expect(verdictOf(await judge(delayed(precopyRun(), 30, 5), { qmp }), ID).verdict).toBe('not-applicable');
});

test('without time stamps the answers are not judged', async () => {
  const qmp = [answer('postcopy-active', 3, {})];
  expect(accusation(await judge(postcopyRun(), { qmp }), ID)).not.toEqual(accused('', ''));
  expect(verdictOf(await judge(postcopyRun(), { qmp }), ID).verdict).toBe('not-applicable');
});

accusesNobody(ID);
