import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOT_MINE, NOT_QEMUS, Stamp } from '../../src/ingest/formats/format.ts';
import { iso } from '../../src/ingest/formats/iso.ts';
import { OTHER_FORMATS, PREFIX_FORMATS } from '../../src/ingest/formats/registry.ts';
import { tid } from '../../src/ingest/formats/tid.ts';

/** What the first format that takes the line makes of it; `behind` stands in the buffer after it. */
function readPrefix(line: string, behind = '\n') {
  const before = '1@1795396494.8067';
  const bytes = Buffer.from(before + line + behind);
  const start = before.length;
  const end = start + Buffer.byteLength(line);
  const stamp = new Stamp();
  for (const format of PREFIX_FORMATS) {
    const rest = format.read(bytes, start, end, stamp);
    if (rest >= 0) return { id: format.id, rest: bytes.toString('utf8', rest, end), ...stamp };
  }
  return undefined;
}

describe.each(PREFIX_FORMATS)('$id', ({ id, samples }) => {
  test.each(samples)('its sample: $line', ({ line, rest }) => {
    expect(readPrefix(line)).toMatchObject({ id, rest });
  });
});

/** What the first form of another back end that takes the line makes of it. */
function readForm(line: string, stamp = new Stamp()) {
  const bytes = Buffer.from(`1@2 ${line}\n`);
  const end = bytes.length - 1;
  for (const format of OTHER_FORMATS) {
    const rest = format.read(bytes, 4, end, stamp);
    if (rest === NOT_MINE) continue;
    if (rest === NOT_QEMUS) return { id: format.id, rest: undefined };
    const { seconds, nanos, thread, process, sinceEpoch } = stamp;
    return { id: format.id, rest: bytes.toString('utf8', rest, end), seconds, nanos, thread, process, sinceEpoch };
  }
  return undefined;
}

describe.each(OTHER_FORMATS)('$id', ({ id, samples }) => {
  test.each(samples)('its sample: $line', ({ line, rest }) => {
    expect(readForm(line)).toMatchObject({ id, rest });
    // None of the log's prefixes may take it for its own.
    expect(readPrefix(line)).toMatchObject({ id: 'qemu-log-bare' });
  });
});

describe('the kernel’s trace buffer', () => {
  const EVENT = 'migration_cleanup ';
  const MARK = `tracing_mark_write: ${EVENT}`;

  test.each([
    [`           <...>-13271   [000] ...1.  3929.683539: ${MARK}`, 13_271, undefined, 3929, 683_539_000],
    [` qemu-system-x86-12    [000] ...1 3929.683539: ${MARK}`, 12, undefined, 3929, 683_539_000],
    [`  live_migration-12    [127] d.s2. 3929.000001: ${MARK}`, 12, undefined, 3929, 1000],
    [`      CPU 0/KVM-12    (   9) [000] ...1.  3929.683539: ${MARK}`, 12, 9, 3929, 683_539_000],
    [`      CPU 0/KVM-12    (-------) [000] ...1.  3929.683539: ${MARK}`, 12, undefined, 3929, 683_539_000],
    [` a-1 b [333] c-d-12 [000] 3929.683539: ${MARK}`, 12, undefined, 3929, 683_539_000],
    [`  qemu-12  [001]  123.456789012: print:                ${MARK}`, 12, undefined, 123, 456_789_012],
    [`  qemu-12  6.....   713.996237: print:                ${MARK}`, 12, undefined, 713, 996_237_000],
    [`  qemu-12  [001] ..... 123.500000: bprint:   0xffffffff8118: ${EVENT}`, 12, undefined, 123, 500_000_000],
    [`  qemu-12  [001] ..... 123.456789: 0: ${EVENT}`, 12, undefined, 123, 456_789_000],
  ])('%s', (line, thread, process, seconds, nanos) => {
    const expected = { id: 'ftrace', rest: EVENT, thread, process, seconds, nanos, sinceEpoch: false };
    expect(readForm(line)).toEqual(expected);
  });

  test('a clock that counts cycles gives no time', () => {
    expect(readForm(`  qemu-12  [001] ..... 123456789: ${MARK}`)).toMatchObject({ rest: EVENT, seconds: undefined });
  });

  test.each([
    '# tracer: nop',
    '#',
    '#                                _-----=> irqs-off/BH-disabled',
    'version = 6',
    'cpus=8',
    'CPU 3 is empty',
    '          <idle>-0       [001] d..2.  3929.683539: sched_switch: prev_comm=swapper/1 prev_pid=0 ==> next_comm=x',
    '     kworker/1:1-84      [001]    51.769423: bprint:               serial8250_tx_dma: tx_size=3',
    '            surf-84      [001] ...1. 51.769423: tracing_mark_write: B|84|frame',
  ])('nothing of QEMU: %s', (line) => {
    expect(readForm(line)).toEqual({ id: 'ftrace', rest: undefined });
  });

  test.each([
    '<...>-13271',
    'x-12 [000] ...1. tracing_mark_write: migration_cleanup',
    '#hash',
    '-',
    'a-1 2.5 x',
  ])('not a line of it: %s', (line) => {
    expect(readForm(line)).toBeUndefined();
  });
});

