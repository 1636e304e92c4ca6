/** Captures of real processes, side by side. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { analyze } from '../../src/analysis/analyze.ts';
import { planInputs } from '../../src/analysis/replay-inputs.ts';
import type { DiffRun } from '../../src/diff/diff.ts';
import { textDiff } from '../../src/diff/renderers/text.ts';
import { RULES } from '../../src/rules/registry.ts';
import { realCaptures, SKIPPED, TRACES, TRACES_MISSING } from '../rules/captures.ts';
import { type Compared, compare, ruleChanges, whole } from './support.ts';

async function read(inputs: readonly string[], qmp?: string): Promise<DiffRun> {
  const paths = inputs.map((input) => join(TRACES, input));
  const plan = planInputs(paths, qmp === undefined ? undefined : join(TRACES, qmp));
  const request = { paths: plan.files, band: undefined, rules: RULES, fullDigest: false, listener: undefined };
  const samples = qmp === undefined ? undefined : join(TRACES, qmp);
  return {
    name: inputs[0] ?? '',
    source: 'trace',
    facts: await analyze({ ...request, qmp: samples, progress: () => undefined }, plan),
  };
}

const diffOf = async (base: readonly string[], head: readonly string[]): Promise<Compared> =>
  compare([await read(base)], [await read(head)]);

const newly = ({ rules }: Compared): readonly string[] =>
  rules.filter((rule) => rule.change === 'newly-violated' && rule.severity === 'error').map(({ rule }) => rule);

const stepNamed = (diff: Compared, rule: string): string | undefined => {
  const step = diff.steps.find(({ rules }) => rules.includes(rule));
  return (step?.head ?? step?.base)?.name;
};

describe.skipIf(TRACES_MISSING)(`faults against their clean twins${SKIPPED}`, () => {
  const patched = (name: string, file = 'src.log'): string => `patched/${name}/${file}`;
  const precopy = [patched('clean-precopy-x')];
  const postcopy = [patched('clean-postcopy')];

  test.each([
    ['no-bql-precopy-x', precopy, ['src.log'], 'final-without-bql', 'final query'],
    ['no-bql-assert-precopy', precopy, ['src.log', 'stderr.txt'], 'final-without-bql', 'assertion failed'],
    ['no-bql-postcopy-tid', postcopy, ['src-%d.log'], 'final-without-bql', 'final query'],
    ['no-final-precopy', precopy, ['src.log'], 'final-missing', 'final query'],
    ['postcopy-no-sync-postcopy', postcopy, ['src.log'], 'postcopy-switchover-without-sync', 'final query'],
    ['skip-dirty-bytes-precopy-x', precopy, ['src.log'], 'dirty-bytes-not-updated', 'final query'],
  ])('%s', async (name, base, files, rule, step) => {
    const diff = await diffOf(
      base,
      files.map((file) => patched(name, file)),
    );
    expect(newly(diff)).toEqual([rule]);
    expect(stepNamed(diff, rule)).toBe(step);
  });

  test('a binary log of the simple back end', async () => {
    const [clean, early] = ['simple-clean-precopy', 'simple-final-before-stop-precopy'];
    const diff = await diffOf([patched(clean ?? '', 'src.trace')], [patched(early ?? '', 'src.trace')]);
    expect(newly(diff)).toEqual(['final-before-stop']);
    expect(diff.changes.map(({ text }) => text)).toEqual([
      "'final query' moved: in base between 'state device' and 'block devices inactive' (src.trace:525), in head between 'decision' and 'downtime begins' (src.trace:145)",
    ]);
  });

  test('what its log does not show is not claimed', async () => {
    const diff = await diffOf(postcopy, [patched('skip-dirty-bytes-postcopy')]);
    expect(newly(diff)).toEqual([]);
    expect(diff.rules.find(({ rule }) => rule === 'dirty-bytes-not-updated')).toMatchObject({ head: 'undecidable' });
  });

  test('a cancelled run has no switchover, and is accused of nothing', async () => {
    const diff = await diffOf(precopy, [patched('clean-cancel')]);
    expect(newly(diff)).toEqual([]);
    expect(diff.changes.map(({ kind, text }) => `${kind}: ${text}`)).toContainEqual(
      expect.stringMatching(/^section: only base has a switchover: \d+ steps, from src\.log:\d+ to :\d+$/),
    );
  });
});

describe.skipIf(TRACES_MISSING)(`10.0 and 11.1${SKIPPED}`, () => {
  test.each([
    'precopy-iter@ts',
    'postcopy@ts',
  ])('%s: the new final query and the moved sync, and no accusation', async (scenario) => {
    const diff = await diffOf([`real/10.0.13/${scenario}/src.log`], [`real/11.1/${scenario}/src.log`]);
    expect(diff.rules.filter(({ change }) => /violated/.test(change))).toEqual([]);
    const texts = diff.changes.map(({ text }) => text);
    expect(texts[0]).toMatch(
      /^only head, after 'state device': 'final query' \(with a sync of its own, exact\) \(src\.log:\d+\); QEMU 10\.0 has no final query, so this is no fault$/,
    );
    expect(texts[1]).toMatch(
      /^the sync of the switchover moved: base syncs (?:while it completes RAM|between .*) \(src\.log:\d+\), head inside its final query$/,
    );
    expect(diff.notes[0]).toMatch(/different versions of QEMU \(10\.0, 11\.1\)/);
  });

  test('precopy differs in nothing else', async () => {
    const diff = await diffOf(['real/10.0.13/precopy-iter@ts/src.log'], ['real/11.1/precopy-iter@ts/src.log']);
    expect(diff.changes.length).toBe(2);
  });

  test('7.2, which has fewer events, differs in the same and in the state that it lacks', async () => {
    const diff = await diffOf(['real/7.2/precopy-iter@ts/src.log'], ['real/11.1/precopy-iter@ts/src.log']);
    expect(diff.changes.length).toBe(2);
    expect(diff.changes[0]?.text).toMatch(/^only head, after 'guest stops': 'state device'; 'final query'/);
    expect(diff.steps.filter(({ notShown }) => notShown).map(({ head }) => head?.name)).toContain('guest has stopped');
  });
});

describe.skipIf(TRACES_MISSING)(`a capture against itself${SKIPPED}`, () => {
  const captures = realCaptures().filter(({ name }) => !/tid|shared/.test(name));

  test.each(captures.map(({ name, inputs }) => ({ name, inputs })))('$name: no difference', async ({ inputs }) => {
    const paths = inputs.map((input) => input.slice(TRACES.length + 1));
    const [one, other] = [await read(paths), await read(paths)];
    const diff = compare([one], [other]);
    expect(ruleChanges(diff).filter((change) => !change.endsWith('still-violated'))).toEqual([]);
    expect(diff.changes).toEqual([]);
    expect(diff.unpaired).toEqual([]);
    expect(diff.metrics.filter(({ delta }) => delta !== null && delta !== 0)).toEqual([]);
    expect(textDiff.render(whole(diff), { color: false, verbose: false })).toMatch(/^qtrace diff: no difference\n/);
  });

  test('two captures of one build differ in no rule and no step', async () => {
    const diff = await diffOf(['real/11.1/precopy-iter@ts/src.log'], ['real/11.1/precopy-iter@plain/src.log']);
    expect(diff.changes).toEqual([]);
    expect(diff.rules.filter(({ change }) => /violated|fixed/.test(change))).toEqual([]);
  });
});

test.skipIf(TRACES_MISSING)(`migrations are paired by what they are, not by their place${SKIPPED}`, async () => {
  const diff = await diffOf(['real/11.1/cancel-then-ok@ts/src.log'], ['real/11.1/precopy-iter@rec/src.log']);
  expect(diff.pairs.map(({ base, head }) => [base.index, head.index])).toEqual([[1, 0]]);
  expect(diff.unpaired).toMatchObject([{ side: 'base', index: 0, outcome: 'cancelled' }]);
});
