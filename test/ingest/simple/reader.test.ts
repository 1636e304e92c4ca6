/** Binary logs, record by record: what becomes of each, and of everything that is no record. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TraceItem } from '../../../src/ingest/trace-item.ts';
import { TraceStream } from '../../../src/ingest/trace-stream.ts';
import { DECLARATIONS, printed, signatureOf } from '../../catalog/printf.ts';
import { type Content, countsOf, inFolder, labelOf, type Reading, readItems, readPath } from '../support.ts';
import { MAGIC, PRECOPY, PROCESS, precopy, SimpleLog, TABLE, type Value, zstdOf } from './writer.ts';

/** Reads a log, with the table beside it unless there is none. */
function readLog(log: Buffer, table: string | undefined = TABLE): Promise<Reading> {
  const files: Record<string, Content> = table === undefined ? {} : { 'trace-events-all': table };
  return inFolder({ ...files, 'src.trace': log }, (path) => readPath(path('src.trace')));
}

function readAlone(log: Buffer): Promise<Reading> {
  return inFolder({ 'src.trace': log }, (path) => readPath(path('src.trace')));
}

const labels = ({ items }: Reading): readonly string[] => items.map(labelOf);
const texts = ({ items }: Reading): readonly string[] => items.map(({ place }) => place.text);

/** Without place and time: what the event is. */
function essence(item: TraceItem): object {
  const { place: _place, timeNs: _timeNs, ...rest } = item;
  return rest;
}

const LINES = [
  'migrate_set_state new state setup',
  'savevm_state_setup ',
  'migration_bitmap_sync_start ',
  'migration_bitmap_sync_end dirty_pages 0',
  'migrate_set_state new state active',
  'qemu_savevm_query_pending exact=0, final=0, precopy=8192, stopcopy=0, postcopy=0, total=8192',
];

