/** One line or two in, what the reader makes of them out: each damaged one beside a sound neighbour one step away. */
import { describe, expect, test } from 'vitest';
import { isHole } from '../../src/ingest/problems.ts';
import { type Content, labelOf, type Reading, readItems } from './support.ts';

const T = '2026-11-23T01:01:14';
const SETUP = `${T}.696000Z migrate_set_state new state setup`;
const QUERY =
  'qemu_savevm_query_pending exact=1, final=1, precopy=4096, stopcopy=0, postcopy=0, total=4096, collected switchover ack pending=0, total switchover ack pending=0';
const SAMPLE = '{"t0": 1, "t1": 2, "r": {"remaining": 1}}';

const labels = ({ items }: Reading): readonly string[] => items.map(labelOf);

describe('items', () => {
  test('an event of the catalogue, with its arguments, place and time', async () => {
    const { items, facts } = await readItems([SETUP, `${T}.696001Z ${QUERY}`]);
    expect(items[1]).toEqual({
      kind: 'event',
      group: 'query',
      event: {
        name: 'qemu_savevm_query_pending',
        args: { exact: 1, final: 1, precopy: 4096, stopcopy: 0, postcopy: 0, total: 4096 },
      },
      extra: { 'collected switchover ack pending': '0', 'total switchover ack pending': '0' },
      place: { input: 0, line: 2, text: `${T}.696001Z ${QUERY}` },
      timeNs: 696_001_000,
      thread: undefined,
    });
    expect(facts).toMatchObject({ lines: 2, events: 2, messages: 0, format: 'qemu-log-iso', problems: [] });
  });

  test('the thread of the prefix goes before that of the file', async () => {
    const { items } = await readItems(['22680@1795396494.806711:migration_cleanup ', `migration_cancel `], 7);
    expect(items[0]).toMatchObject({ thread: 22_680, timeNs: 806_711_000 });
    expect((await readItems([SETUP], 7)).items[0]).toMatchObject({ thread: 7 });
    expect((await readItems(['migration_cleanup '])).items[0]).toMatchObject({ thread: undefined, timeNs: undefined });
  });

  test('mutex events', async () => {
    const lines = ['lock waiting on', 'locked taken', 'unlock released'].map(
      (words) => `${T}Z qemu_mutex_${words} mutex 0x56551ace07e0 (../system/cpus.c:587)`,
    );
    const { items, facts } = await readItems(lines);
    const lock = { kind: 'lock', mutex: '0x56551ace07e0', file: '../system/cpus.c', site: '../system/cpus.c:587' };
    expect(items).toMatchObject([
      { ...lock, operation: 'waiting', name: 'qemu_mutex_lock' },
      { ...lock, operation: 'taken', name: 'qemu_mutex_locked' },
      { ...lock, operation: 'released', name: 'qemu_mutex_unlock' },
    ]);
    expect(facts).toMatchObject({ events: 3, problems: [] });
  });

  test('other events are counted by name', async () => {
    const { items, facts } = await readItems([`${T}Z memory_region_ops_read cpu 0`, `${T}Z kvm_run_exit `]);
    expect(items.map((item) => [item.kind, labelOf(item)])).toEqual([
      ['other-event', 'memory_region_ops_read'],
      ['other-event', 'kvm_run_exit'],
    ]);
    expect(facts).toMatchObject({ events: 2, messages: 0, problems: [] });
  });

  test('answers of query-migrate between the lines', async () => {
    const { items, facts } = await readItems([SETUP, SAMPLE, `${T}.8Z ${SAMPLE}`]);
    expect(items.slice(1)).toMatchObject([
      { kind: 'sample', json: SAMPLE, timeNs: undefined },
      { kind: 'sample', json: SAMPLE, timeNs: 800_000_000 },
    ]);
    expect(facts).toMatchObject({ events: 1, messages: 2, problems: [] });
  });
});

