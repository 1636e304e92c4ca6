/** What is read straight from the bytes is what the trace reader makes of the same lines, whatever stands in them. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSource } from '../../src/ingest/byte-source.ts';
import { Clock } from '../../src/ingest/clock.ts';
import type { TraceItem } from '../../src/ingest/trace-item.ts';
import { TraceReader } from '../../src/ingest/trace-reader.ts';
import { inFolder, keptItem } from './support.ts';

interface Reading {
  readonly items: readonly TraceItem[];
  readonly facts: unknown;
  readonly scanned: number;
}

async function read(path: string, scan: boolean, thread: number | undefined): Promise<Reading> {
  const source = await ByteSource.open(path, false);
  const reader = new TraceReader(source, { input: 0, clock: new Clock(), thread, scan });
  const items: TraceItem[] = [];
  let scanned = 0;
  try {
    for (;;) {
      const item = await reader.next();
      if (item === undefined) break;
      if (item.kind === 'lock' && 'filter' in item) scanned += 1;
      items.push(plain(keptItem(item)));
    }
  } finally {
    source.close();
  }
  return { items, facts: reader.facts(), scanned };
}

/** An absent process is an undefined one. */
const plain = (item: TraceItem): TraceItem => ({ ...item, process: item.process });

async function expectSame(content: Buffer, thread?: number): Promise<Reading> {
  return inFolder({ 'src.log': content }, async (path) => {
    const scanned = await read(path('src.log'), true, thread);
    const long = await read(path('src.log'), false, thread);
    expect(scanned.items).toEqual(long.items);
    expect(scanned.facts).toEqual(long.facts);
    return scanned;
  });
}

const ARGUMENTS = [
  'qemu_mutex_lock waiting on mutex 0x56551ace07e0 (migration/migration.c:2864)',
  'qemu_mutex_locked taken mutex 0x56551ace07e0 (migration/migration.c:2864)',
  'qemu_mutex_unlock released mutex 0x56551ace07e0 (system/cpus.c:587)',
  'qemu_mutex_unlock released mutex 0x7fd960000f88 (./include/qemu/lockable.h:56)',
  'qemu_mutex_locked taken mutex 0x1 (a:1)',
  'qemu_mutex_locked taken mutex 0x12 ((x) y:12:3)',
  'qemu_mutex_unlock released mutex 0x56551ace07e0 (system/cpus.c)',
  'qemu_savevm_query_pending exact=1, final=0, precopy=53350400, stopcopy=0, postcopy=0, total=53350400, collected switchover ack pending=0, total switchover ack pending=0',
  'qemu_savevm_query_pending exact=1, final=1, precopy=18446744073709551615, stopcopy=9007199254740993, postcopy=0, total=1',
  'qemu_savevm_query_pending exact=1, precopy=1, stopcopy=0, postcopy=0, total=1',
  'migration_bitmap_sync_start ',
  'migration_bitmap_sync_end dirty_pages 13025',
  'migrate_transferred transferred 1 time_spent 100 bandwidth 2 switchover_bw 3 max_size -4',
  'migrate_transferred transferred 1 time_spent 100 bandwidth 2 max_size 4',
  'migrate_pending_estimate estimate pending size 253952 (pre = 253952 post=0)',
  'savevm_state_iterate ',
  'savevm_section_start ram, section_id 2',
  'savevm_section_end 0000:00:02.0/vga, section_id 2 -> 0',
  'migrate_set_state new state active',
  'migrate_error error=no, this = "text" with anything@1',
  'runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
  'ram_save_page pc.ram: offset: 0x1000 host: 0x7f1200001000',
  'some_event_of_another_kind with=arguments Z @ _write: x',
];

const anyPrefix = fc.oneof(
  { weight: 6, arbitrary: fc.nat(59_999_999).map((n) => `2026-11-23T01:10:${seconds(n)}Z `) },
  {
    weight: 2,
    arbitrary: fc.nat(5_999_999).map((n) => `22680@1795396${100 + (n % 100)}.${`${n}`.padStart(6, '0').slice(-6)}:`),
  },
  fc.constantFrom('', '2026-11-23T01:11:00Z ', '2026-02-31T01:10:59.5Z ', '2026-11-23T01:10:60.000000Z ', '1@2.3:'),
);

function seconds(micros: number): string {
  return `${`${Math.floor(micros / 1e6)}`.padStart(2, '0')}.${`${micros % 1e6}`.padStart(6, '0')}`;
}

/** A line as QEMU prints it, or one with some of its bytes changed. */
const anyLine = fc
  .record({
    prefix: anyPrefix,
    text: fc.constantFrom(...ARGUMENTS),
    changes: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 2 }),
    ),
    cut: fc.option(fc.nat(150), { freq: 12 }),
    behind: fc.constantFrom('\n', '\n', '\n', '\n', '\n', '\r\n', ' \n', ', x=1\n', ', x y\n', '', '\0\n', '7\n'),
  })
  .map(({ prefix, text, changes, cut, behind }) => {
    const line = Buffer.from(`${prefix}${text}`);
    for (const [at, byte] of changes) line[at % line.length] = byte;
    return Buffer.concat([line.subarray(0, cut ?? line.length), Buffer.from(behind)]);
  });

describe('property: the bytes and the text of a line tell the same', () => {
  test('for lines of QEMU, broken or not', async () => {
    const lines = fc.array(anyLine, { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(lines, fc.option(fc.constant(77), { nil: undefined }), async (some, thread) => {
        await expectSame(Buffer.concat(some), thread);
      }),
      { numRuns: 300 },
    );
  });

  test('for lines longer than what is read at once', async () => {
    const line =
      '2026-11-23T01:10:00.000001Z qemu_mutex_locked taken mutex 0x56551ace07e0 (migration/migration.c:2864)\n';
    for (const shift of [0, 1, 2, 50, line.length - 1]) {
      const { scanned } = await expectSame(Buffer.from(`${'x'.repeat(shift)}\n${line.repeat(6000)}`));
      expect(scanned, 'nearly all of them are read from the bytes').toBeGreaterThan(5990);
    }
  });
});

const TRACES = join(import.meta.dirname, '..', '..', 'fixtures', 'traces');
const captures = existsSync(TRACES)
  ? readdirSync(TRACES, { recursive: true, encoding: 'utf8' })
      .map((name) => join(TRACES, name))
      .filter((path) => /\.log(?:\.\d+)?$/.test(path) && statSync(path).isFile())
      .sort()
  : [];

test.each(captures.map((path) => [path.slice(TRACES.length + 1), path] as const))('%s', async (_name, path) => {
  await expectSame(readFileSync(path));
});