describe('records', () => {
  test('are what the log back end prints, and the items are the same', async () => {
    const reading = await readLog(precopy());
    expect(texts(reading).slice(0, LINES.length)).toEqual(LINES);
    const asText = await readItems(texts(reading));
    expect(reading.items.map(essence)).toEqual(asText.items.map(essence));
    expect(reading.items.map(({ place }) => place.line)).toEqual(PRECOPY.map((_event, index) => index + 1));
    expect(reading.facts).toMatchObject({ lines: PRECOPY.length, events: PRECOPY.length, format: 'simple-v4' });
    expect(reading.facts.problems).toEqual([]);
  });

  test('times count from the whole second of the first; the process is no thread', async () => {
    const log = new SimpleLog()
      .event('migrate_set_state', ['setup'], { time: 2_884_037_785_590n })
      .event('migrate_set_state', ['active'], { time: 2_885_000_000_001n });
    const { items } = await readLog(log.bytes);
    expect(items.map(({ timeNs, thread }) => [timeNs, thread])).toEqual([
      [37_785_590, undefined],
      [1_000_000_001, undefined],
    ]);
  });

  test('a host that has run for a year: exact to the nanosecond', async () => {
    const time = 31_536_000_123_456_789n;
    const log = new SimpleLog()
      .event('migrate_set_state', ['setup'], { time })
      .event('migrate_set_state', ['active'], { time: time + 1n });
    const { items } = await readLog(log.bytes);
    expect(items.map(({ timeNs }) => timeNs)).toEqual([123_456_789, 123_456_790]);
  });

  test('mutexes, 64-bit values, negative ones, NULL texts, other events', async () => {
    const log = new SimpleLog()
      .event('qemu_mutex_locked', [0x56551ace07e0, 'migration/migration.c', 2864])
      .event('migration_bitmap_sync_end', [2n ** 64n - 1n])
      .event('savevm_section_end', ['ram', 2, -5])
      .event('migration_set_outgoing_channel', [0x5576a77177b0, 'qio-channel-socket', '', 0])
      .event('kvm_vcpu_ioctl', [0, 0xae80, 0]);
    const { items, facts } = await readLog(log.bytes);
    expect(items.map(({ place }) => place.text)).toEqual([
      'qemu_mutex_locked taken mutex 0x56551ace07e0 (migration/migration.c:2864)',
      'migration_bitmap_sync_end dirty_pages 18446744073709551615',
      'savevm_section_end ram, section_id 2 -> -5',
      'migration_set_outgoing_channel ioc=0x5576a77177b0 ioctype=qio-channel-socket hostname= err=(nil)',
      'kvm_vcpu_ioctl cpu_index 0, type 0xae80, arg (nil)',
    ]);
    expect(items.map(({ kind }) => kind)).toEqual(['lock', 'event', 'event', 'event', 'other-event']);
    expect(items[0]).toMatchObject({ operation: 'taken', mutex: '0x56551ace07e0', site: 'migration/migration.c:2864' });
    expect(items[1]).toMatchObject({ event: { args: { dirty_pages: 2n ** 64n - 1n } } });
    expect(facts.problems).toEqual([]);
  });

  test('written by a big-endian host', async () => {
    const little = await readLog(precopy());
    const big = await readLog(precopy(undefined, { bigEndian: true }));
    expect(big.items).toEqual(little.items);
    expect(big.facts.problems).toEqual([]);
  });

  test.each([
    ['simple-v4', precopy()],
    ['simple-v4+gzip', gzipSync(precopy())],
    ['simple-v4+zstd', zstdOf(precopy())],
  ])('%s', async (format, bytes) => {
    const { facts } = await readLog(bytes);
    expect(facts).toMatchObject({ bytes: bytes.length, events: PRECOPY.length, format, problems: [] });
  });

  test('packed and cut', async () => {
    const { problems } = await readLog(gzipSync(precopy()).subarray(0, 300));
    expect(problems).toMatchObject({ 'truncated-compression': 1 });
  });

  test('two logs one behind the other, the second with ids of its own', async () => {
    const second = new SimpleLog().name(9, 'ram_save_complete').name(7, 'savevm_state_setup').record(7, []);
    const { items, problems } = await readLog(Buffer.concat([precopy(), second.bytes]));
    expect(
      items
        .filter(({ kind }) => kind === 'event')
        .map(labelOf)
        .at(-1),
    ).toBe('savevm_state_setup');
    expect(problems).toEqual({ 'time-jitter': 1 });
  });

  test('names that come later', async () => {
    const log = new SimpleLog().name(1, 'savevm_state_setup').record(1, []).name(2, 'qxl_event').record(2, [5]);
    expect(labels(await readLog(log.bytes))).toEqual(['savevm_state_setup', 'qxl_event']);
  });

  test('stamps of several threads', async () => {
    const at = (time: bigint) => ({ time });
    const log = new SimpleLog()
      .event('savevm_state_setup', [], at(10_000_000_000n))
      .event('savevm_state_setup', [], at(9_999_900_000n))
      .event('savevm_state_setup', [], at(9_000_000_000n));
    const { problems, items } = await readLog(log.bytes);
    expect(problems).toEqual({ 'time-jitter': 1, 'time-backwards': 1 });
    expect(items.map(({ kind }) => kind)).toEqual(['event', 'event', 'damage', 'event']);
  });

  test('longer than every buffer', async () => {
    const log = new SimpleLog();
    for (let round = 0; round < 40_000; round += 1) log.event('migration_bitmap_sync_end', [round]);
    const { items, facts } = await readLog(log.bytes);
    expect(facts.bytes).toBeGreaterThan(1_500_000);
    expect(facts).toMatchObject({ lines: 40_000, events: 40_000, problems: [] });
    expect(items.at(-1)?.place.text).toBe('migration_bitmap_sync_end dirty_pages 39999');
  });

  test('any arguments of any event of the catalogue, with its own declaration as the table', async () => {
    const any = fc.constantFrom(...DECLARATIONS).chain((declaration) => {
      const signature = signatureOf(declaration);
      return printed(signature).map(({ text, args }) => ({ declaration, signature, text, args }));
    });
    await fc.assert(
      fc.asyncProperty(any, async ({ declaration, signature, text, args }) => {
        const values = signature.params.map((param): Value => {
          const value = args[/(\w+)$/.exec(param)?.[1] ?? ''] ?? 0;
          if (typeof value !== 'string' || /char \*/.test(param)) return value;
          return value === '(nil)' ? 0 : BigInt(value);
        });
        const log = new SimpleLog().event(signature.name, values);
        // The printed flags are any numbers.
        const own = await readLog(log.bytes, `${declaration.replaceAll('bool ', 'int ')}\n`);
        const asText = await readItems([`${signature.name} ${text}`]);
        expect(texts(own)).toEqual([`${signature.name} ${text}`]);
        if (asText.items[0]?.kind === 'damage') return;
        expect(own.items.map(essence)).toEqual(asText.items.map(essence));
      }),
      { numRuns: 150 },
    );
  });
});

