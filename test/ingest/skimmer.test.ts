/** Lines that come in runs are those that come one by one, whatever stands between them. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSource } from '../../src/ingest/byte-source.ts';
import { Clock } from '../../src/ingest/clock.ts';
import { LINE_MEMORY_BYTES } from '../../src/ingest/line-reader.ts';
import * as layout from '../../src/ingest/scan/skim/layout.ts';
import { Skimmer } from '../../src/ingest/scan/skim/skimmer.ts';
import type { LockItem, RunRecords, TraceItem } from '../../src/ingest/trace-item.ts';
import { TraceReader } from '../../src/ingest/trace-reader.ts';
import { anyLine } from './log-lines.ts';
import { fixtureLogs, inFolder, keptItem } from './support.ts';

/** The lock whose lines are followed; those of all others are counted. */
const FOLLOWED = '0x56551ace07e0';

interface Reading {
  /** All that is not only counted, in its order. */
  readonly items: readonly unknown[];
  readonly counts: ReadonlyMap<string, number>;
  readonly facts: unknown;
  /** Lines that came in runs. */
  readonly skimmed: number;
}

async function read(path: string, runs: boolean, thread: number | undefined): Promise<Reading> {
  const source = await ByteSource.open(path, false);
  const reader = new TraceReader(source, { input: 0, clock: new Clock(), thread, scan: runs, runs });
  const items: unknown[] = [];
  const counts = new Map<string, number>();
  const count = (name: string, times: number) => counts.set(name, (counts.get(name) ?? 0) + times);
  let skimmed = 0;
  try {
    for (;;) {
      const item = await reader.next();
      if (item === undefined) break;
      if (item.kind === 'line-run') {
        for (let at = 0; at < item.size; at += 1) count(item.names[item.nameAt(at)] ?? '', item.countAt(at));
        for (let at = 0; at < item.records.size; at += 1) items.push(recordOf(item.records, at));
        skimmed += item.lines;
      } else if (item.kind === 'other-event') {
        count(item.name, 1);
      } else if (item.kind === 'lock') {
        count(item.name, 1);
        if (item.mutex === FOLLOWED) items.push(shown(item));
        if (item.mutex === FOLLOWED) item.filter?.follow();
        else item.filter?.countOnly();
      } else {
        if (item.kind === 'event') {
          count(item.event.name, 1);
          // As the replay does it: here a state begins another part of the log.
          if (item.event.name === 'migrate_set_state') item.filter?.reset();
          else item.filter?.follow();
        }
        items.push(plain(keptItem(item)));
      }
    }
  } finally {
    source.close();
  }
  return { items, counts, facts: reader.facts(), skimmed };
}

function recordOf(records: RunRecords, at: number): unknown {
  return records.isEventAt(at) ? plain(keptItem(records.eventAt(at))) : shown(records.lockAt(at));
}

const plain = (item: TraceItem): unknown => ({ ...item, process: item.process, filter: undefined });

function shown({ operation, name, mutex, file, site, timeNs, thread, place }: LockItem): unknown {
  const { input, line, text } = place;
  return { operation, name, mutex, file, site, timeNs, thread, place: { input, line, text } };
}

async function expectSame(content: Buffer, thread?: number): Promise<Reading> {
  return inFolder({ 'src.log': content }, async (path) => {
    const skimmed = await read(path('src.log'), true, thread);
    const long = await read(path('src.log'), false, thread);
    expect(skimmed.items).toEqual(long.items);
    expect(skimmed.counts).toEqual(long.counts);
    expect(skimmed.facts).toEqual(long.facts);
    return skimmed;
  });
}

test('the module is there, and its memory has room for what lies in it', () => {
  const skimmer = Skimmer.create();
  expect(skimmer?.memory.byteLength).toBe(layout.MEMORY_BYTES);
  const parts = [
    [0, LINE_MEMORY_BYTES],
    [layout.STATE_AT, 4 * layout.STATE_WORDS],
    [layout.BUCKETS_AT, 4 * layout.BUCKETS],
    [layout.ENTRIES_AT, layout.ENTRY_BYTES * layout.MAX_ENTRIES],
    [layout.COUNTERS_AT, 4 * layout.MAX_ENTRIES],
    [layout.TOUCHED_AT, 4 * layout.MAX_ENTRIES],
    [layout.RECORDS_AT, layout.RECORD_BYTES * layout.MAX_RECORDS],
    [layout.VALUES_AT, 8 * layout.MAX_VALUES * layout.MAX_RECORDS],
    [layout.TEXTS_AT, layout.TEXTS_BYTES],
    [layout.LITERALS_AT, layout.LITERALS_BYTES],
    [layout.MEMORY_BYTES, 0],
  ] as const;
  for (const [index, [at, bytes]] of parts.slice(0, -1).entries()) {
    expect(at + bytes, `part ${index}`).toBeLessThanOrEqual(parts[index + 1]?.[0] ?? 0);
  }
});

