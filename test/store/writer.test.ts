import { describe, expect, test } from 'vitest';
import type { EventItem } from '../../src/ingest/trace-item.ts';
import type { Query } from '../../src/replay/run.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { rows, useFolder, values } from './database-file.ts';
import { migration, moment, place, query, report, sync, VIOLATED } from './units.ts';

const file = useFolder();

/** Fills a database and gives its path. */
async function written(fill: (store: StoreWriter) => void, final = report()): Promise<string> {
  const store = await StoreWriter.create(file('a.db'));
  fill(store);
  store.finish(final);
  return file('a.db');
}

function eventItem(line: number): EventItem {
  const event = { name: 'migration_thread_low_pending', args: { pending: 2n ** 64n - 1n } } as const;
  return { kind: 'event', group: 'protocol', event, extra: undefined, place: place(line), timeNs: 5, thread: 9 };
}

describe('queries', () => {
  const EDGES = [
    [0, 0n, 'integer'],
    [2 ** 53 - 1, 2n ** 53n - 1n, 'integer'],
    [2n ** 53n + 1n, 2n ** 53n + 1n, 'integer'],
    [2n ** 63n - 1n, 2n ** 63n - 1n, 'integer'],
    [2n ** 63n, '9223372036854775808', 'text'],
    [2n ** 64n - 1n, '18446744073709551615', 'text'],
  ] as const;

  test.each(EDGES)('a count of %s bytes is exact', async (bytes, stored, type) => {
    const all: Partial<Query> = { precopyBytes: bytes, stopcopyBytes: bytes, postcopyBytes: bytes, totalBytes: bytes };
    const given = { ...all, ackCollected: bytes, ackTotal: bytes, thresholdBytes: bytes };
    const path = await written((store) => store.query(query(0, given), migration(0)));
    const columns = 'precopy, stopcopy, postcopy, total, ack_collected, ack_total, threshold';
    expect(await values(path, `SELECT ${columns} FROM queries`)).toEqual(new Array(7).fill(stored));
    expect(await values(path, 'SELECT typeof(total) FROM queries')).toEqual([type]);
  });

  test('counts beyond INTEGER sort behind all others', async () => {
    const path = await written((store) => {
      for (const [index, [bytes]] of EDGES.entries()) store.query(query(index, { totalBytes: bytes }), migration(0));
    });
    expect(await values(path, 'SELECT id FROM queries ORDER BY total LIMIT 4')).toEqual([1n, 2n, 3n, 4n]);
    expect(await values(path, 'SELECT count(*) FROM queries WHERE total > 5244930')).toEqual([5n]);
  });

  test('what the log does not show is NULL', async () => {
    const unknown = { kind: 'unspecified', exact: undefined, final: undefined, ackCollected: undefined } as const;
    const at = { place: place(3), ns: undefined, thread: undefined };
    const path = await written((store) => store.query(query(0, { ...unknown, at, state: undefined }), migration(0)));
    expect(await rows(path, 'SELECT * FROM queries')).toEqual([
      {
        ...{ id: 1n, migration: 0n, input: 0n, line: 3n, ns: null, thread: null, exact: null, final: null },
        ...{ precopy: 0n, stopcopy: 0n, postcopy: 0n, total: 0n, ack_collected: null, ack_total: 0n, bql: null },
        ...{ syncs: 0n, state: null, switchover: null, threshold: null, kind: 'unspecified' },
      },
    ]);
  });

  test.each([
    ['migration-thread', 1n],
    ['another', 0n],
    ['free', 0n],
    ['not-shown', null],
  ] as const)('bql is %s: %s', async (holder, bql) => {
    const given = { bql: { holder, how: '', proof: [] } };
    const path = await written((store) => store.query(query(0, given), migration(0)));
    expect(await values(path, 'SELECT bql FROM queries')).toEqual([bql]);
  });

  test('ids are unique in the database, and syncs that come early find their query', async () => {
    const path = await written((store) => {
      store.sync(sync(1), migration(0));
      store.query(query(0), migration(0));
      store.sync(sync(5, { query: 1, owner: 'query' }), migration(0));
      store.query(query(1, { kind: 'exact', exact: true }), migration(0));
      store.sync(sync(20, { query: 0, owner: 'query', start: undefined }), migration(1));
      store.query(query(0), migration(1));
    });
    expect(await values(path, 'SELECT id FROM queries ORDER BY id')).toEqual([1n, 2n, 3n]);
    expect(await rows(path, 'SELECT id, query, line, start_ns FROM syncs')).toEqual([
      { id: 1n, query: null, line: 1n, start_ns: 1000n },
      { id: 2n, query: 2n, line: 5n, start_ns: 5000n },
      { id: 3n, query: 3n, line: 21n, start_ns: null },
    ]);
  });
});