test('devices whose number is printed with a sign, as those of a pseries machine', async () => {
  const of = (name: string, args: string) => `${T}Z vmstate_downtime_${name} type=non-iterable idstr=cpu ${args}`;
  const { items, facts } = await readItems([
    of('save', 'instance_id=-2147483648 downtime=7'),
    of('load', 'instance_id=-2147483648 downtime=9'),
    of('save', 'instance_id=2147483647 downtime=7'),
  ]);
  expect(items.map((item) => item.kind === 'event' && item.event.args)).toMatchObject([
    { instance_id: -2147483648, downtime: 7 },
    { instance_id: -2147483648, downtime: 9 },
    { instance_id: 2147483647, downtime: 7 },
  ]);
  expect(facts.problems).toEqual([]);
});

describe('messages are no damage', () => {
  test.each([
    `${T}.049424Z qemu-system-x86_64: failed to save SaveStateEntry with id(name): 1(ram): -5`,
    `${T}Z lab-src qemu-system-x86_64: warning: host doesn't support requested feature`,
    `${T}Z anything else with a time stamp`,
    'qemu-system-x86_64: warning: trace event x does not exist',
    'lab-src qemu-system-aarch64: info: x',
    '**',
    'ERROR:../src/migration/savevm.c:1794:qemu_savevm_query_pending_final: assertion failed: (bql_locked())',
    'Bail out! ERROR:../src/migration/savevm.c:1794:qemu_savevm_query_pending_final: assertion failed: (bql_locked())',
    "qemu-system-x86_64: ../migration/ram.c:3450: ram_save: Assertion `bql_locked()' failed.",
    '(process:4711): GLib-WARNING **: poll(2) failed',
    'warning: x',
  ])('%s', async (line) => {
    const { items, facts } = await readItems([SETUP, line]);
    expect(items[1]).toMatchObject({ kind: 'message', side: undefined, place: { line: 2, text: line } });
    expect(facts).toMatchObject({ events: 1, messages: 1, problems: [] });
  });

  test('the marks of the lab say whose they are', async () => {
    const lines = ['**', '== src', 'qemu-system-x86_64: a', '== dst', 'qemu-system-x86_64: b', '== srcs'];
    const { items, facts } = await readItems(lines);
    expect(items.map((item) => (item.kind === 'message' ? [item.message, item.side] : item.kind))).toEqual([
      ['**', undefined],
      ['qemu-system-x86_64: a', 'source'],
      ['qemu-system-x86_64: b', 'destination'],
    ]);
    expect(facts).toMatchObject({ events: 0, messages: 5, format: 'stderr' });
    expect(facts.problems).toEqual([{ code: 'unknown-line', count: 1, firstLine: 6 }]);
  });
});

