import { describe, expect, test } from 'vitest';
import { linesOf, patchedCaptures, realCaptures, SKIPPED, TRACES_MISSING } from './captures.ts';
import {
  COMPLETED,
  checkpoint,
  coloRun,
  estimate,
  FINISH_TO_RUNNING,
  oldestPostcopyRun,
  oldPostcopyRun,
  oldPrecopyRun,
  POSTCOPY_SETUP,
  postcopyRun,
  precopyRun,
  RAM_SECTION,
  SAVING,
  SNAPSHOT,
  state,
  without,
} from './runs.ts';
import { accusation, accused, doubt, doubtful, judge, quickVerdicts, verdictOf, violatedRules } from './support.ts';

const ID = 'postcopy-completed-dirty';
type Lines = readonly string[];

/** From the last estimate of postcopy on, with so many bytes pending and pages left. */
function endWith(bytes: number, pages: number, band?: '11.1' | 'thread'): Lines {
  return [
    state('postcopy-device'),
    estimate({ postcopy: 234483712 }, band),
    state('postcopy-active'),
    estimate({ postcopy: bytes }, band),
    `migration_thread_low_pending ${bytes}`,
    'migration_completion_postcopy_end ',
    'savevm_section_start ram, section_id 1',
    `ram_save_complete dirty=${pages}, done=0`,
    'ram_save_complete dirty=0, done=1',
    'savevm_section_end ram, section_id 1 -> 0',
    ...COMPLETED,
  ];
}

/** 8.0 to 11.0, with the lines that only its newer versions print put in place of the state behind the package. */
function oldRun(behindPackage: Lines, atCompletion: Lines = []): Lines {
  return oldPostcopyRun().flatMap((line) => {
    if (line === state('postcopy-active')) return behindPackage;
    return line === 'migration_completion_postcopy_end ' ? [line, ...atCompletion] : [line];
  });
}

const RAM_LEFT = ['ram_save_complete dirty=9627, done=0', 'ram_save_complete dirty=0, done=1'];
const NEW_STATES = [state('postcopy-device'), state('postcopy-active')];

describe('violated', () => {
  test('11.1: completed below the threshold', async () => {
    const report = await judge(postcopyRun({ end: endWith(4096, 1) }));
    expect(accusation(report, ID)).toEqual(
      accused('postcopy completed with 4096 bytes pending', 'src.log:37 migration_thread_low_pending 4096'),
    );
    expect(verdictOf(report, ID).findings[0]).toMatchObject({
      expected: 'nothing pending when postcopy completes',
      actual: '4096 bytes pending',
    });
    expect(violatedRules(report)).toEqual([ID]);
    const clean = await judge(postcopyRun({ end: endWith(0, 0) }));
    expect(verdictOf(clean, ID).verdict).toBe('pass');
    expect(violatedRules(clean)).toEqual([]);
  });

  test('11.1: pages left behind their sending', async () => {
    const lines = postcopyRun({ end: endWith(0, 0) });
    const left = lines.map((line) =>
      line.replace('ram_save_complete dirty=0, done=1', 'ram_save_complete dirty=37, done=1'),
    );
    // The one of the switchover is none of postcopy's.
    const at = left.lastIndexOf('ram_save_complete dirty=37, done=1');
    const found = accused(
      'postcopy completed with 37 dirty pages left',
      `src.log:${at + 1} ram_save_complete dirty=37, done=1`,
    );
    expect(accusation(await judge(left), ID)).toEqual(found);
    expect(accusation(await judge(left.filter((line) => !/dirty=0, done=0/.test(line))), ID).verdict).toBe('violated');
  });

  test('11.1: RAM alone has pages left', async () => {
    const lines = postcopyRun({ end: endWith(0, 3) });
    const found = accused('postcopy completed with 3 dirty pages left', 'src.log:40 ram_save_complete dirty=3, done=0');
    expect(accusation(await judge(lines), ID)).toEqual(found);
    const fewer = without(postcopyRun({ end: endWith(12288, 3) }), 'migration_thread_low_pending');
    expect(accusation(await judge(fewer), ID).findings).toEqual([
      {
        message: 'postcopy completed with 3 dirty pages left',
        evidence: ['src.log:39 ram_save_complete dirty=3, done=0'],
      },
    ]);
  });

  test('the patch as posted', async () => {
    const report = await judge(postcopyRun({ end: endWith(4096, 1, 'thread') }, 'thread'));
    expect(violatedRules(report)).toEqual([ID]);
  });

  test('10.1: ram_save_complete shows the version', async () => {
    const report = await judge(oldRun([state('postcopy-active')], RAM_LEFT));
    expect(accusation(report, ID)).toEqual(
      accused('postcopy completed with 24633344 bytes pending', 'src.log:34 migration_thread_low_pending 24633344'),
    );
  });

  test('10.2: postcopy-device shows the version', async () => {
    expect(violatedRules(await judge(oldRun(NEW_STATES)))).toEqual([ID]);
  });

  test('--qemu 11.1: its duty, whatever the vocabulary', async () => {
    expect(verdictOf(await judge(oldPostcopyRun(), { band: '11.1' }), ID).verdict).toBe('violated');
  });

  test('after a recovery', async () => {
    const recovery = ['postcopy-paused', 'postcopy-recover-setup', 'postcopy-recover', 'postcopy-active'].map(state);
    const [device = '', ...rest] = endWith(4096, 1);
    const lines = postcopyRun({ end: [device, ...rest.slice(0, 2), ...recovery, ...rest.slice(2)] });
    expect(violatedRules(await judge(lines))).toEqual([ID]);
  });
});