describe('the table', () => {
  test('without one, the declarations of the catalogue are as good', async () => {
    expect((await readAlone(precopy())).items).toEqual((await readLog(precopy())).items);
  });

  test("without one, 11.1's longer query", async () => {
    const log = new SimpleLog().event('qemu_savevm_query_pending', [1, 1, 4096, 0, 0, 4096, 2, 3]);
    const reading = await readAlone(log.bytes);
    expect(reading.problems).toEqual({});
    expect(reading.items[0]).toMatchObject({
      event: { args: { exact: 1, final: 1, total: 4096 } },
      extra: { 'collected switchover ack pending': '2', 'total switchover ack pending': '3' },
    });
  });

  test('without one, a record that no declaration fits is counted, never guessed', async () => {
    const log = new SimpleLog()
      .event('qemu_savevm_query_pending', [1, 1, 4096])
      .event('migrate_set_state', ['active', 1])
      .event('savevm_section_end', ['ram'])
      .event('unheard_of', ['x', 1, 2]);
    const reading = await readAlone(log.bytes);
    expect(labels(reading)).toEqual([
      'damage undeclared-record',
      'damage undeclared-record',
      'savevm_section_end',
      'unheard_of',
    ]);
    expect(reading.items[2]?.kind).toBe('other-event');
    expect(reading.facts).toMatchObject({ lines: 4, events: 2 });
    expect(reading.problems).toEqual({ 'undeclared-record': 2, 'unread-arguments': 1 });
  });

  test('of another QEMU: what does not fit is counted', async () => {
    const other = TABLE.replace('uint64_t dirty_pages) "dirty_pages', 'uint64_t dirty_pages, int x) "x %d dirty_pages');
    const { problems, facts } = await readLog(precopy(), other);
    expect(problems).toEqual({ 'undeclared-record': 3 });
    expect(facts.events).toBe(PRECOPY.length - 3);
  });

  test('of another QEMU: a flag that is none', async () => {
    const log = new SimpleLog().event('qemu_savevm_query_pending', [0, 4096, 4096, 0, 0, 4096]);
    expect((await readLog(log.bytes)).problems).toEqual({ 'undeclared-record': 1 });
  });

  test('of a patched QEMU: a format that the catalogue does not know is counted', async () => {
    const other = TABLE.replace('"exact=%d, final=%d', '"kind=%d, last=%d');
    expect((await readLog(precopy(), other)).problems).toEqual({ 'unknown-arguments': 3 });
  });

  test.each([
    ['.gz', gzipSync(TABLE)],
    ['.zst', zstdOf(TABLE)],
  ])('packed: %s', async (ending, table) => {
    const log = new SimpleLog().event('kvm_vcpu_ioctl', [0, 1, 2]).bytes;
    const files = { [`trace-events-all${ending}`]: table, 'src.trace': log };
    const { items } = await inFolder(files, (path) => readPath(path('src.trace')));
    expect(items[0]?.place.text).toBe('kvm_vcpu_ioctl cpu_index 0, type 0x1, arg 0x2');
  });

  test('a file of its name that is none is left alone', async () => {
    const { items } = await readLog(precopy(), 'Dear all,\n\nno table here.\n');
    expect(items).toHaveLength(PRECOPY.length);
  });

  test('the one that was given comes before the one found', async () => {
    const given = TABLE.replace('dirty_pages %"', 'dirty_pages found %"');
    const files = { 'trace-events-all': given, 'events.txt': TABLE, 'src.trace': precopy() };
    const problems = await inFolder(files, async (path) => {
      const group = [{ path: path('src.trace'), thread: undefined }];
      const stream = await TraceStream.open({ group, firstInput: 0, fullDigest: false, tables: [path('events.txt')] });
      await stream.read(
        () => undefined,
        () => undefined,
      );
      return stream.readers.map((reader) => countsOf(reader.facts()));
    });
    expect(problems).toEqual([{}]);
  });
});

