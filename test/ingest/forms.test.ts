/** Recordings of other back ends, from the line to the item. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SKIPPED, TRACES, TRACES_MISSING } from '../rules/captures.ts';
import { labelOf, readItems, readPath } from './support.ts';

const MARK = '  <...>-12 [000] ...1. 10.000001: tracing_mark_write: ';
const LTTNG = '[17:20:33.123456789] (+0.000001234) host qemu:';
const QUERY = 'exact = 1, final = 1, precopy = 4096, stopcopy = 0, postcopy = 0, total = 4096';

async function readOne(line: string) {
  const { items, problems } = await readItems([line]);
  return { item: items[0], problems };
}

describe('arguments by name', () => {
  test('numbers, texts with escapes, pointers', async () => {
    const line = `${LTTNG}ram_write_tracking_ramblock_start: { cpu_id = 1 }, { block_id = "a\\"\\\\ }, { \\'b\\'\\x01\\t", page_size = 4096, addr = 0x7F00AB, length = 18446744073709551615 }`;
    expect((await readOne(line)).item).toMatchObject({
      kind: 'event',
      event: {
        args: {
          block_id: "a\"\\ }, { 'b'\u0001\t",
          page_size: 4096,
          addr: '0x7f00ab',
          length: 18_446_744_073_709_551_615n,
        },
      },
    });
  });

  test('thread and process come from the context', async () => {
    const line = `${LTTNG}migration_cleanup: { cpu_id = 1 }, { procname = "CPU 0/KVM", vpid = 12, vtid = 13 }, { }`;
    expect((await readOne(line)).item).toMatchObject({ thread: 13, process: 12, event: { name: 'migration_cleanup' } });
    const argument = `${LTTNG}some_event: { cpu_id = 1 }, { pid = 12, tid = 13 }`;
    expect((await readOne(argument)).item).toMatchObject({ kind: 'other-event', thread: undefined });
    const without = `${LTTNG}migration_cleanup: { cpu_id = 1 }, { vtid = 13 }`;
    expect((await readOne(without)).item).toMatchObject({ thread: 13, event: { name: 'migration_cleanup' } });
  });

  test('with all names that babeltrace prints', async () => {
    const line =
      'timestamp = 17:20:33.123456789, delta = +0.000001234, name = qemu:migrate_set_state, stream.packet.context = { cpu_id = 1 }, event.fields = { new_state = "setup" }';
    expect((await readOne(line)).item).toMatchObject({ event: { args: { new_state: 'setup' } } });
  });

  test('the names of QEMU', async () => {
    const old = `${LTTNG}migrate_transferred: { cpu_id = 1 }, { tranferred = 1, time_spent = 2, bandwidth = 3, size = 18446744073709551615 }`;
    expect((await readOne(old)).item).toMatchObject({
      event: { args: { transferred: 1, time_spent: 2, bandwidth: 3, max_size: -1 } },
    });
    const error = `${LTTNG}migrate_error: { cpu_id = 1 }, { error_desc = "x" }`;
    expect((await readOne(error)).item).toMatchObject({ event: { args: { error: 'x' } } });
  });

  test('a mutex event', async () => {
    const line = `${LTTNG}qemu_mutex_lock: { cpu_id = 1 }, { vtid = 3 }, { mutex = 0x5605E58F9960, file = "util/rcu.c", line = 12 }`;
    expect((await readOne(line)).item).toMatchObject({
      kind: 'lock',
      operation: 'waiting',
      mutex: '0x5605e58f9960',
      file: 'util/rcu.c',
      site: 'util/rcu.c:12',
      thread: 3,
    });
  });

  test('the two counts of 11.1, whatever they are called', async () => {
    const named = (fields: string) =>
      readOne(`${LTTNG}qemu_savevm_query_pending: { cpu_id = 1 }, { ${QUERY}${fields} }`);
    const acks = { 'collected switchover ack pending': '1', 'total switchover ack pending': '2' };
    for (const fields of [
      ', switchover_ack_pending = 1, switchover_ack_total = 2',
      ', total_acks = 2, acks = 1',
      ', ack_collected = 0x1, ack_total = 0x2',
    ]) {
      expect((await named(fields)).item).toMatchObject({ extra: acks });
    }
    expect((await named('')).item).toMatchObject({ kind: 'event', extra: undefined });
  });

  test.each([
    `qemu_savevm_query_pending: { cpu_id = 1 }, { ${QUERY}, acks = 1 }`,
    `qemu_savevm_query_pending: { cpu_id = 1 }, { ${QUERY}, a = 1, b = 2 }`,
    `qemu_savevm_query_pending: { cpu_id = 1 }, { ${QUERY}, back = 1, ack = 2 }`,
    'qemu_savevm_query_pending: { cpu_id = 1 }, { exact = 1, last = 1, precopy = 0, stopcopy = 0, postcopy = 0, total = 0 }',
    'qemu_savevm_query_pending: { cpu_id = 1 }, { exact = 1, final = 1, precopy = 0, stopcopy = 0, postcopy = 0 }',
    'qemu_savevm_query_pending: { cpu_id = 1 }, { 1, 1, 0, 0, 0, 0 }',
    'migrate_set_state: { cpu_id = 1 }, { new_state = 4 }',
    'migrate_set_state: { cpu_id = 1 }',
    'migration_bitmap_sync_end: { cpu_id = 1 }, { dirty_pages = "4" }',
    'migration_bitmap_sync_end: { cpu_id = 1 }, { pages = 4 }',
    'qemu_mutex_lock: { cpu_id = 1 }, { mutex = 0x1, line = 12 }',
  ])('never misread: %s', async (event) => {
    const { items, problems } = await readItems([`${LTTNG}${event}`]);
    const code = event.includes('{ 1,') ? 'torn-line' : 'unknown-arguments';
    expect(items).toMatchObject([{ kind: 'damage', code }]);
    expect(problems).toEqual({ [code]: 1 });
  });

  test('an event that breaks off is torn wherever it does', async () => {
    const line = `${LTTNG}migrate_set_state: { cpu_id = 1 }, { new_state = "setup" }`;
    const start = line.indexOf('_state') + 6;
    for (let end = start; end < line.length; end += 1) {
      const { problems } = await readOne(line.slice(0, end));
      const complete = line.slice(0, end).endsWith(' }');
      expect(problems, line.slice(0, end)).toEqual({ [complete ? 'unknown-arguments' : 'torn-line']: 1 });
    }
  });

  test('events that the replay does not rest on are counted by name', async () => {
    const { items, problems } = await readItems([
      `${LTTNG}kvm_run_exit: { cpu_id = 1 }, { cpu_index = 0, reason = 2 }`,
      `${LTTNG}ram_load_start: { cpu_id = 1 }, { a = 0 }`,
      `${LTTNG}savevm_section_start: { cpu_id = 1 }, { }`,
    ]);
    expect(items.map(({ kind }) => kind)).toEqual(['other-event', 'event', 'other-event']);
    expect(problems).toEqual({ 'unread-arguments': 1 });
  });
});

describe('simpletrace.py', () => {
  test('hexadecimal numbers and the bytes of Python', async () => {
    const { items, facts } = await readItems([
      "runstate_set 0.000 pid=12 current_state=0x9 current_state_str=b'running' new_state=0x7 new_state_str=b'finish-migrate'",
      'migrate_transferred 1.000 pid=12 transferred=0x1 time_spent=0x2 bandwidth=0x3 avail_bw=0x0 size=0xffffffffffffffff',
      `migrate_error 0.500 pid=12 error_desc=b"it's \\xc3\\xa9 a=1\\n"`,
      'migration_cleanup 0.001 pid=12',
    ]);
    expect(facts).toMatchObject({ format: 'simpletrace-text', events: 4, problems: [] });
    expect(items).toMatchObject([
      { timeNs: 0, process: 12, event: { args: { new_state: 7, new_state_str: 'finish-migrate' } } },
      { timeNs: 1000, event: { args: { max_size: -1 } } },
      { timeNs: 1500, event: { args: { error: "it's é a=1\n" } } },
      { timeNs: 1501, event: { name: 'migration_cleanup' } },
    ]);
  });

  test('a text without quotes that holds a blank is not guessed', async () => {
    const { problems } = await readItems(['migrate_error 0.500 pid=12 error_desc=it is not']);
    expect(problems).toEqual({ 'torn-line': 1 });
  });

  test('a bare log is none', async () => {
    const { facts } = await readItems(['migration_thread_low_pending 4096', 'migration_rate_limit_pre 12 ms']);
    expect(facts).toMatchObject({ format: 'qemu-log-bare', events: 2, problems: [] });
  });
});

describe('what the recorder says it lost', () => {
  test.each([
    ['CPU:1 [LOST 123 EVENTS]', 123],
    ['CPU:7 [204600 EVENTS DROPPED]', 204_600],
    ['CPU:7 [EVENTS DROPPED]', 1],
    ['# entries-in-buffer/entries-written: 2600/2622   #P:2', 22],
    ['[warning] Tracer discarded 5 events between [17:20:33.123456789] and [17:20:34.123456789] in trace', 5],
    ['[warning] Tracer discarded 6 events at end of stream between [17:20:33.123456789] and', 6],
    ['WARNING: Tracer discarded 1 packet between [17:20:33.1] and [17:20:34.1] in trace "x"', 1],
    ['WARNING: There were 7 transport failures.', 7],
    ['WARNING: Number of errors: 0, skipped probes: 8', 8],
    ['Dropped_Event 0.123 pid=12 num_events_dropped=0xa', 10],
  ])('%s', async (line, count) => {
    const { items, facts, problems } = await readItems([`${MARK}migration_cleanup `, line]);
    expect(problems).toEqual({ 'lost-events': count });
    expect(items.map(labelOf)).toEqual(['migration_cleanup', 'damage lost-events']);
    expect(facts).toMatchObject({ events: 1, messages: 1 });
  });

  test('nothing: no damage', async () => {
    const { items, problems } = await readItems([
      '# entries-in-buffer/entries-written: 2622/2622   #P:2',
      'WARNING: Number of errors: 0, skipped probes: 0',
    ]);
    expect(problems).toEqual({});
    expect(items.filter(({ kind }) => kind === 'damage')).toEqual([]);
  });

  test('each ring buffer of the kernel begins in the middle, and says where', async () => {
    const { items, problems } = await readItems([
      '# tracer: nop',
      '# entries-in-buffer/entries-written: 2600/2622   #P:2',
      `${MARK}migration_cleanup `,
      '##### CPU 1 buffer started ####',
      `${MARK.replace('[000]', '[001]')}migration_cleanup `,
    ]);
    expect(items.map(labelOf)).toEqual([
      'damage lost-events',
      'damage lost-events',
      'migration_cleanup',
      'damage lost-events',
      'migration_cleanup',
    ]);
    expect(problems).toEqual({ 'lost-events': 22 });
  });

  test('or its first entry shows it', async () => {
    const on = (cpu: string, process = '') => MARK.replace(' [000]', `${process} [${cpu}]`);
    const { items, problems } = await readItems([
      '# entries-in-buffer/entries-written: 2600/2622   #P:3',
      `${on('000')}migration_cleanup `,
      '          <idle>-0       [001] d..2.  10.000001: sched_switch: prev_comm=swapper/1 prev_pid=0',
      `${on('001')}migration_cleanup `,
      `${on('002', ' (  12)')}migration_cleanup `,
      `${on('001')}migration_cleanup `,
    ]);
    const lost = 'damage lost-events';
    const event = 'migration_cleanup';
    expect(items.map(labelOf)).toEqual([lost, lost, event, lost, event, lost, event, event]);
    expect(items.filter(({ kind }) => kind === 'damage').map(({ process }) => process)).toEqual(
      Array(4).fill(undefined),
    );
    expect(problems).toEqual({ 'lost-events': 22 });
  });
});

describe('the lines between', () => {
  test('headings and entries of the kernel are no damage', async () => {
    const { items, facts } = await readItems([
      '# tracer: nop',
      '#',
      '          <idle>-0       [001] d..2.  3929.683539: sched_switch: prev_comm=swapper/1 prev_pid=0',
      `${MARK}migration_cleanup `,
    ]);
    expect(items.map(labelOf)).toEqual(['migration_cleanup']);
    expect(facts).toMatchObject({ format: 'ftrace', events: 1, messages: 3, problems: [] });
  });

  test('pieces of recordings are damage', async () => {
    for (const piece of [
      '[000] ...1. 10.000001: tracing_mark_write: migration_cl',
      '795396494806711000 migr 12@1795396494806711000',
      'tate: { cpu_id = 1 }, { new_state = "setup" }',
      `${MARK}migrate_set_state new state ac${MARK}migration_cleanup `,
      '12@1795396494806711000 migrate_set_state new 12@1795396494806711000 migration_cleanup ',
    ]) {
      const { problems } = await readItems([`${MARK}migration_cleanup `, piece]);
      expect(problems, piece).toEqual(expect.objectContaining({ 'torn-line': 1 }));
    }
  });
});

test.skipIf(TRACES_MISSING)(`the captured trace buffer holds what the log holds${SKIPPED}`, async () => {
  const folder = join(TRACES, 'patched/ftrace-clean-precopy');
  const trace = await readPath(join(folder, 'src.ftrace.txt'));
  const log = await readPath(join(folder, 'src.log'));
  expect(trace.facts).toMatchObject({ format: 'ftrace', messages: 12, problems: [] });
  expect(trace.facts.lines).toBe(readFileSync(join(folder, 'src.ftrace.txt'), 'utf8').split('\n').length - 1);
  const shown = ({ items }: typeof trace) => items.map(({ place }) => place.text.replace(/^.*?(?:Z|write:) /, ''));
  // The log has one event from before the back end was open. Threads that print at once change places.
  expect([...shown(trace)].sort()).toEqual(shown(log).slice(1).sort());
  expect(new Set(trace.items.map(({ thread }) => thread)).size).toBe(7);
});
