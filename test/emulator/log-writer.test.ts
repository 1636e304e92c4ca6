/** The forms of a log: prefixes, threads, messages and samples. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { EmissionSink } from '../../src/emulator/emission.ts';
import { ByteLog } from '../../src/emulator/shell/byte-log.ts';
import { EVENT_SETS, type EventSet, filterFor } from '../../src/emulator/shell/event-sets.ts';
import { LogWriter } from '../../src/emulator/shell/log-writer.ts';
import type { Prefix } from '../../src/emulator/shell/prefix.ts';
import { sharedPath } from '../cli/program.ts';
import { collect } from './emulated.ts';

/** Lines of the log have their thread in front, `7|`. */
function written(prefix: Prefix, events: readonly EventSet[], act: (sink: EmissionSink) => void, apart = false) {
  const log: string[] = [];
  const threads = new Map<number, ByteLog>();
  const stderr = collect();
  const samples = collect();
  const sink = new LogWriter(
    { version: '11.1', prefix, shows: filterFor(events) },
    {
      log: (thread) => {
        const known = threads.get(thread) ?? new ByteLog((bytes) => log.push(`${thread}|${Buffer.from(bytes)}`));
        threads.set(thread, known);
        return known;
      },
      stderr: apart ? stderr.log : undefined,
      samples: samples.log,
    },
  );
  act(sink);
  for (const one of threads.values()) one.flush();
  return { log, stderr: stderr.lines(), samples: samples.lines() };
}

const state = (sink: EmissionSink, timeNs: number): void =>
  sink.printerOf('migrate_set_state')?.print(timeNs, 7, { new_state: 'active' });

describe('prefixes', () => {
  test.each([
    ['iso', 1_500_000_999, '7|2026-01-01T00:00:01.500000Z migrate_set_state new state active\n'],
    ['iso', 1_000_000_999, '7|2026-01-01T00:00:01Z migrate_set_state new state active\n'],
    ['iso', 86_400_000_001_000, '7|2026-01-02T00:00:00.000001Z migrate_set_state new state active\n'],
    ['tid', 1_000_000_999, '7|7@1767225601.000000:migrate_set_state new state active\n'],
    ['none', 1_000_000_999, '7|migrate_set_state new state active\n'],
  ] as const)('%s at %d ns', (prefix, timeNs, line) => {
    expect(written(prefix, ['recommended'], (sink) => state(sink, timeNs)).log).toEqual([line]);
  });
});

describe('messages', () => {
  const report = (sink: EmissionSink): void => {
    sink.message({ timeNs: 1000, thread: 7, text: 'qemu-system-x86_64: Channel error: Input/output error' });
    sink.message({ timeNs: 2000, thread: 8, text: '**\nERROR:savevm.c:1: code should not be reached' });
  };

  test('stand in the log; an error report has the time in front, in every version', () => {
    for (const prefix of ['iso', 'tid'] as const) {
      expect(written(prefix, ['core'], report).log).toEqual([
        '7|2026-01-01T00:00:00.000001Z qemu-system-x86_64: Channel error: Input/output error\n',
        '8|**\nERROR:savevm.c:1: code should not be reached\n',
      ]);
    }
    expect(written('none', ['core'], report).log[0]).toBe('7|qemu-system-x86_64: Channel error: Input/output error\n');
  });

  test('stand apart when there is a place for them', () => {
    const { log, stderr } = written('iso', ['core'], report, true);
    expect(log).toEqual([]);
    expect(stderr).toHaveLength(3);
  });
});

test('a sample is one line of JSON, its times no narrower than they were', () => {
  const { samples } = written('iso', ['core'], (sink) =>
    sink.sample({ fromNs: 1_000_000_999, toNs: 1_000_001_001, answer: { status: 'active', remaining: 4096 } }),
  );
  expect(samples).toEqual([
    '{"t0": 1767225601.000000, "t1": 1767225601.000002, "r": {"status":"active","remaining":4096}}',
  ]);
  expect(JSON.parse(samples[0] ?? '')).toMatchObject({ r: { remaining: 4096 } });
});

describe('sets of events', () => {
  const recommended = sharedPath('events-recommended.txt');

  test.skipIf(recommended === undefined)('recommended is what events-recommended.txt switches on', () => {
    const names = readFileSync(recommended ?? '', 'utf8')
      .split('\n')
      .filter((line) => /^\w/.test(line));
    const shows = filterFor(['recommended']);
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(shows(name), name).toBe(true);
    for (const name of ['qemu_mutex_lock', 'savevm_state_iterate', 'ram_state_pending_sync'])
      expect(shows(name)).toBe(false);
  });

  test.each([
    ['core', ['migrate_pending', 'runstate_set'], ['migrate_transferred', 'qemu_mutex_locked']],
    ['probe', ['migrate_transferred', 'mig_dirty_bytes_total_update'], ['qemu_mutex_locked']],
    ['bql', ['migrate_transferred', 'qemu_mutex_unlock'], ['mig_dirty_bytes_total_update']],
    ['all', ['qemu_mutex_unlock', 'mig_dirty_bytes_total_update', 'savevm_section_start'], []],
  ] as const)('%s', (set, shown, hidden) => {
    const shows = filterFor([set]);
    for (const name of shown) expect(shows(name), name).toBe(true);
    for (const name of hidden) expect(shows(name), name).toBe(false);
  });

  test('several sets are added up', () => {
    const shows = filterFor(['probe', 'bql']);
    expect(shows('qemu_mutex_unlock') && shows('mig_dirty_bytes_total_update')).toBe(true);
    expect(EVENT_SETS).toHaveLength(5);
  });
});