/** So many of them fill QEMU's buffer. */
const BUFFERFUL = 256 * 1024;

describe('dropped events', () => {
  test('are a hole at their place', async () => {
    const log = precopy((own, write, index) => {
      if (index === 6) own.dropped(12);
      write();
    });
    const reading = await readLog(log);
    expect(reading.items[6]).toMatchObject({ kind: 'damage', code: 'dropped-events', place: { line: 7 } });
    expect(reading.items).toHaveLength(PRECOPY.length + 1);
    expect(reading.problems).toEqual({ 'dropped-events': 12 });
    expect(reading.facts).toMatchObject({ lines: PRECOPY.length + 1, events: PRECOPY.length });
  });

  test('may be missing among everything that was buffered when their record was written', async () => {
    const log = new SimpleLog()
      .event('savevm_state_setup', [], { time: 1000n })
      .dropped(3, { time: 5000n })
      .event('savevm_state_setup', [], { time: 2000n })
      .event('savevm_state_setup', [], { time: 5000n })
      .event('savevm_state_setup', [], { time: 5001n })
      .event('savevm_state_setup', [], { time: 5002n });
    const kinds = (await readLog(log.bytes)).items.map(({ kind }) => kind);
    expect(kinds).toEqual('event damage damage event damage event damage event event'.split(' '));
  });

  test('may be missing before their record, behind the first buffer', async () => {
    const log = new SimpleLog();
    const perBuffer = BUFFERFUL / 32;
    for (let round = 0; round < 4 * perBuffer; round += 1) log.event('migration_bitmap_sync_end', [round]);
    log.dropped(3);
    log.event('savevm_state_setup');
    const { items, problems } = await readLog(log.bytes);
    const doubtful = items.flatMap((item, index) => (items[index - 1]?.kind === 'damage' ? [item.place.line] : []));
    const [first = 0] = doubtful;
    // Two buffers before it, but none in the first.
    expect(first).toBeGreaterThan(perBuffer);
    expect(first).toBeLessThanOrEqual(2 * perBuffer);
    expect(doubtful).toHaveLength(4 * perBuffer - first + 2);
    expect(problems).toEqual({ 'dropped-events': 3 });
  });

  test('an absurd count', async () => {
    const log = new SimpleLog().record(2n ** 64n - 2n, [2n ** 64n - 1n]).event('savevm_state_setup');
    expect((await readLog(log.bytes)).problems).toEqual({ 'dropped-events': 2 ** 31 });
  });
});