describe('SystemTap', () => {
  test('seconds since 1970, or since the boot of the host', () => {
    const event = { id: 'stap', rest: 'x_y z', thread: undefined };
    expect(readForm('12@1795396494806711123 x_y z')).toEqual({
      ...event,
      process: 12,
      seconds: 1_795_396_494,
      nanos: 806_711_123,
      sinceEpoch: true,
    });
    expect(readForm('12@3929806711123 x_y z')).toMatchObject({ ...event, seconds: 3929, sinceEpoch: false });
  });

  test.each([
    '12@1795396494806711123',
    '12@1795396494806711123 ',
    '12@1795396494806711123:x_y',
    '12@806711123 x_y',
  ])('not a line of it: %j', (line) => {
    expect(readForm(line)).toBeUndefined();
  });
});

describe('LTTng', () => {
  const EVENT = 'x_y: { cpu_id = 1 }, { a = 1 }';

  test.each([
    [`[17:20:33.123456789] (+0.000001234) host qemu:${EVENT}`, 62_433, false],
    [`[17:20:33.123456789] (+?.?????????) qemu:${EVENT}`, 62_433, false],
    [`[17:20:33.123456789] host:ust:qemu-system-x86:(12):TRACE_DEBUG (14) qemu:${EVENT}`, 62_433, false],
    [`[2026-11-23 17:20:33.123456789] (+0.000001234) host qemu:${EVENT}`, 1_795_454_433, false],
    [`[1795454433.123456789] (+0.000001234) host qemu:${EVENT}`, 1_795_454_433, true],
    [`[00000000000123456789] (+000000000012) host qemu:${EVENT}`, undefined, true],
    [`[??:??:??.?????????] (+0.000000001) host qemu:${EVENT}`, undefined, true],
  ])('%s', (line, seconds, sinceEpoch) => {
    expect(readForm(line)).toMatchObject({ id: 'lttng-text', rest: EVENT, seconds, sinceEpoch });
  });

  test('with all names', () => {
    const behind = 'x_y, stream.packet.context = { cpu_id = 1 }, event.fields = { a = 1 }';
    const line = `timestamp = 17:20:33.123456789, delta = +0.000001234, trace:hostname = h, name = qemu:${behind}`;
    expect(readForm(line)).toMatchObject({ id: 'lttng-text', rest: behind, seconds: 62_433 });
  });

  test('midnight passes between two times without a date', () => {
    const stamp = new Stamp();
    const at = (time: string) => readForm(`[${time}.000000000] (+0.000000001) h qemu:${EVENT}`, stamp)?.seconds;
    expect([at('23:59:58'), at('23:59:59'), at('00:00:01'), at('13:00:00'), at('00:00:02')]).toEqual([
      86_398, 86_399, 86_401, 133_200, 172_802,
    ]);
  });

  test('an event of the kernel, and what is no event', () => {
    expect(readForm('[17:20:33.123456789] (+0.000001234) host sched_switch: { cpu_id = 1 }, { x = 1 }')).toEqual({
      id: 'lttng-text',
      rest: undefined,
    });
    expect(readForm('[17:20:33.123456789] hello world')).toBeUndefined();
    expect(readForm(`[25 o'clock] (+0.000001234) host qemu:${EVENT}`)).toBeUndefined();
  });
});

test('times of simpletrace.py add up', () => {
  const stamp = new Stamp();
  const at = (delta: string) => {
    const { seconds, nanos } = { seconds: 0, nanos: 0, ...readForm(`x_y ${delta} pid=12 a=0x1`, stamp) };
    return [seconds, nanos];
  };
  expect([at('0.000'), at('1999999.999'), at('0.001'), at('-0.002')]).toEqual([
    [0, 0],
    [1, 999_999_999],
    [2, 0],
    [1, 999_999_998],
  ]);
});