describe('events', () => {
  test('arguments are JSON, with further pairs under their own keys', async () => {
    const path = await written((store) => {
      store.event({ ...eventItem(7), extra: { fresh: 'x', pending: '1' } }, migration(0), 5);
      store.event(eventItem(9), undefined, undefined);
    });
    expect(await rows(path, 'SELECT * FROM events')).toEqual([
      {
        ...{ migration: 0n, input: 0n, line: 7n, ns: 5n, thread: 9n, name: 'migration_thread_low_pending' },
        args: '{"pending":"18446744073709551615","fresh":"x"}',
      },
      {
        ...{ migration: null, input: 0n, line: 9n, ns: null, thread: 9n, name: 'migration_thread_low_pending' },
        args: '{"pending":"18446744073709551615"}',
      },
    ]);
  });

  test('every event is counted, by migration and state', async () => {
    const path = await written((store) => {
      for (let round = 0; round < 3; round += 1) {
        store.counted('migration_cleanup', 1, undefined, undefined);
        store.counted('qemu_mutex_lock', 1, migration(0), 'active');
        store.counted('qemu_mutex_locked', 2, migration(0), 'active');
        store.counted('qemu_mutex_unlock', 1, migration(0), 'device');
      }
    });
    expect(
      await values(path, "SELECT migration || ' ' || state || ' ' || name || ' ' || count FROM event_counts"),
    ).toEqual([null, '0 active qemu_mutex_lock 3', '0 active qemu_mutex_locked 6', '0 device qemu_mutex_unlock 3']);
    expect(await values(path, "SELECT count FROM v_event_totals WHERE name LIKE 'migration%'")).toEqual([3n]);
  });

  test('names that the input invents do not fill the memory and are all counted', async () => {
    const path = await written((store) => {
      for (let number = 0; number < 120_000; number += 1) {
        const name = `invented_${number % 60_000}`;
        store.counted(name, 1, undefined, undefined);
      }
    });
    expect(await values(path, 'SELECT sum(count), count(DISTINCT name) FROM event_counts')).toEqual([
      120_000n,
      60_000n,
    ]);
    expect(await values(path, 'SELECT min(count), max(count) FROM v_event_totals')).toEqual([2n, 2n]);
  });
});

test('states, messages and BQL holds are rows', async () => {
  const path = await written((store) => {
    store.state({ state: 'active', at: moment(4, 100), hole: false }, migration(0));
    store.state({ state: 'completed', at: moment(9, 350), hole: false }, migration(0));
    const side = 'source' as const;
    const text = {
      side,
      kind: 'message',
      message: 'qemu: \u0000 gone',
      place: place(5),
      timeNs: 1,
      thread: undefined,
    } as const;
    store.message(text, undefined, undefined);
    const hold = { by: 'another', thread: 3, takenAt: place(6), releasedAt: undefined, startNs: 1 } as const;
    store.bqlHold({ ...hold, endNs: undefined }, migration(0));
  });
  expect(await values(path, 'SELECT state, duration_ns FROM v_states')).toEqual(['active', 250n, 'completed', null]);
  expect(await values(path, 'SELECT line, side, text FROM messages')).toEqual([5n, 'source', 'qemu: \u0000 gone']);
  expect(await rows(path, 'SELECT * FROM bql_holds')).toEqual([
    {
      ...{ migration: 0n, holder: 'another', thread: 3n, input: 0n, line: 6n },
      ...{ released_line: null, start_ns: 1n, end_ns: null },
    },
  ]);
});