describe('damage', () => {
  const setup = (): SimpleLog => new SimpleLog().event('savevm_state_setup').event('migrate_set_state', ['setup']);
  const SETUP = ['savevm_state_setup', 'migrate_set_state'];

  test.each([1, 7, 20, 33, 40])('the last record lacks %i bytes', async (missing) => {
    const { bytes } = setup().event('migrate_set_state', ['active']);
    const reading = await readLog(bytes.subarray(0, bytes.length - missing));
    expect(labels(reading)).toEqual([...SETUP, 'damage torn-record']);
    expect(reading.facts.lines).toBe(2);
  });

  test.each<[string, Buffer]>([
    ['text', Buffer.from('2026-11-23T01:29:45.325173Z migration_block_activation active\n'.repeat(30))],
    ['NUL bytes', Buffer.alloc(5000)],
    ['ones', Buffer.alloc(5001, 0xff)],
    ['a type that is none', Buffer.from('0200000000000000', 'hex')],
    ['a single byte', Buffer.from('x')],
    ['more than the window holds', Buffer.alloc(3_000_000, 0x41)],
  ])('in the middle: %s', async (_what, junk) => {
    // The record before may run on into the junk: it is given up too.
    const reading = await readLog(setup().raw(junk).event('migrate_set_state', ['active']).bytes);
    expect(labels(reading)).toEqual(['savevm_state_setup', 'damage torn-record', 'migrate_set_state']);
    expect(texts(reading).at(-1)).toBe('migrate_set_state new state active');
    expect(reading.facts).toMatchObject({ lines: 2, events: 2 });
  });

  test('records of a second process that wrote into the same file', async () => {
    const log = setup()
      .event('migrate_set_state', ['failed'], { process: PROCESS + 1 })
      .event('migrate_set_state', ['active'])
      .event('savevm_state_setup');
    const reading = await readLog(log.bytes);
    expect(texts(reading)).not.toContain('migrate_set_state new state failed');
    expect(texts(reading)).toContain('migrate_set_state new state active');
    expect(reading.problems).toEqual({ 'torn-record': 1 });
  });

  test('records from before QEMU knew its process id', async () => {
    const log = new SimpleLog().event('savevm_state_setup', [], { process: 0 }).event('savevm_state_setup');
    expect((await readLog(log.bytes)).problems).toEqual({});
  });

  test.each([0, 23, 32, 5000, 2 ** 32 - 1])('a record that claims %i bytes', async (length) => {
    const log = setup();
    const claim = [log.u64(1), log.u64(8), log.u64(5_000_000_000_000), log.u32(length), log.u32(PROCESS), log.u64(1)];
    const reading = await readLog(log.raw(Buffer.concat(claim)).event('migrate_set_state', ['active']).bytes);
    expect(labels(reading).filter((label) => label.startsWith('damage'))).toEqual([
      length === 32 ? 'damage undeclared-record' : 'damage torn-record',
    ]);
    expect(texts(reading).at(-1)).toBe('migrate_set_state new state active');
  });

  test('an event that the log does not name', async () => {
    const reading = await readLog(
      setup()
        .record(99, [1])
        .record(2n ** 63n, [])
        .event('savevm_state_setup').bytes,
    );
    expect(labels(reading)).toEqual([...SETUP, 'damage torn-record', 'damage torn-record', 'savevm_state_setup']);
    expect(reading.facts).toMatchObject({ lines: 5, events: 3 });
  });

  test('a time that is months away', async () => {
    const log = setup()
      .event('savevm_state_setup', [], { time: 2n ** 63n })
      .event('savevm_state_setup', [], { time: 2_884_037_800_000n });
    expect(labels(await readLog(log.bytes))).toEqual([...SETUP, 'damage torn-record', 'savevm_state_setup']);
  });

  test('text that is no UTF-8', async () => {
    const log = new SimpleLog().event('migrate_set_state', ['XX']);
    const bytes = Buffer.from(log.bytes.toString('latin1').replace('XX', '\xff\xfe'), 'latin1');
    expect((await readLog(bytes)).problems).toEqual({ 'invalid-utf8': 1 });
  });
});

