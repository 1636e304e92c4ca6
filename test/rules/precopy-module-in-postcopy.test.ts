import { describe, expect, test } from 'vitest';
import { linesOf, patchedCaptures, realCaptures, SKIPPED, TRACES_MISSING } from './captures.ts';
import { COMPLETED, estimate, oldestPostcopyRun, postcopyRun, precopyRun, state, without } from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, quickVerdicts, verdictOf, violatedRules } from './support.ts';
import { DEVICE_RULES } from './vfio.ts';

const ID = 'precopy-module-in-postcopy';
const section = (id: string, number = 2): readonly string[] => [
  `savevm_section_start ${id}, section_id ${number}`,
  `savevm_section_end ${id}, section_id ${number} -> 0`,
];
const iteration = (...ids: readonly string[]) => ['savevm_state_iterate ', ...ids.flatMap((id) => section(id))];
/** An iteration before the first and after the second query of postcopy. */
const run = (...lines: readonly string[]) =>
  postcopyRun({
    end: [
      state('postcopy-device'),
      estimate({ postcopy: 8192 }),
      state('postcopy-active'),
      ...iteration('ram'),
      estimate({ postcopy: 4096 }),
      ...lines,
      estimate({}),
      'migration_thread_low_pending 0',
      ...section('ram'),
      ...COMPLETED,
    ],
  });

describe('violated', () => {
  test('VFIO goes on', async () => {
    const report = await judge(run(...iteration('ram', '0000:00:02.0/vfio')));
    expect(accusation(report, ID)).toEqual(
      accused(
        '0000:00:02.0/vfio (section 2) was iterated after the postcopy switchover',
        'src.log:43 savevm_section_start 0000:00:02.0/vfio, section_id 2',
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('warning');
    expect(violatedRules(report)).toEqual([]);
  });

  test('each module once', async () => {
    const report = await judge(run(...iteration('s390-cmma', 'ram'), ...iteration('ram', 's390-cmma', 'block')));
    expect(verdictOf(report, ID).findings.map(({ actual }) => actual)).toEqual([
      'a section of s390-cmma',
      'a section of block',
    ]);
  });

  test('7.2', async () => {
    const lines = oldestPostcopyRun();
    const at = lines.indexOf('qemu_savevm_send_packaged ');
    expect(verdictOf(await judge(lines.toSpliced(at + 1, 0, ...iteration('block'))), ID).verdict).toBe('violated');
    expect(verdictOf(await judge(lines.toSpliced(at, 0, ...iteration('block'))), ID).verdict).toBe('not-applicable');
  });
});

describe('a pass', () => {
  test.each([
    ['RAM and dirty bitmaps', run(...iteration('ram', 'dirty-bitmap'))],
    ['at completion it is no iteration', run(estimate({}), ...section('cpu'))],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('the next migration', async () => {
    const next = precopyRun({ rounds: [estimate({ precopy: 4096 }), ...iteration('ram', 'vfio'), estimate({})] });
    const report = await judge([...run(), ...next]);
    expect([0, 1].map((migration) => verdictOf(report, ID, migration).verdict)).toEqual(['pass', 'not-applicable']);
    const states = without([...run(), ...next], 'migrate_set_state');
    expect(verdictOf(await judge(states), ID).verdict).not.toBe('violated');
  });
});

describe('undecidable', () => {
  test('iterations are off', async () => {
    expect(doubt(await judge(without(run(...iteration('vfio')), 'savevm_state_iterate')), ID)).toEqual(
      doubtful('the log does not show which sections are an iteration', 'savevm_state_iterate'),
    );
  });

  test('a hole', async () => {
    const lines = run('savevm_state_it', ...iteration('vfio'));
    expect(
      verdictOf(await judge([...lines.slice(0, 39), 'qemu_savevm_query_pending exact=0, fin', ...lines.slice(39)]), ID)
        .verdict,
    ).toBe('undecidable');
  });
});

test.each([
  ['precopy', precopyRun(), 'there was no postcopy'],
  ['sections are off', without(run(), 'savevm_section_start', 'savevm_section_end'), 'the log shows no sections'],
  ['nothing was iterated', [...postcopyRun(), 'savevm_state_iterate '], 'no iteration in postcopy is shown'],
])('not applicable: %s', async (_name, lines, reason) => {
  const verdict = verdictOf(await judge(lines), ID);
  expect([verdict.verdict, verdict.reason]).toEqual(['not-applicable', reason]);
});

describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
  test.each(
    [...realCaptures(), ...patchedCaptures()].map((capture) => [capture.name, capture] as const),
  )('%s: no rule about devices accuses anybody, and without a device the VFIO rules stay silent', async (_name, capture) => {
    const files = Object.fromEntries(
      Object.entries(linesOf(capture)).map(([name, lines]) => [name, Buffer.from(`${lines.join('\n')}\n`, 'latin1')]),
    );
    const verdicts = (await quickVerdicts(files)).filter(({ rule }) => DEVICE_RULES.includes(rule));
    expect(verdicts.filter(({ verdict }) => verdict === 'violated')).toEqual([]);
    const silent = verdicts.filter(({ rule }) => rule.startsWith('vfio') || rule === 'switchover-ack-outdated');
    expect(silent.filter(({ verdict }) => verdict !== 'not-applicable')).toEqual([]);
  });
});
