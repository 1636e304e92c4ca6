/**
 * A correct migration with two VFIO devices, as no capture has one. Whatever is
 * missing of its log, nobody may be accused.
 */
import { describe, expect, test } from 'vitest';
import { eventOf } from './captures.ts';
import { estimate, exact, iso, old, oldPrecopyRun, precopyRun, SETUP, sync } from './runs.ts';
import { quickVerdicts } from './support.ts';
import { asks, DEVICE_RULES, enters, insert, oldEstimate, oldExact, pending } from './vfio.ts';

const A = '0000:81:00.1';
const B = '0000:81:00.2';
const NAMES = [A, B];
const CLEAR = 'kvm_clear_dirty_log slot#0 start 0x0 size 0x40000';
const RATE =
  'migrate_transferred transferred 10510380 time_spent 100 bandwidth 840 switchover_bw 105003 max_size 5250155';

const iteration = (init: number): readonly string[] => [
  'savevm_state_iterate ',
  'savevm_section_start ram, section_id 2',
  CLEAR,
  'ram_save_iterate_big_wait big wait: 52 milliseconds, 64 iterations',
  'savevm_section_end ram, section_id 2 -> 0',
  ...NAMES.flatMap((name) => [
    `savevm_section_start ${name}/vfio, section_id 40`,
    `vfio_save_iterate  (${name}) precopy initial size ${init} precopy dirty size 0`,
    `savevm_section_end ${name}/vfio, section_id 40 -> 0`,
  ]),
];

const enter = (state: string, recover?: string) =>
  NAMES.flatMap((name) => [asks(name, state, recover), enters(name, state)]);

/** With the states of the devices, asked for once more at completion. */
function withStates(lines: readonly string[]): readonly string[] {
  const active = insert(lines, 'migrate_set_state new state active', ...enter('PRE_COPY', 'RUNNING'));
  const stopped = insert(active, 'vmstate_downtime_checkpoint src-vm-stopped', ...enter('STOP_COPY'));
  const saved = insert(
    stopped,
    'savevm_section_end ram, section_id 1',
    ...NAMES.map((name) => asks(name, 'STOP_COPY', 'STOP')),
  );
  return insert(saved, 'migration_cleanup', ...enter('STOP'));
}

const OFF =
  'qmp_enter_migrate_set_capabilities {"capabilities": [{"capability": "postcopy-ram", "state": false}, {"capability": "dirty-bitmaps", "state": false}]}';

const oldRound = (ram: number, init: number): readonly string[] => [
  ...NAMES.map((name, index) => oldEstimate(name, ram + init * (index + 1), { init })),
  old.estimate(ram + 2 * init),
  ...sync(7),
  ...NAMES.map((name, index) => oldExact(name, ram + 5007 * (index + 1), { stopcopy: 5007, init })),
  old.exact(ram + 10_014),
  ...iteration(init),
];

const newRound = (ram: number, init: number, ack: 0 | 1, total: number): readonly string[] => {
  const query = (line: string) =>
    line.replace(/collected.*/, `collected switchover ack pending=${ack * 2}, total switchover ack pending=${total}`);
  return [
    ...NAMES.map((name) => pending(name, { stopcopy: 5007, init }, 0)),
    query(estimate({ precopy: ram + 2 * init, stopcopy: 10_014 - 2 * init })).replace(
      /collected switchover ack pending=\d+/,
      'collected switchover ack pending=0',
    ),
    ...sync(7),
    ...NAMES.map((name) => pending(name, { stopcopy: 5007, init }, 1, ack)),
    query(exact({ precopy: ram + 2 * init, stopcopy: 10_014 - 2 * init })),
    ...iteration(init),
  ];
};

const ACKS = [1, 0].map((left) => `source_return_path_thread_switchover_acked switchover_ack_pending_num ${left}`);

const RUNS: Readonly<Record<string, readonly string[]>> = {
  '8.0 to 11.0': [
    OFF,
    ...withStates([
      ...SETUP,
      RATE,
      ...[5, 4, 3, 2, 1, 0].flatMap((pages) => oldRound(pages * 4096, pages * 100)),
      'source_return_path_thread_switchover_acked ',
      ...oldPrecopyRun().slice(12),
    ]),
  ],
  '11.1': [
    OFF,
    ...withStates(
      precopyRun({
        rounds: [
          RATE,
          ...newRound(65536, 2000, 1, 2),
          ...newRound(32768, 0, 0, 2),
          ...ACKS,
          ...newRound(16384, 500, 1, 2),
          ...newRound(8192, 0, 0, 2),
          ...ACKS,
          ...newRound(4096, 0, 0, 0).slice(0, -11),
        ],
      }),
    ),
  ],
};

async function violatedIn(lines: readonly string[]): Promise<readonly string[]> {
  const verdicts = await quickVerdicts({ 'src.log': iso(lines) });
  return verdicts.flatMap(({ rule, verdict }) => (verdict === 'violated' && DEVICE_RULES.includes(rule) ? [rule] : []));
}

describe.each(Object.entries(RUNS))('%s', (_name, lines) => {
  test('nobody is accused', async () => {
    const verdicts = (await quickVerdicts({ 'src.log': iso(lines) })).filter(({ rule }) => DEVICE_RULES.includes(rule));
    const of = (wanted: string) => verdicts.flatMap(({ rule, verdict }) => (verdict === wanted ? [rule] : []));
    expect([...of('violated'), ...of('undecidable')]).toEqual([]);
    expect(of('pass')).toEqual(expect.arrayContaining(['vfio-initial-data-starved', 'vfio-stop-in-blackout']));
  });

  test('one line, or two in a row', async () => {
    for (let at = 0; at < lines.length; at += 1) {
      for (const count of [1, 2]) {
        expect(await violatedIn(lines.toSpliced(at, count)), `without ${count} from line ${at + 1}`).toEqual([]);
      }
    }
  });

  test('one event type, also where states, stops or checkpoints are off', async () => {
    const events = [...new Set(lines.map((line) => eventOf(line)))];
    for (const one of ['migrate_set_state', 'runstate_set', 'vmstate_downtime_checkpoint']) {
      for (const other of events) {
        const rest = lines.filter((line) => ![one, other].includes(eventOf(line) ?? ''));
        expect(await violatedIn(rest), `without ${one} and ${other}`).toEqual([]);
      }
    }
    for (const event of events) {
      const rest = lines.filter((line) => eventOf(line) !== event);
      expect(await violatedIn(rest), `without ${event}`).toEqual([]);
    }
  });

  test('the log starts later or ends earlier', async () => {
    for (let at = 1; at < lines.length; at += 3) {
      expect(await violatedIn(lines.slice(at)), `from line ${at + 1} on`).toEqual([]);
      expect(await violatedIn(lines.slice(0, at)), `up to line ${at}`).toEqual([]);
    }
  });
});