describe('for any bytes', () => {
  /** Every record is an event, or counted as what it is instead. */
  function expectAccounted({ items, facts, problems }: Reading, bytes: Buffer): void {
    expect(facts.bytes).toBe(bytes.length);
    const events = items.filter(({ kind }) => kind !== 'damage');
    expect(events).toHaveLength(facts.events);
    const lines = items.map(({ place }) => place.line);
    expect(events.map(({ place }) => place.line)).toEqual([...new Set(events.map(({ place }) => place.line))]);
    for (const line of lines) expect(line >= 1 && line <= Math.max(1, facts.lines)).toBe(true);
    const drops = new Set(
      items.filter((item) => item.kind === 'damage' && item.code === 'dropped-events').map(({ place }) => place.line),
    );
    const counted =
      (problems['undeclared-record'] ?? 0) + (problems['unknown-arguments'] ?? 0) + (problems['torn-record'] ?? 0);
    expect(facts.lines).toBeGreaterThanOrEqual(facts.events);
    expect(facts.lines).toBeLessThanOrEqual(facts.events + drops.size + counted);
  }

  const header = new SimpleLog().bytes;
  const whole = precopy((log, write, index) => {
    if (index === 9) log.dropped(2);
    write();
  });

  test('behind a header', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (junk, dense) => {
        const bytes = Buffer.concat([header, Buffer.from(dense ? junk.map((byte) => byte % 3) : junk)]);
        expectAccounted(await readLog(bytes), bytes);
      }),
      { numRuns: 60 },
    );
  });

  test('of a log that was cut, overwritten, or had something put into it', async () => {
    const change = fc.record({
      at: fc.integer({ min: 24, max: whole.length }),
      cut: fc.oneof(fc.constant(0), fc.nat({ max: 100 })),
      put: fc.oneof(
        fc.constant(new Uint8Array()),
        fc.uint8Array({ maxLength: 40 }),
        fc.nat({ max: 3000 }).map((length) => new Uint8Array(length)),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = changes.reduce(
          (all, { at, cut, put }) => Buffer.concat([all.subarray(0, at), put, all.subarray(at + cut)]),
          whole,
        );
        expectAccounted(await readLog(bytes), bytes);
      }),
      { numRuns: 150 },
    );
  });

  /** Where records begin and end: a type, then the name of an event, or an event with its length. */
  function boundaries(bytes: Buffer): readonly number[] {
    const found = [24];
    for (let at = 24; at < bytes.length; found.push(at)) {
      const isName = bytes.readBigUInt64LE(at) === 0n;
      at += isName ? 20 + bytes.readUInt32LE(at + 16) : 8 + bytes.readUInt32LE(at + 24);
    }
    return found;
  }

  /** As many bytes as whole records have: what is left joins to a log that nobody can tell from a right one. */
  function joins(at: number, missing: number): boolean {
    const found = boundaries(whole);
    const end = found.find((one) => one >= at) ?? whole.length;
    return found.includes(end + missing);
  }

  test('where a few bytes are missing, nothing but the record that they are in is misread, and the damage shows', async () => {
    expect(boundaries(whole).at(-1)).toBe(whole.length);
    // A few bytes behind a record may be the beginning of a last one that was cut off.
    const last = (boundaries(whole).at(-4) ?? 0) - 24;
    const recorded = new Set(texts(await readLog(whole)));
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 31 }), async (where, missing) => {
        const at = 24 + (where % last);
        fc.pre(!joins(at, missing));
        const { items, problems } = await readLog(Buffer.concat([whole.subarray(0, at), whole.subarray(at + missing)]));
        const read = items.filter(({ kind }) => kind !== 'damage').map(({ place }) => place.text);
        expect(read.filter((text) => !recorded.has(text)).length).toBeLessThanOrEqual(1);
        expect(problems['torn-record']).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
  });

  test('what is cut off loses the cut record only', async () => {
    const all = (await readLog(whole)).items;
    for (let length = 24; length < whole.length; length += 5) {
      const { items, problems } = await readLog(whole.subarray(0, length));
      const kept = items.filter((item) => !(item.kind === 'damage' && item.code === 'torn-record'));
      expect(kept).toEqual(all.slice(0, kept.length));
      expect(problems['torn-record'] ?? 0).toBeLessThanOrEqual(1);
    }
  });
});

describe('what is no log of this kind', () => {
  const refusal = (bytes: Buffer): Promise<string> =>
    readLog(bytes).then(
      () => '',
      (error: Error) => error.message.replace(/^\S*\//, ''),
    );

  test.each([
    [0n, 'record it with QEMU 2.8 or newer'],
    [2n, 'record it with QEMU 2.8 or newer'],
    [3n, 'record it with QEMU 2.8 or newer'],
    [5n, 'record with the log back end, -trace events=FILE -D LOG'],
    [2n ** 64n - 1n, 'record with the log back end, -trace events=FILE -D LOG'],
  ])('version %i', async (version, advice) => {
    expect(await refusal(precopy(undefined, { version }))).toBe(
      `src.trace is a binary trace log of version ${version}, and only version 4 can be read; ${advice}`,
    );
  });

  test('cut within the header', async () => {
    expect(await refusal(precopy().subarray(0, 20))).toMatch(
      /^src\.trace is a binary trace log that ends within its header; /,
    );
  });

  test('another magic: read as a text log', async () => {
    const bytes = precopy();
    bytes.writeBigUInt64LE(MAGIC + 1n, 8);
    const { facts } = await readLog(bytes);
    expect(facts.format).not.toMatch(/simple/);
    expect(facts.events).toBe(0);
  });
});