describe('problems, and the sound neighbour', () => {
  interface Case {
    readonly title: string;
    readonly damaged: Content;
    readonly sound: Content;
    readonly problem: Reading['problems'];
    readonly firstLine?: number;
    readonly thread?: number;
  }

  const cases: readonly Case[] = [
    {
      title: 'a stamp inside',
      damaged: [SETUP, `${T}.7Z migration_bitmap_sync_end dirty_p${T}.8Z migration_cleanup `],
      sound: [SETUP, `${T}.7Z migration_bitmap_sync_end dirty_pages 1`, `${T}.8Z migration_cleanup `],
      problem: { 'torn-line': 1 },
    },
    {
      title: 'an older stamp inside',
      damaged: ['1@1795396494.806711:migration_bitmap_sync_end dir1@1795396494.806712:migration_cleanup '],
      sound: ['1@1795396494.806711:migration_bitmap_sync_end dirty_pages 1'],
      problem: { 'torn-line': 1 },
      firstLine: 1,
    },
    {
      title: 'a stamp inside a text that goes on to the end of the line',
      damaged: [`${T}Z migrate_set_state new state act${T}.8Z migration_bitmap_sync_start `],
      sound: [`${T}Z migrate_set_state new state active`],
      problem: { 'torn-line': 1 },
      firstLine: 1,
    },
    {
      title: 'a stamp inside the value of the last count',
      damaged: [`${T}Z ${QUERY}${T}.8Z migration_bitmap_sync_start `],
      sound: [`${T}Z ${QUERY}`],
      problem: { 'torn-line': 1 },
      firstLine: 1,
    },
    {
      title: 'a stamp inside another event',
      damaged: [`${T}Z memory_region_ops_read cpu ${T}.8Z migration_bitmap_sync_start `],
      sound: [`${T}Z memory_region_ops_read cpu 0`],
      problem: { 'torn-line': 1 },
      firstLine: 1,
    },
    {
      title: 'cut short',
      damaged: [SETUP, `${T}.8Z qemu_savevm_query_pending exact=1, final=1, preco`],
      sound: [SETUP, `${T}.8Z qemu_savevm_query_pending exact=1, final=1, precopy=0, stopcopy=0, postcopy=0, total=0`],
      problem: { 'torn-line': 1 },
    },
    {
      title: 'a mutex event cut short',
      damaged: [SETUP, `${T}.8Z qemu_mutex_locked taken mutex 0x5655 (migration/mig`],
      sound: [SETUP, `${T}.8Z qemu_mutex_locked taken mutex 0x5655 (migration/migration.c:2864)`],
      problem: { 'torn-line': 1 },
    },
    {
      title: 'the rest of a line',
      damaged: [SETUP, '42912, collected switchover ack pending=0, total switchover ack pending=0'],
      sound: [SETUP],
      problem: { 'torn-line': 1 },
    },
    {
      title: 'the rest of a line, among the registers that -d int,cpu_reset prints',
      damaged: [SETUP, 'EAX=00000000 EBX=00000001', 'DR6=00000000ffff0ff0 DR7=0000000000000400', 'exact=1, final=1'],
      sound: [SETUP],
      problem: { 'unknown-line': 2, 'torn-line': 1 },
    },
    {
      title: 'the rest of a line, without time stamps',
      damaged: ['migrate_set_state new state setup', '42912, collected switchover ack pending=0'],
      sound: ['migrate_set_state new state setup'],
      problem: { 'torn-line': 1 },
    },
    {
      title: 'an event without a stamp among those that have one',
      damaged: [SETUP, 'migration_bitmap_sync_start '],
      sound: [SETUP, `${T}.7Z migration_bitmap_sync_start `],
      problem: { 'torn-line': 1 },
    },
    {
      title: 'arguments of no known version',
      damaged: [SETUP, `${T}.7Z migration_bitmap_sync_end dirty_pages=12`],
      sound: [SETUP, `${T}.7Z migration_bitmap_sync_end dirty_pages 12`],
      problem: { 'unknown-arguments': 1 },
    },
    {
      title: 'arguments of no known version, of an event that does not matter',
      damaged: [SETUP, `${T}.7Z dirty_bitmap_state_pending pending=12`],
      sound: [SETUP, `${T}.7Z dirty_bitmap_state_pending pending 12`],
      problem: { 'unread-arguments': 1 },
    },
    {
      title: 'the same, of the time of a device',
      damaged: [SETUP, `${T}.7Z vmstate_downtime_save type=iterable idstr=ram instance=2 downtime=12`],
      sound: [SETUP, `${T}.7Z vmstate_downtime_save type=iterable idstr=ram instance_id=2 downtime=12`],
      problem: { 'unread-arguments': 1 },
    },
    {
      title: 'the same, of one that begins with a name: names have no blanks, so it is not cut there',
      damaged: [SETUP, `${T}.7Z savevm_section_start ram section 12`],
      sound: [SETUP, `${T}.7Z savevm_section_start ram, section_id 12`],
      problem: { 'unread-arguments': 1 },
    },
    {
      title: 'neither event nor message',
      damaged: [SETUP, 'hello there'],
      sound: [SETUP, '**'],
      problem: { 'unknown-line': 1 },
    },
    {
      title: 'leading NUL bytes',
      damaged: [`\0\0\0${SETUP}`],
      sound: [SETUP],
      problem: { 'nul-bytes': 3 },
      firstLine: 1,
    },
    {
      title: 'only NUL bytes',
      damaged: [SETUP, '\0\0'],
      sound: [SETUP, ''],
      problem: { 'nul-bytes': 2 },
    },
    {
      title: 'time back by 10 ms',
      damaged: [`${T}.700000Z migration_cancel `, `${T}.690000Z migration_cleanup `],
      sound: [`${T}.700000Z migration_cancel `, `${T}.700000Z migration_cleanup `],
      problem: { 'time-backwards': 1 },
    },
    {
      title: 'time back by less',
      damaged: [`${T}.700000Z migration_cancel `, `${T}.690001Z migration_cleanup `],
      sound: [`${T}.700000Z migration_cancel `, `${T}.700001Z migration_cleanup `],
      problem: { 'time-jitter': 1 },
    },
    {
      title: 'time back by 1 s between threads that the lines name',
      damaged: ['7@1795468802.700000:migration_cancel ', '8@1795468801.700000:migration_cleanup '],
      sound: ['7@1795468802.700000:migration_cancel ', '8@1795468802.700000:migration_cleanup '],
      problem: { 'time-backwards': 1 },
    },
    {
      title: 'time back by less than that, as on a busy host',
      damaged: ['7@1795468802.700000:migration_cancel ', '8@1795468801.700001:migration_cleanup '],
      sound: ['7@1795468802.700000:migration_cancel ', '8@1795468802.700000:migration_cleanup '],
      problem: { 'time-jitter': 1 },
    },
    {
      title: 'time back by 10 ms in one of them, with a line of another in between',
      damaged: [
        '7@1795468802.700000:migration_cancel ',
        '8@1795468802.700000:migration_cleanup ',
        '7@1795468802.690000:migration_cleanup ',
      ],
      sound: ['7@1795468802.700000:migration_cancel ', '8@1795468802.700000:migration_cleanup '],
      problem: { 'time-backwards': 1 },
      firstLine: 3,
    },
    {
      title: 'time back by less in one thread’s own log',
      damaged: [`${T}.700000Z migration_cancel `, `${T}.699999Z migration_cleanup `],
      sound: [`${T}.700000Z migration_cancel `, `${T}.700000Z migration_cleanup `],
      problem: { 'time-backwards': 1 },
      thread: 7,
    },
    {
      title: 'no UTF-8',
      damaged: Buffer.from(`${T}Z migrate_error error=a\xffb\n`, 'latin1'),
      sound: Buffer.from(`${T}Z migrate_error error=a\u00fcb\n`),
      problem: { 'invalid-utf8': 1 },
      firstLine: 1,
    },
    {
      title: 'no line end',
      damaged: `${SETUP}\n${T}.8Z migration_cleanup `,
      sound: `${SETUP}\n${T}.8Z migration_cleanup \n`,
      problem: { 'unterminated-last-line': 1 },
    },
    {
      title: 'longer than 1 MiB',
      damaged: [SETUP, `${T}.8Z migrate_error error=${'x'.repeat(1_100_000)}`, `${T}.9Z migration_cleanup `],
      sound: [SETUP, `${T}.8Z migrate_error error=${'x'.repeat(1_000_000)}`, `${T}.9Z migration_cleanup `],
      problem: { 'overlong-line': 1 },
    },
  ];

  test.each(cases)('$title', async ({ damaged, sound, problem, firstLine = 2, thread }) => {
    const bad = await readItems(damaged, thread);
    expect(bad.problems).toEqual(problem);
    expect(bad.facts.problems[0]).toMatchObject({ firstLine });
    const holes = bad.facts.problems.filter(({ code }) => isHole(code)).map(({ code }) => `damage ${code}`);
    expect(labels(bad).filter((label) => label.startsWith('damage'))).toEqual(holes);
    expect((await readItems(sound, thread)).problems).toEqual({});
  });
});