test('the ids differ, and the last format takes every line', () => {
  const ids = [...PREFIX_FORMATS, ...OTHER_FORMATS].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(readPrefix('')).toMatchObject({ id: 'qemu-log-bare', rest: '', seconds: undefined, thread: undefined });
});

describe('fractions of the ISO stamp', () => {
  test.each([
    ['', 0],
    ['.0', 0],
    ['.5', 500_000_000],
    ['.05', 50_000_000],
    ['.123', 123_000_000],
    ['.1234', 123_400_000],
    ['.12345', 123_450_000],
    ['.000001', 1000],
    ['.999999', 999_999_000],
    ['.1234567', 123_456_700],
    ['.12345678', 123_456_780],
    ['.123456789', 123_456_789],
  ])('%j', (fraction, nanos) => {
    const read = readPrefix(`2026-11-23T01:04:40${fraction}Z migration_cleanup `);
    expect(read).toMatchObject({ id: iso.id, rest: 'migration_cleanup ', seconds: 1_795_395_880, nanos });
  });
});

test.each([
  '2026-11-23T01:04:40.Z x_y',
  '2026-11-23T01:04:40.1234567890Z x_y',
  '2026-11-23T01:04:40.123456 x_y',
  '2026-11-23T01:04:40.123456Zx_y',
  '2026-11-23T01:04:40.123456Z',
  '2026-11-23T01:04:40Z',
  '2026-11-23 01:04:40Z x_y',
  '2026-11-23T01:04:4xZ x_y',
  '202x-11-23T01:04:40Z x_y',
  '2026-11-23T01:04:40+01:00 x_y',
  '22680@1795396494.806711',
  '22680@1795396494.80671:x_y',
  '22680@1795396494.8067111:x_y',
  '22680@1795396494:x_y',
  '22680@.806711:x_y',
  '@1795396494.806711:x_y',
  '12345678901@1795396494.806711:x_y',
  '22680 @1795396494.806711:x_y',
  '22680',
  '22680@1795396494.',
])('not quite a prefix: %s', (line) => {
  // Bytes of earlier lines stand behind the last line: a format must not look at them.
  for (const behind of ['\n', ' x_y', ':x_y', '11:x_y', '@1795396494.806711:x_y', 'Z x_y']) {
    expect(readPrefix(line, behind)).toMatchObject({ id: 'qemu-log-bare', rest: line, seconds: undefined });
  }
});

test('a bare line forgets the stamp of the line before', () => {
  const stamp = new Stamp();
  const read = (line: string): void => {
    const bytes = Buffer.from(line);
    for (const format of PREFIX_FORMATS) if (format.read(bytes, 0, bytes.length, stamp) >= 0) return;
  };
  read('22680@1795396494.806711:x_y');
  expect(stamp).toMatchObject({ seconds: 1_795_396_494, nanos: 806_711_000, thread: 22_680 });
  read('2026-11-23T01:04:40Z x_y');
  expect(stamp).toMatchObject({ seconds: 1_795_395_880, nanos: 0, thread: undefined });
  read('x_y');
  expect(stamp).toMatchObject({ seconds: undefined, nanos: 0, thread: undefined });
});

describe('property: time since 1970', () => {
  const time = fc.date({
    min: new Date('1970-01-01T00:00:00Z'),
    max: new Date('2199-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  const micros = fc.nat({ max: 999_999 });

  test('of ISO stamps is that of Date.UTC', () => {
    fc.assert(
      fc.property(time, micros, (date, fraction) => {
        const line = `${date.toISOString().slice(0, 19)}.${String(fraction).padStart(6, '0')}Z x_y`;
        const seconds = Math.floor(date.getTime() / 1000);
        expect(readPrefix(line)).toMatchObject({ id: iso.id, rest: 'x_y', seconds, nanos: fraction * 1000 });
      }),
      { numRuns: 1000 },
    );
  });

  test('and thread of the older stamps are taken as they are', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 9_999_999_999 }), micros, (thread, seconds, fraction) => {
        const line = `${thread}@${seconds}.${String(fraction).padStart(6, '0')}:x_y`;
        expect(readPrefix(line)).toMatchObject({ id: tid.id, rest: 'x_y', seconds, nanos: fraction * 1000, thread });
      }),
    );
  });
});
