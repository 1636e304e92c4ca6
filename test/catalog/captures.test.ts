/** The catalogue against every event line that real QEMU processes printed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CATALOG } from '../../src/catalog/catalog.ts';
import { logFiles } from '../ingest/logs.ts';
import { SKIPPED, TRACES, TRACES_MISSING } from '../rules/captures.ts';

/** Events in the captures that the catalogue does not have: all of a destination. */
const ONLY_COUNTED = [
  'colo_flush_ram_cache_begin',
  'colo_flush_ram_cache_end',
  'dirty_bitmap_load_complete',
  'dirty_bitmap_load_enter',
  'dirty_bitmap_load_header',
  'dirty_bitmap_load_success',
  'loadvm_postcopy_handle_run_bh',
  'postcopy_cleanup_range',
  'postcopy_init_range',
  'postcopy_nhp_range',
  'postcopy_ram_enable_notify',
  'postcopy_ram_fault_thread_entry',
  'postcopy_ram_fault_thread_exit',
  'postcopy_ram_fault_thread_fds_core',
  'postcopy_ram_fault_thread_quit',
  'postcopy_ram_incoming_cleanup_blocktime',
  'postcopy_ram_incoming_cleanup_closeuf',
  'postcopy_ram_incoming_cleanup_entry',
  'postcopy_ram_incoming_cleanup_exit',
  'postcopy_ram_incoming_cleanup_join',
];

const EVENT = /^\0*(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z |\d+@\d+\.\d+:)?([a-z][a-z0-9]*_[a-z0-9_]*)(?: (.*))?$/;

/** Each event with all the different arguments that it was printed with, and where one of them stands. */
function readEvents(): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const events = new Map<string, Map<string, string>>();
  for (const name of logFiles()) {
    for (const [index, line] of readFileSync(join(TRACES, name), 'utf8').split('\n').entries()) {
      const [, event, args = ''] = EVENT.exec(line) ?? [];
      if (event === undefined) continue;
      const known = events.get(event) ?? new Map<string, string>();
      events.set(event, known);
      known.set(args, `${name}:${index + 1}`);
    }
  }
  return events;
}

describe.skipIf(TRACES_MISSING)(`the captures${SKIPPED}`, () => {
  const events = readEvents();

  test('every line of an event of the catalogue is decoded', () => {
    const unread: string[] = [];
    for (const [name, all] of events) {
      const entry = CATALOG.get(name);
      if (entry === undefined) continue;
      for (const [args, place] of all) if (entry.decode(args) === undefined) unread.push(`${place} ${name} ${args}`);
    }
    expect(unread).toEqual([]);
  });

  test('what stands behind the declared arguments is 11.1’s two counts, and nothing else', () => {
    const keys = new Set<string>();
    for (const [name, all] of events) {
      for (const args of all.keys()) {
        for (const key of Object.keys(CATALOG.get(name)?.decode(args)?.extra ?? {})) keys.add(`${name}: ${key}`);
      }
    }
    expect([...keys].sort()).toEqual([
      'qemu_savevm_query_pending: collected switchover ack pending',
      'qemu_savevm_query_pending: total switchover ack pending',
    ]);
  });

  test('these events are only counted', () => {
    expect([...events.keys()].filter((name) => !CATALOG.has(name)).sort()).toEqual(ONLY_COUNTED);
  });
});
