/** What holds in every log of real processes holds in what the engine hands out: numbers, order, locks, samples. */
import { describe, expect, test } from 'vitest';
import { CATALOG } from '../../src/catalog/catalog.ts';
import { BANDS } from '../../src/catalog/vocabulary.ts';
import { type Emission, KINDS, named, numberOf, type Recording, record } from './engine-runs.ts';

const CASES = Object.keys(KINDS).flatMap((kind) => BANDS.map((version) => ({ kind, version })));

describe.each(CASES)('$kind of $version', ({ kind, version }) => {
  const recording = record({ ...KINDS[kind], version });

  test('the same again, and otherwise with another seed', () => {
    expect(record({ ...KINDS[kind], version })).toEqual(recording);
    const { emissions } = record({ ...KINDS[kind], version, seed: 2 });
    expect(emissions).not.toEqual(recording.emissions);
  });

  test('times rise, no two in one microsecond; events are in the catalogue', () => {
    let last = -1;
    for (const { timeNs, event } of recording.emissions) {
      const micros = Math.floor(timeNs / 1000);
      expect(micros).toBeGreaterThan(last);
      expect(CATALOG.has(event)).toBe(true);
      last = micros;
    }
  });

  test('each mutex is taken and released in turn, and released by its owner', () => {
    const owners = new Map<string, number>();
    for (const { event, args, thread } of named(recording, 'qemu_mutex_locked', 'qemu_mutex_unlock')) {
      const mutex = String(args['mutex']);
      if (event === 'qemu_mutex_locked') {
        expect(owners.has(mutex)).toBe(false);
        owners.set(mutex, thread);
      } else {
        expect(owners.get(mutex)).toBe(thread);
        owners.delete(mutex);
      }
    }
  });

  test('syncs begin and end in turn, each round of a section too', () => {
    for (const [begin, end] of [
      ['migration_bitmap_sync_start', 'migration_bitmap_sync_end'],
      ['savevm_section_start', 'savevm_section_end'],
    ] as const) {
      const order = named(recording, begin, end).map(({ event }) => event);
      expect(order).toEqual(order.map((_, index) => (index % 2 === 0 ? begin : end)));
    }
  });
});

const QUERIES = CASES.filter(({ version }) => version === '11.1' || version === 'thread');

describe.each(QUERIES)('queries: $kind of $version', ({ kind, version }) => {
  const recording = record({ ...KINDS[kind], version });
  const queries = named(recording, 'qemu_savevm_query_pending');

  test('the total is the sum, pages are whole, a final query is exact', () => {
    for (const query of queries) {
      const sum = numberOf(query, 'precopy') + numberOf(query, 'stopcopy') + numberOf(query, 'postcopy');
      expect(numberOf(query, 'total')).toBe(sum);
      expect(numberOf(query, 'precopy') % 4096).toBe(0);
      expect(numberOf(query, 'final')).toBeLessThanOrEqual(numberOf(query, 'exact'));
    }
  });

  test('an exact query has one sync of its own and brings no more than it; estimates never rise', () => {
    let syncs = 0;
    let dirtied = 0;
    let total: number | undefined;
    for (const emission of recording.emissions) {
      if (emission.event === 'ram_state_resume_prepare') total = undefined;
      if (emission.event === 'migration_bitmap_sync_end') {
        syncs += 1;
        dirtied = numberOf(emission, 'dirty_pages') * 4096;
      }
      if (emission.event !== 'qemu_savevm_query_pending') continue;
      const now = numberOf(emission, 'total');
      const isExact = numberOf(emission, 'exact') === 1;
      if (total !== undefined) {
        expect(syncs).toBe(isExact ? 1 : 0);
        expect(now - total).toBeLessThanOrEqual(isExact ? dirtied : 0);
      }
      total = isCheckpoint(kind, emission) ? undefined : now;
      syncs = 0;
    }
  });

  test('the final query and its sync have the BQL; ram_save_complete begins with its pages', () => {
    const bql = named(recording, 'qemu_savevm_query_pending_bql');
    expect(bql).toHaveLength(queries.length);
    for (const [index, query] of queries.entries()) {
      expect(bql[index]?.args['locked']).toBe(query.args['final']);
    }
    const marked = named(recording, 'migration_bitmap_sync_stage').filter(({ args }) => args['last_stage'] === 1);
    expect(marked).toHaveLength(queries.filter(({ args }) => args['final'] === 1).length);
  });

  test('remaining, or dirty-bytes-total, is the total of the last query that stored it', () => {
    const stored = named(recording, 'mig_dirty_bytes_total_update');
    for (const { fromNs, toNs, answer } of recording.samples) {
      const value = answer[version === '11.1' ? 'remaining' : 'dirty-bytes-total'];
      if (value === undefined) continue;
      const before = stored.filter(({ timeNs }) => timeNs < fromNs).at(-1);
      const during = stored.filter(({ timeNs }) => timeNs >= fromNs && timeNs <= toNs);
      expect([before, ...during].map((one) => one?.args['new'] ?? 0)).toContain(value);
    }
  });
});

/** The guest runs on behind a checkpoint, and the next query is final again. */
const isCheckpoint = (kind: string, { args }: Emission): boolean => kind === 'colo' && args['final'] === 1;

describe('thresholds', () => {
  test.each(BANDS)('%s: bandwidth times downtime-limit, in windows of 100 ms', (version) => {
    const recording: Recording = record({ version });
    const transfers = named(recording, 'migrate_transferred');
    expect(transfers.length).toBeGreaterThan(2);
    for (const transfer of transfers) {
      const spentMs = numberOf(transfer, 'time_spent');
      const perMs = numberOf(transfer, 'transferred') / spentMs;
      expect(spentMs).toBeGreaterThanOrEqual(100);
      expect(numberOf(transfer, 'max_size')).toBe(Math.floor(perMs * 50));
      const bandwidth = version === '11.1' ? (perMs * 8) / 1000 : perMs;
      expect(numberOf(transfer, 'bandwidth')).toBe(Math.floor(bandwidth));
    }
  });

  test('a window of whole pages at 100 MiB/s, as the captures have it', () => {
    const bytes = (version: '7.2' | '10.0' | '11.1'): readonly number[] =>
      named(record({ version }), 'migrate_transferred').map((one) => numberOf(one, 'transferred'));
    expect(bytes('7.2')).toContain(10_489_860);
    expect(bytes('10.0')).toContain(10_510_380);
    expect(bytes('11.1')).toContain(10_510_380);
  });
});