describe('a pass', () => {
  test.each<readonly [string, Lines]>([
    ['11.1', postcopyRun()],
    ['the patch as posted', postcopyRun({}, 'thread')],
    ['low_pending alone', without(postcopyRun(), 'ram_save_complete')],
    ['RAM alone', without(postcopyRun(), 'migration_thread_low_pending')],
    ['the last estimate is lost', postcopyRun({ end: endWith(0, 0).filter((line) => line !== estimate({})) })],
    ['the last estimate shows bytes, the completion none', postcopyRun({ end: endWith(0, 0).toSpliced(3, 1) })],
  ])('%s', async (_name, lines) => {
    const report = await judge(lines);
    expect(verdictOf(report, ID).verdict).toBe('pass');
    expect(violatedRules(report)).toEqual([]);
  });

  test('dirty bitmaps alone in postcopy: RAM is saved in the switchover', async () => {
    const lines = postcopyRun({
      saving: [...SAVING, ...RAM_SECTION.slice(0, -2)],
      discard: [],
      end: without(endWith(0, 0), 'ram_save_complete'),
    });
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('another attempt in the same log is not in postcopy', async () => {
    const both = [...postcopyRun(), ...precopyRun()];
    expect(violatedRules(await judge(both))).toEqual([]);
    for (const events of [
      ['savevm_state_header', 'savevm_state_setup'],
      ['migrate_set_state'],
      ['migrate_set_state', 'savevm_state_header', 'savevm_state_setup'],
    ]) {
      const verdicts = await quickVerdicts({ 'src.log': without(both, ...events) });
      expect(verdicts.filter(({ rule, verdict }) => rule === ID && verdict === 'violated')).toEqual([]);
    }
  });
});

describe('undecidable', () => {
  test('the completion is not shown', async () => {
    const lines = without(postcopyRun(), 'migration_thread_low_pending', 'ram_save_complete');
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful(
        'the log does not show what was left when postcopy completed',
        'migration_thread_low_pending',
        'ram_save_complete',
        'migrate_set_state',
      ),
    );
  });

  test('the states are not shown', async () => {
    const lines = without(postcopyRun({ end: endWith(4096, 1) }), 'migrate_set_state');
    expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
    expect(verdictOf(await judge(lines), ID).enable).toContain('migrate_set_state');
  });

  test('the log ends before the state completed', async () => {
    const lines = postcopyRun({ end: endWith(4096, 1).slice(0, 6) });
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful('the log does not show the end of postcopy', 'migrate_set_state'),
    );
  });

  test('no query line: the version is not known', async () => {
    const lines = without(oldPostcopyRun(), 'migrate_pending_estimate', 'migrate_pending_exact');
    expect(doubt(await judge(lines), ID)).toEqual(
      doubtful('the log has no line of a pending query', 'qemu_savevm_query_pending'),
    );
  });

  test('a hole', async () => {
    const lines = postcopyRun({ end: ['qemu_savevm_query_pending exact=0, fin', ...endWith(4096, 1)] });
    expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
    expect(violatedRules(await judge(lines))).toEqual([]);
  });
});