const LOCKED = [
  'qemu_mutex_lock waiting on mutex 0x56551ace07e0 (migration/migration.c:2864)',
  'qemu_mutex_locked taken mutex 0x56551ace07e0 (migration/migration.c:2864)',
  'qemu_mutex_unlock released mutex 0x7fd960000f88 (./include/qemu/lockable.h:56)',
  'ram_save_page pc.ram: offset: 0x1000 host: 0x7f1200001000',
  'qemu_mutex_unlock released mutex 0x56551ace07e0 (system/cpus.c:587)',
];
/** Numbers of all lengths that are read, and of some that are not. */
const NUMBERS = [0, 7, 12345678, 123456789, 999999999999999, 10 ** 15, '18446744073709551615', '007', '-1', ''];
const number = (at: number) => NUMBERS[at % NUMBERS.length];

const PROTOCOL = [
  (at: number) =>
    `qemu_savevm_query_pending exact=${at % 2}, final=0, precopy=${number(at)}, stopcopy=${number(at >> 1)}, postcopy=0, total=${number(at >> 3)}`,
  (at: number) =>
    `qemu_savevm_query_pending exact=0, final=0, precopy=${at}, stopcopy=0, postcopy=0, total=${at}, collected switchover ack pending=0, total switchover ack pending=${at % 23}`,
  (at: number) => `migrate_pending_estimate estimate pending size ${number(at)} (pre = ${number(at)} post=${at})`,
  (at: number) =>
    `migrate_transferred transferred ${at} time_spent 100 bandwidth ${number(at)} switchover_bw 0 max_size 7`,
  (at: number) => `migrate_transferred transferred ${at} time_spent 100 bandwidth 3 max_size 7`,
  () => 'savevm_state_iterate ',
  () => 'migration_bitmap_sync_start ',
  (at: number) => `migration_bitmap_sync_end dirty_pages ${number(at)}`,
  (at: number) => `savevm_section_start ${['ram', 'dirty-bitmap', 'ra m'][at % 3]}, section_id ${at % 4}`,
  (at: number) => `savevm_section_end ram, section_id 2 -> ${number(at)}`,
  (at: number) => `dirty_bitmap_state_pending pending=${number(at)}`,
  (at: number) => (at % 100 === 99 ? 'migrate_set_state new state active' : LOCKED[at % LOCKED.length]),
];

/** Of one version, with no number that is left to others. */
const REGULAR = [
  (at: number) =>
    `qemu_savevm_query_pending exact=0, final=0, precopy=${at * 7}, stopcopy=0, postcopy=0, total=${at * 7}, collected switchover ack pending=0, total switchover ack pending=0`,
  (at: number) =>
    `migrate_transferred transferred ${at} time_spent 100 bandwidth 12 switchover_bw 0 max_size ${at * at}`,
  () => 'savevm_state_iterate ',
  () => 'savevm_section_start ram, section_id 2',
  (at: number) => `savevm_section_end ram, section_id 2 -> ${at % 2}`,
  () => LOCKED[0],
];

function protocolLog(prefix: (at: number) => string, lines: number): string[] {
  return Array.from({ length: lines }, (_, at) => `${prefix(at)}${PROTOCOL[at % PROTOCOL.length]?.(at)}\n`);
}

const ISO = (at: number) => `2026-11-23T01:10:${`${at}`.padStart(9, '0').replace(/^(..).(.{6})$/, '$1.$2')}Z `;
const TID = (at: number) => `22680@1795396494.${`${at}`.padStart(6, '0')}:`;

function log(prefix: (at: number) => string, lines: number): string[] {
  return Array.from({ length: lines }, (_, at) => `${prefix(at)}${LOCKED[at % LOCKED.length]}\n`);
}

