/**
 * Nothing is lost in silence. For any bytes: as many lines as line ends, one
 * more for an unterminated rest; and each line that is not empty (a carriage
 * return at its end and NUL bytes at its beginning set aside; all NUL bytes are
 * reported) is exactly one of: an event, a message, a torn line, unknown
 * arguments, an unknown line, an overlong line, or, in a mail, prose or what was
 * broken off the line before.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, type Reading, readItems } from './support.ts';

const LINES = [
  '2026-11-23T01:01:14.696000Z migrate_set_state new state setup',
  '2026-11-23T01:04:40Z migration_bitmap_sync_start ',
  '2026-11-23T01:04:40.000063Z migration_bitmap_sync_end dirty_pages 7710',
  '2026-11-23T01:04:41.000001Z qemu_savevm_query_pending exact=1, final=1, precopy=4239360, stopcopy=0, postcopy=0, total=4239360, collected switchover ack pending=0, total switchover ack pending=0',
  '2026-11-23T01:04:41.100000Z runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
  '2026-11-23T01:04:41.100000Z savevm_section_start ram, section_id 2',
  '2026-11-23T01:04:41.200000Z qemu_mutex_locked taken mutex 0x56551ace07e0 (migration/migration.c:2864)',
  '2026-11-23T01:11:57.049424Z qemu-system-x86_64: failed to save SaveStateEntry with id(name): 1(ram): -5',
  '22680@1795396494.806711:migrate_pending_estimate estimate pending size 253952 (pre = 253952 post=0)',
  '27110@1795396718.364705:migrate_pending pending size 5390336 max 5244930 (pre = 5390336 compat=0 post=0)',
  'migrate_set_state new state active',
  'ERROR:../src/migration/savevm.c:1794:qemu_savevm_query_pending_final: assertion failed: (bql_locked())',
  '{"t0": 1, "t1": 2, "r": {"remaining": 1}}',
  '# entries-in-buffer/entries-written: 2600/2622   #P:2',
  '           <...>-13271   [000] ...1.  3929.683539: tracing_mark_write: migrate_set_state new state setup',
  '      CPU 0/KVM-13 ( 12) [000] ...1.  3929.683540: tracing_mark_write: migration_bitmap_sync_end dirty_pages 4',
  '          <idle>-0       [001] d..2.  3929.683541: sched_switch: prev_comm=swapper/1 prev_pid=0',
  'CPU:1 [LOST 123 EVENTS]',
  '22680@1795396494806711000 migrate_set_state new state setup',
  '[17:20:33.123456789] (+0.000001234) h qemu:migrate_set_state: { cpu_id = 1 }, { vtid = 2 }, { new_state = "a\\"" }',
  '[17:20:33.123456789] (+?.?????????) h qemu:qemu_mutex_lock: { cpu_id = 1 }, { mutex = 0x1, file = "x.c", line = 1 }',
  "runstate_set 0.123 pid=12 current_state=0x9 current_state_str=b'running' new_state=0x7 new_state_str=b'x'",
  '== src',
  '',
].map((line) => bytesOf([line]));

/** Pieces of real lines, cut, run together, with NUL bytes and line ends in odd places. */
const mutated = fc
  .array(
    fc.record({
      line: fc.constantFrom(...LINES),
      from: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 80 }) }),
      to: fc.oneof({ weight: 3, arbitrary: fc.constant(1e6) }, { weight: 1, arbitrary: fc.nat({ max: 120 }) }),
      before: fc.constantFrom('', '', '', '\0\0', '\r\n', '\0\n', '\xff', ' '),
    }),
    { maxLength: 15 },
  )
  .map((parts) =>
    Buffer.concat(
      parts.flatMap(({ line, from, to, before }) => [Buffer.from(before, 'latin1'), line.subarray(from, to)]),
    ),
  );
const anything = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
/** Few values, so that line ends, NUL bytes and carriage returns meet. */
const dense = fc
  .array(fc.constantFrom(0, 10, 13, 32, 65, 97, 95, 123), { maxLength: 60 })
  .map((codes) => Buffer.from(codes));

const content = fc.oneof(
  { weight: 3, arbitrary: mutated },
  { weight: 1, arbitrary: anything },
  { weight: 1, arbitrary: dense },
);

/** The lines as the law counts them, taken apart by other means than the reader's. */
function linesOf(bytes: Buffer): { count: number; filled: ReadonlySet<number>; nuls: number } {
  const pieces = bytes.toString('latin1').split('\n');
  if (pieces.at(-1) === '') pieces.pop();
  const kept = pieces.map((piece) => piece.replace(/\r$/, '').replace(/^\0+/, ''));
  const filled = new Set(kept.flatMap((piece, index) => (piece === '' ? [] : [index + 1])));
  const nuls = pieces.reduce((sum, piece) => sum + piece.split('\0').length - 1, 0);
  return { count: pieces.length, filled, nuls };
}

function expectNothingLost({ items, facts, problems }: Reading, bytes: Buffer): void {
  const lines = linesOf(bytes);
  expect(facts.lines).toBe(lines.count);
  expect(facts.bytes).toBe(bytes.length);
  const damaged =
    (problems['torn-line'] ?? 0) +
    (problems['unknown-arguments'] ?? 0) +
    (problems['unknown-line'] ?? 0) +
    (problems.prose ?? 0) +
    (problems['wrapped-lines'] ?? 0) +
    (problems['repeated-lines'] ?? 0) +
    (problems['overlong-line'] ?? 0);
  expect(facts.events + facts.messages + damaged).toBe(lines.filled.size);
  expect(problems['nul-bytes'] ?? 0).toBe(lines.nuls);
  const events = items.filter(({ kind }) => kind === 'event' || kind === 'lock' || kind === 'other-event');
  expect(events).toHaveLength(facts.events);
  expect(new Set(events.map(({ place }) => place.line)).size).toBe(events.length);
  const numbers = items.map(({ place }) => place.line);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  for (const { kind, place } of items) if (kind !== 'damage') expect(lines.filled.has(place.line)).toBe(true);
}

describe('property: nothing is lost in silence', () => {
  test('for any bytes and any mutation of real lines', async () => {
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        // What begins like a packed file is unpacked: byte-source.test.ts.
        fc.pre(!(bytes[0] === 0x1f && bytes[1] === 0x8b));
        expectNothingLost(await readItems(bytes), bytes);
      }),
      { numRuns: 1000 },
    );
  });

  test('for one thread’s own log', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, async (bytes) => {
        const reading = await readItems(bytes, 7);
        expectNothingLost(reading, bytes);
        expect(reading.problems).not.toHaveProperty('time-jitter');
      }),
      { numRuns: 200 },
    );
  });
});

test('property: whole lines are never damaged, whatever stands between them', async () => {
  const events = LINES.slice(0, 3);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('\n', '\0\n', '\r\n', '**\n', 'junk\n'), { minLength: 3, maxLength: 3 }),
      async (between) => {
        const parts = events.flatMap((line, index) => [line, Buffer.from(between[index] ?? '')]);
        const { items } = await readItems(Buffer.concat(parts));
        expect(items.filter(({ kind }) => kind === 'event')).toHaveLength(3);
      },
    ),
    { numRuns: 60 },
  );
});