describe('not applicable', () => {
  const failing = [state('failing'), FINISH_TO_RUNNING, state('failed')];

  test.each<readonly [string, Lines, string]>([
    ['precopy', precopyRun(), 'there was no postcopy'],
    ['10.1 in precopy, RAM counted before its last sync', oldPrecopyRun(), 'there was no postcopy'],
    ['postcopy-ram enabled but unused', precopyRun({ setup: POSTCOPY_SETUP }), 'there was no postcopy'],
    ['COLO', coloRun(checkpoint()), 'there was no postcopy'],
    ['a snapshot', SNAPSHOT, 'there was no postcopy'],
    ['7.2', oldestPostcopyRun(), 'QEMU 7.2 may complete postcopy below the threshold'],
    ['10.0', oldPostcopyRun(), 'up to QEMU 10.0 postcopy may complete below the threshold, and nothing shows 10.1'],
    ['the switchover failed', postcopyRun({ packaged: [], end: failing }), 'the migration did not complete'],
    [
      'the completion failed',
      postcopyRun({ end: [...endWith(4096, 1).slice(0, -4), ...failing] }),
      'the migration did not complete',
    ],
    [
      'the log ends while postcopy is paused',
      postcopyRun({ end: ['postcopy-device', 'postcopy-active', 'postcopy-paused'].map(state) }),
      'the log ends before postcopy completed',
    ],
  ])('%s', async (_name, lines, reason) => {
    const { verdict, reason: said } = verdictOf(await judge(lines), ID);
    expect({ verdict, said }).toEqual({ verdict: 'not-applicable', said: reason });
  });

  test('--qemu 7.2: not its duty, whatever the vocabulary', async () => {
    const report = await judge(postcopyRun({ end: endWith(4096, 1) }), { band: '7.2' });
    expect(verdictOf(report, ID).verdict).toBe('not-applicable');
  });
});

describe('nobody is accused where lines are missing', () => {
  const runs = [postcopyRun(), postcopyRun({}, 'thread'), oldPostcopyRun(), oldestPostcopyRun()];

  test.each(runs.map((run, index) => [index, run] as const))('run %i', async (_index, run) => {
    const events = [...new Set(run.map((line) => line.split(' ')[0] ?? ''))];
    const changed = [
      ...run.map((_line, index) => run.toSpliced(index, 1)),
      ...run.map((_line, index) => run.slice(index)),
      ...run.map((_line, index) => run.slice(0, index + 1)),
      ...events.map((event) => without(run, event)),
    ];
    for (const lines of changed) {
      const verdicts = await quickVerdicts({ 'src.log': lines });
      expect(verdicts.filter(({ rule, verdict }) => rule === ID && verdict === 'violated')).toEqual([]);
    }
  });
});

describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
  test('passes where 10.2 or later came to the end of postcopy, accuses nobody', async () => {
    const passed: string[] = [];
    for (const capture of [...realCaptures(), ...patchedCaptures()]) {
      const bytes = Object.fromEntries(
        Object.entries(linesOf(capture)).map(([file, lines]) => [file, Buffer.from(`${lines.join('\n')}\n`, 'latin1')]),
      );
      const verdicts = (await quickVerdicts(bytes)).filter(({ rule }) => rule === ID);
      expect(
        verdicts.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'not-applicable'),
        capture.name,
      ).toEqual([]);
      if (verdicts.some(({ verdict }) => verdict === 'pass')) passed.push(capture.name);
    }
    expect(passed).toEqual([
      ...['mutex', 'plain', 'rec', 'ts'].map((kind) => `real/11.1/postcopy@${kind}`),
      ...['clean-postcopy', 'no-bql-postcopy-tid', 'postcopy-no-sync-postcopy', 'skip-dirty-bytes-postcopy'].map(
        (name) => `patched/${name}`,
      ),
    ]);
  });
});
