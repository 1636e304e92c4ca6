import { describe, expect, test } from 'vitest';
import { checkpoint, coloRun, final, iso, oldPrecopyRun, postcopyRun, precopyRun, sync, tid, without } from './runs.ts';
import { accusation, accused, judge, verdictOf, violatedRules } from './support.ts';
import { insert } from './vfio.ts';

const ID = 'log-clear-in-blackout';
const CLEAR = 'kvm_clear_dirty_log slot#0 start 0x0 size 0x40000';
/** Clears in the rounds show that the event is on. */
const clean = insert(precopyRun(), 'migrate_transferred', CLEAR);
const run = (beginning: string, count: number) =>
  insert(clean, beginning, ...Array.from({ length: count }, () => CLEAR));
const RAM_SECTION = 'savevm_section_end ram';

describe('violated', () => {
  test('in the last round of RAM', async () => {
    const report = await judge(iso(run(RAM_SECTION, 3)));
    expect(accusation(report, ID)).toEqual(
      accused(
        '3 clears of the dirty log within 20 µs after the final query of a precopy switchover',
        `src.log:33 ${CLEAR}`,
        `src.log:35 ${CLEAR}`,
        'src.log:26 qemu_savevm_query_pending exact=1, final=1, total=4239360',
      ),
    );
    expect(verdictOf(report, ID).severity).toBe('info');
    expect(violatedRules(report)).toEqual([]);
  });

  test('one, without time stamps', async () => {
    expect(accusation(await judge(run(RAM_SECTION, 1)), ID).findings).toEqual([
      {
        message: '1 clear of the dirty log after the final query of a precopy switchover',
        evidence: [`src.log:33 ${CLEAR}`, 'src.log:26 qemu_savevm_query_pending exact=1, final=1, total=4239360'],
      },
    ]);
  });

  test('one finding for very many; also in postcopy and in the posted patch', async () => {
    expect(verdictOf(await judge(run(RAM_SECTION, 3000)), ID).findingCount).toBe(1);
    expect(verdictOf(await judge(insert(postcopyRun(), 'qemu_savevm_send_packaged', CLEAR)), ID).verdict).toBe(
      'violated',
    );
    const patched = insert(precopyRun({}, 'thread'), RAM_SECTION, CLEAR);
    expect(verdictOf(await judge(patched), ID).verdict).toBe('violated');
  });
});

describe('a pass', () => {
  test.each([
    ['only in the rounds', clean],
    ['between the stop and the final query, by a display', run('migrate_set_state new state device', 5)],
    ['after the switchover', run('migration_cleanup', 5)],
    ['postcopy sends its pages', insert(postcopyRun(), 'migrate_set_state new state postcopy-device', CLEAR)],
  ])('%s', async (_name, lines) => {
    expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
  });

  test('another thread', async () => {
    const lines = run(RAM_SECTION, 1).map((line, index) => [index === 32 ? 7 : 8, line] as const);
    expect(verdictOf(await judge(tid(lines)), ID).verdict).toBe('pass');
  });
});

test('a hole before it', async () => {
  const lines = run(RAM_SECTION, 2).toSpliced(28, 0, 'qemu_savevm_query_pending exact=0, fin');
  expect(verdictOf(await judge(lines), ID).verdict).toBe('undecidable');
});

test.each([
  ['the event is off', precopyRun(), 'no kvm_clear_dirty_log in the log'],
  [
    'no final query in 8.0 to 11.0',
    insert(oldPrecopyRun(), 'savevm_section_end', CLEAR),
    'no final query was made in a switchover',
  ],
  [
    'the final query is lost',
    insert(precopyRun({ final: sync(3) }), RAM_SECTION, CLEAR),
    'no final query was made in a switchover',
  ],
  [
    'the final query came before the stop',
    insert(precopyRun({ decision: [final({})], final: [] }), RAM_SECTION, CLEAR),
    'no final query was made in a switchover',
  ],
  [
    'the stop is not shown',
    insert(
      without(
        precopyRun(),
        'runstate_set',
        'vm_state_notify',
        'vmstate_downtime_checkpoint',
        'migration_completion_vm_stop',
        'migrate_set_state',
      ),
      RAM_SECTION,
      CLEAR,
    ),
    'no final query was made in a switchover',
  ],
])('not applicable: %s', async (_name, lines, reason) => {
  const verdict = verdictOf(await judge(lines), ID);
  expect([verdict.verdict, verdict.reason]).toEqual(['not-applicable', reason]);
});

test('each checkpoint of COLO is a switchover', async () => {
  const cleared = checkpoint({ ram: [CLEAR, 'vmstate_downtime_checkpoint src-iterable-saved'] });
  expect(accusation(await judge(coloRun(checkpoint(), cleared)), ID).findings.map(({ message }) => message)).toEqual([
    '1 clear of the dirty log after the final query of a COLO checkpoint',
  ]);
});