test('the report is rows', async () => {
  const path = await written(() => {});
  expect(await rows(path, 'SELECT id, name, bytes, digest, side FROM inputs')).toEqual([
    { id: 0n, name: 'src.log', bytes: 123_456n, digest: '00ff', side: 'source' },
  ]);
  expect(await values(path, 'SELECT code, count, first_line, weakens FROM input_problems')).toEqual([
    'torn-line',
    2n,
    7n,
    1n,
  ]);
  expect(await rows(path, 'SELECT * FROM migrations')).toEqual([
    {
      ...{ id: 0n, kind: 'precopy', outcome: 'completed', qemu: '11.1', estimates: 9n, exacts: 3n, finals: 1n },
      ...{ unspecified: 0n, syncs: 5n, iterations: 3n, downtime_ns: 4_412_000n, final_total: '18446744073709551615' },
    },
  ]);
  const violations = await rows(path, 'SELECT rule, finding, message, line, text FROM v_violations');
  expect(violations.map(({ line }) => line)).toEqual([40n, 38n]);
  expect(violations[0]).toMatchObject({ rule: VIOLATED.rule, finding: 1n, message: VIOLATED.findings[0]?.message });
  expect(await values(path, 'SELECT input FROM evidence')).toEqual([0n, 0n]);
});

test('views answer the usual questions', async () => {
  const path = await written((store) => {
    store.query(query(0, { totalBytes: 9000 }), migration(0));
    store.query(query(1, { kind: 'exact', exact: true, totalBytes: 4096 }), migration(0));
    store.query(query(2, { kind: 'final', exact: true, final: true, totalBytes: 5096, switchover: 0 }), migration(0));
  });
  expect(await values(path, 'SELECT query, before_kind, growth FROM v_finals')).toEqual([3n, 'exact', 1000n]);
  expect(await values(path, 'SELECT query, duration_ns, difference FROM v_exact_duration')).toEqual([
    2n,
    1_000_000n,
    -4904n,
  ]);
  expect(await values(path, 'SELECT iteration, estimate_total, exact_total FROM v_iterations')).toEqual([
    1n,
    9000n,
    4096n,
  ]);
  expect(await values(path, 'SELECT second, queries, estimates, exacts, finals FROM v_query_rate')).toEqual([
    0n,
    3n,
    1n,
    1n,
    1n,
  ]);
});

test('100,000 queries and syncs are 100,000 rows, in bounded memory', async () => {
  const count = 100_000;
  const before = process.memoryUsage().rss;
  const path = await written((store) => {
    const owner = migration(0);
    for (let index = 0; index < count; index += 1) {
      store.sync(sync(index * 3, { query: index, owner: 'query' }), owner);
      store.query(query(index, { totalBytes: index * 4096 }), owner);
      store.counted('qemu_mutex_locked', 1, owner, 'active');
    }
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  expect(await values(path, 'SELECT count(*), max(id), sum(total) FROM queries')).toEqual([
    BigInt(count),
    BigInt(count),
    4096n * BigInt((count * (count - 1)) / 2),
  ]);
  expect(await values(path, 'SELECT count(*) FROM syncs JOIN queries ON queries.id = syncs.query')).toEqual([
    BigInt(count),
  ]);
  expect(await values(path, 'SELECT count FROM event_counts')).toEqual([BigInt(count)]);
  expect(await values(path, 'PRAGMA integrity_check')).toEqual(['ok']);
});

describe('rows that are unlike the ones around them', () => {
  test('counts above INTEGER’s range, other states and threads keep their place and their values', async () => {
    const wide = 2n ** 64n - 1n;
    const path = await written((store) => {
      const owner = migration(0);
      for (let index = 0; index < 100; index += 1) {
        const totalBytes = index % 33 === 0 ? wide : index % 7 === 0 ? 2n ** 53n + 1n : index;
        store.query(query(index, { totalBytes, state: index % 40 < 20 ? 'active' : undefined }), owner);
      }
    });
    const shown = await values(path, "SELECT id || ' ' || total || ' ' || coalesce(state, '-') FROM queries");
    expect(shown).toEqual(
      Array.from({ length: 100 }, (_, index) => {
        const total = index % 33 === 0 ? wide : index % 7 === 0 ? 2n ** 53n + 1n : index;
        return `${index + 1} ${total} ${index % 40 < 20 ? 'active' : '-'}`;
      }),
    );
    expect(await values(path, 'SELECT DISTINCT typeof(total) FROM queries ORDER BY 1')).toEqual(['integer', 'text']);
  });

  test('numbers that do not follow each other', async () => {
    const path = await written((store) => {
      for (const index of [0, 1, 5, 6, 7, 2]) store.query(query(index), migration(0));
    });
    expect(await values(path, 'SELECT id FROM queries ORDER BY id')).toEqual([1n, 2n, 3n, 6n, 7n, 8n]);
  });
});