describe('what damage leaves intact', () => {
  test('the event behind leading NUL bytes', async () => {
    const { items, facts } = await readItems([`${'\0'.repeat(11_096)}${SETUP}`]);
    expect(items.map(labelOf)).toEqual(['damage nul-bytes', 'migrate_set_state']);
    expect(items[1]?.place).toEqual({ input: 0, line: 1, text: SETUP });
    expect(facts).toMatchObject({ lines: 1, events: 1 });
  });

  // copytruncate of a log of some size leaves as many NUL bytes.
  test('the event behind more than 1 MiB of them', async () => {
    const nuls = 2_500_000;
    const { items, problems } = await readItems([`${'\0'.repeat(nuls)}${SETUP}`, `${T}.8Z migration_cleanup `]);
    expect(problems).toEqual({ 'nul-bytes': nuls });
    expect(items.map(labelOf)).toEqual(['damage nul-bytes', 'migrate_set_state', 'migration_cleanup']);
  });

  test('the lines around an overlong one, which is counted once', async () => {
    const { items, facts } = await readItems([SETUP, 'x'.repeat(10_000_000), `${T}.8Z migration_cleanup `]);
    expect(items.map(labelOf)).toEqual(['migrate_set_state', 'damage overlong-line', 'migration_cleanup']);
    expect(facts).toMatchObject({ lines: 3, problems: [{ code: 'overlong-line', count: 1, firstLine: 2 }] });
  });

  test('a line whose time runs back: the damage stands before it', async () => {
    expect(labels(await readItems([SETUP, `${T}.1Z migration_cleanup `]))).toEqual([
      'migrate_set_state',
      'damage time-backwards',
      'migration_cleanup',
    ]);
  });

  test('NUL bytes in the middle or at the end are no part of a state', async () => {
    for (const line of [
      `${T}Z migrate_set_state new state act\0\0ve`,
      `${T}Z migrate_set_state new state active\0\0`,
    ]) {
      const { items, problems } = await readItems([line]);
      const states = items.flatMap((item) => (item.kind === 'event' ? Object.values(item.event.args) : []));
      expect(states.filter((state) => String(state).includes('\0'))).toEqual([]);
      expect(Object.keys(problems)).not.toEqual([]);
    }
  });

  test('a last line of NUL bytes or a carriage return without its end is reported as such', async () => {
    for (const last of ['\0\0', '\r']) {
      const { problems } = await readItems(`${SETUP}\n${last}`);
      expect(problems).toHaveProperty('unterminated-last-line', 1);
    }
  });
});

test('carriage returns before line ends change nothing', async () => {
  const { items, facts } = await readItems(`${SETUP}\r\n\r\n${T}.8Z migration_cleanup \r\n`);
  expect(items.map(({ place }) => place)).toEqual([
    { input: 0, line: 1, text: SETUP },
    { input: 0, line: 3, text: `${T}.8Z migration_cleanup ` },
  ]);
  expect(facts).toMatchObject({ lines: 3, events: 2, problems: [] });
});

test('the format is that of most events', async () => {
  const old = '22680@1795396494.806711:migration_cleanup ';
  expect((await readItems([old, SETUP, SETUP])).facts.format).toBe('qemu-log-iso');
  expect((await readItems([old, old, SETUP])).facts.format).toBe('qemu-log-tid');
  expect((await readItems(['migration_cleanup '])).facts.format).toBe('qemu-log-bare');
  expect((await readItems(['qemu-system-x86_64: x'])).facts.format).toBe('stderr');
  expect((await readItems(['junk'])).facts.format).toBe('unknown');
  expect((await readItems('')).facts.format).toBe('unknown');
});

test('text in which U+FFFD itself stands is UTF-8', async () => {
  expect((await readItems([`${T}Z migrate_error error=\ufffd`])).problems).toEqual({});
});
