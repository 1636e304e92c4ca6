/** Of several runs: whose lines are shown, and at whose steps. All logs have one name, as in folders of CI. */
import { expect, test } from 'vitest';
import type { DiffRun } from '../../src/diff/diff.ts';
import { textDiff } from '../../src/diff/renderers/text.ts';
import type { EmulationRequest } from '../emulator/emulated.ts';
import { buildReport, buildVerdict } from '../report/build.ts';
import { compare, emulatedRun, runOf, whole } from './support.ts';

const runs = (seeds: readonly number[], request: EmulationRequest = {}) =>
  Promise.all(seeds.map((seed) => emulatedRun('precopy', { ...request, seed })));

const textOf = (diff: ReturnType<typeof compare>): string =>
  textDiff.render(whole(diff), { color: false, verbose: false }, []);

test('one faulty run of four is named, and its lines are not sought in the steps of another', async () => {
  const faulty = await runs([24], { faults: ['sync-after-final'] });
  const diff = compare(await runs([11, 12]), [...(await runs([21, 22, 23])), ...faulty]);
  const rule = diff.rules.find(({ change }) => change === 'newly-violated');
  expect(rule).toMatchObject({ rule: 'sync-after-final', run: 'precopy-24.log', step: null });
  expect(diff.steps.flatMap(({ rules }) => rules)).toEqual([]);
  expect(textOf(diff)).toContain('in precopy-24.log, whose steps are not shown below\n');
  expect(textOf(diff)).toMatch(/the protocol is the same in\s+the runs shown/);
});

test('of several faulty runs the one whose steps are shown speaks', async () => {
  const odd = await runs([24], { faults: ['double-final', 'sync-after-final'] });
  const diff = compare(await runs([11, 12]), [...odd, ...(await runs([21, 22], { faults: ['sync-after-final'] }))]);
  const rule = diff.rules.find((one) => one.rule === 'sync-after-final');
  expect(rule?.run).toBe('precopy-21.log');
  expect(diff.steps[rule?.step ?? -1]?.head?.name).toBe('sync');
  expect(textOf(diff)).toContain("at the step 'sync' of the switchover, in precopy-21.log\n");
});

test('a rule about the end of the switchover is not shown at a difference long before it', async () => {
  const diff = compare(await runs([1]), await runs([7], { faults: ['exact-no-sync'] }));
  const stepOf = (id: string) => diff.steps[diff.rules.find(({ rule }) => rule === id)?.step ?? -1]?.head?.name;
  expect(stepOf('exact-without-sync')).toBe('iterations');
  expect(stepOf('downtime-over-limit')).toBe('downtime ends');
});

test('a run without a migration among others is told of', async () => {
  const empty = { ...(await runOf(['qemu_loadvm_state_post_main 0'], 'dst.log')) };
  expect(compare(await runs([1, 2]), [...(await runs([3])), empty]).notes).toEqual([
    'no migration is shown by dst.log: not compared',
  ]);
});

test('what one missing event leaves undecided is told in one sentence', async () => {
  const text = textOf(compare(await runs([1], { events: ['bql'] }), await runs([2])));
  expect(text.match(/newly undecidable/g)).toHaveLength(1);
  expect(text.match(/no mutex event shows the BQL/g)).toHaveLength(1);
  expect(text).toContain('newly undecidable (base: pass): final-without-bql, ');
});

test('what one hole in a log leaves undecided is told in one sentence', () => {
  const run = (verdict: 'pass' | 'undecidable'): DiffRun => {
    const hole = 'the log has a hole here (line 9: events of another QEMU process)';
    const seen = { 'final-missing': 'the final query was made', 'final-not-exact': 'it was exact' };
    const verdicts = Object.entries(seen).map(([rule, what]) =>
      buildVerdict({ rule, verdict, reason: verdict === 'pass' ? what : `${hole}; what it shows is: ${what}` }),
    );
    return { name: 'x.log', source: 'trace', facts: buildReport({ verdicts }) };
  };
  const text = textOf(compare([run('pass')], [run('undecidable')]));
  expect(text).toContain('newly undecidable (base: pass): final-missing, final-not-exact\n      the log has a hole');
  expect(text.match(/the log has a hole here/g)).toHaveLength(1);
});