test('more records than have room end a call, and their values harm nothing', () => {
  const skimmer = Skimmer.create();
  if (skimmer === undefined) throw new Error('no module');
  const name = 'qemu_savevm_query_pending';
  const words = ['exact=', ', final=', ', precopy=', ', stopcopy=', ', postcopy=', ', total='];
  const lines = Array.from({ length: layout.MAX_RECORDS + 1000 }, (_, at) => {
    return `${ISO(at)}${name} ${words.map((word) => `${word}${at}`).join('')}\n`;
  });
  const bytes = Buffer.from(lines.join(''));
  expect(bytes.length).toBeLessThan(LINE_MEMORY_BYTES);
  new Uint8Array(skimmer.memory).set(bytes);
  skimmer.learnMinute(0);
  const format = skimmer.learnFormat(
    ISO(0).length,
    name.length + 1,
    name,
    [...words, ''].map((word) => Buffer.from(word)),
  );
  skimmer.learnTail(format, Buffer.from('\n'));
  skimmer.eventsPass = true;
  const first = skimmer.skim('iso', 0, 0, 0, bytes.length);
  expect(skimmer.passed).toBe(layout.MAX_RECORDS);
  skimmer.skim('iso', 0, 0, first, bytes.length);
  expect(skimmer.passed).toBe(1000);
  expect(skimmer.values[skimmer.valuesOf(999)]).toBe(layout.MAX_RECORDS + 999);
});

describe('lines that repeat themselves', () => {
  test.each([
    ['iso', ISO],
    ['tid', TID],
  ])('nearly all of them come in runs: %s', async (_form, prefix) => {
    const { skimmed, items } = await expectSame(Buffer.from(log(prefix, 20_000).join('')));
    expect(skimmed).toBeGreaterThan(19_900);
    expect(items).toHaveLength(12_000);
  });

  test.each([
    ['iso', ISO],
    ['tid', TID],
  ])('those of protocol events, too: %s', async (_form, prefix) => {
    const regular = Array.from({ length: 20_000 }, (_, at) => `${prefix(at)}${REGULAR[at % REGULAR.length]?.(at)}\n`);
    const { skimmed } = await expectSame(Buffer.from(regular.join('')));
    expect(skimmed).toBeGreaterThan(19_900);
    await expectSame(Buffer.from(protocolLog(prefix, 30_000).join('')));
  });

  test('a protocol event that differs in one byte is another one', async () => {
    const lines = protocolLog(ISO, 72);
    for (let at = 0; at < 200; at += 1) {
      for (const changed of [36 + (at % 12), 48 + (at % 24)]) {
        const line = Buffer.from(lines[changed] ?? '');
        line[at % line.length] = (line[at % line.length] ?? 0) ^ 1;
        await expectSame(Buffer.concat(lines.map((one, index) => (index === changed ? line : Buffer.from(one)))));
      }
    }
  });

  test('another minute, a time before the last one and a line without prefix end a run', async () => {
    const lines = log(ISO, 300);
    lines[150] = lines[150]?.replace('01:10', '01:11') ?? '';
    lines[220] = lines[100] ?? '';
    lines[260] = `${LOCKED[0]}\n`;
    const { skimmed } = await expectSame(Buffer.from(lines.join('')));
    expect(skimmed).toBeGreaterThan(200);
  });

  test('a text that differs in one byte is another one', async () => {
    for (let at = 0; at < 104; at += 1) {
      const lines = log(ISO, 60);
      const line = Buffer.from(lines[50] ?? '');
      line[at % line.length] = (line[at % line.length] ?? 0) ^ 1;
      await expectSame(Buffer.concat([...lines.slice(0, 50), line, ...lines.slice(51)].map((one) => Buffer.from(one))));
    }
  });

  test('more texts than have room', async () => {
    const lines = Array.from({ length: 30_000 }, (_, at) => {
      const mutex = at % 3 === 0 ? FOLLOWED : `0x7f${(at * 7).toString(16).padStart(10, '0')}`;
      return `${ISO(at)}qemu_mutex_locked taken mutex ${mutex} (util/file-${at % 11_000}.c:1)\n`;
    });
    await expectSame(Buffer.from([...lines, ...lines.map((line) => line.replace('01:10', '01:11'))].join('')));
  });
});

test('property: lines of QEMU, broken or not, between lines that repeat themselves', async () => {
  const block = fc.oneof(
    { weight: 3, arbitrary: anyLine },
    { weight: 1, arbitrary: fc.nat(40).map((size) => Buffer.from(log(ISO, size).join(''))) },
    { weight: 1, arbitrary: fc.nat(40).map((size) => Buffer.from(log(TID, size).join(''))) },
    { weight: 1, arbitrary: fc.nat(80).map((size) => Buffer.from(protocolLog(ISO, size).join(''))) },
    { weight: 1, arbitrary: fc.nat(80).map((size) => Buffer.from(protocolLog(TID, size).join(''))) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(block, { maxLength: 30 }),
      fc.option(fc.constant(77), { nil: undefined }),
      (some, thread) => expectSame(Buffer.concat(some), thread).then(() => undefined),
    ),
    { numRuns: 300 },
  );
});

test.each(fixtureLogs())('%s', async (_name, path) => {
  await expectSame(readFileSync(path));
});
