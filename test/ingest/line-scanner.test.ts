/** What is read straight from the bytes is what the trace reader makes of the same lines, whatever stands in them. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSource } from '../../src/ingest/byte-source.ts';
import { Clock } from '../../src/ingest/clock.ts';
import type { TraceItem } from '../../src/ingest/trace-item.ts';
import { TraceReader } from '../../src/ingest/trace-reader.ts';
import { anyLine } from './log-lines.ts';
import { fixtureLogs, inFolder, keptItem } from './support.ts';

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

test.each(fixtureLogs())('%s', async (_name, path) => {
  await expectSame(readFileSync(path));
});
