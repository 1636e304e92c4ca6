/** A fault changes the path of the code: which lines come, in which order; and it says whether the code came there. */
import { describe, expect, test } from 'vitest';
import type { EventName } from '../../src/catalog/catalog.ts';
import { FAULTS, type FaultId } from '../../src/emulator/faults/registry.ts';
import { KINDS, named, type Recording, record } from './engine-runs.ts';

const events = (recording: Recording): readonly EventName[] => recording.emissions.map(({ event }) => event);

/** From the VM's stop to the first section of its state. */
function switchover(recording: Recording): readonly EventName[] {
  const all = events(recording);
  const from = all.indexOf('migration_completion_vm_stop');
  const to = all.indexOf('migration_precopy_complete', from);
  return all.slice(from, to < 0 ? undefined : to);
}

const withFault = (fault: FaultId, kind = 'precopy'): Recording => record({ ...KINDS[kind], faults: [fault] });

const finals = (recording: Recording) =>
  named(recording, 'qemu_savevm_query_pending').filter(({ args }) => args['final'] === 1);

describe('the final query', () => {
  test('no-bql: the BQL is released before it, and taken behind it', () => {
    const path = switchover(withFault('no-bql'));
    const query = path.indexOf('qemu_savevm_query_pending_bql');
    expect(path.slice(0, query).at(-1)).toBe('qemu_mutex_unlock');
    expect(path[path.indexOf('qemu_savevm_query_pending') + 1]).toBe('qemu_mutex_lock');
  });

  test('no-bql-assert: the process dies there, with its words on stderr', () => {
    const { messages, result, emissions } = withFault('no-bql-assert');
    expect(result.runs).toEqual(['aborted']);
    expect(messages.map(({ text }) => text).join()).toContain(
      'qemu_savevm_query_pending_final: assertion failed: (bql_locked())',
    );
    expect(emissions.at(-1)?.event).toBe('qemu_mutex_unlock');
  });

  test('handler-takes-bql: bql_lock() aborts before it prints', () => {
    const { messages, result, emissions } = withFault('handler-takes-bql');
    expect(result.runs).toEqual(['aborted']);
    expect(messages.map(({ text }) => text).join()).toContain('bql_lock_impl: assertion failed: (!bql_locked())');
    expect(emissions.at(-1)?.event).toBe('ram_state_pending_sync');
  });

  test.each([
    ['no-final', 0],
    ['double-final', 2],
    ['final-before-stop', 1],
  ] as const)('%s: %d final queries', (fault, count) => {
    expect(finals(withFault(fault))).toHaveLength(count);
    expect(finals(withFault(fault, 'postcopy'))).toHaveLength(count);
  });

  test('final-before-stop: it comes ahead of the runstate', () => {
    const all = events(withFault('final-before-stop'));
    const path = all.slice(
      all.indexOf('migration_thread_low_pending'),
      all.lastIndexOf('migration_completion_vm_stop'),
    );
    expect(path).toContain('qemu_savevm_query_pending');
  });

  test('final-estimate: no sync, and what is dirty since the last one is left behind', () => {
    const recording = withFault('final-estimate');
    expect(switchover(recording)).not.toContain('migration_bitmap_sync_start');
    expect(finals(recording).map(({ args }) => args['exact'])).toEqual([0]);
  });
});

test.each([
  ['precopy-no-sync', 'precopy', '7.2'],
  ['precopy-no-sync', 'precopy', '10.0'],
  ['postcopy-no-sync', 'postcopy', '7.2'],
  ['postcopy-no-sync', 'postcopy', '10.0'],
] as const)('%s in %s of %s: nothing syncs behind the stop', (fault, kind, version) => {
  const path = events(record({ ...KINDS[kind], version, faults: [fault] }));
  const behind = path.slice(path.indexOf('vm_stop_flush_all'));
  expect(behind).not.toContain('migration_bitmap_sync_start');
});

test('every fault has a version, and is reached by some kind of migration there', () => {
  const device = {
    kind: 'vfio',
    name: '0000:3b:00.1',
    stopcopyBytes: 1_048_576,
    precopyInitialBytes: 1_048_576,
    precopyDirtyBytes: 0,
    dirtyRateBytesPerSecond: 0,
  } as const;
  const acks = { run: { capabilities: { 'switchover-ack': true, 'return-path': true }, modules: [device] } };
  for (const { id: fault, versions } of FAULTS) {
    for (const version of versions) {
      const kinds = [KINDS['precopy'], KINDS['postcopy'], acks];
      const reached = kinds.some((kind) =>
        record({ ...kind, version, faults: [fault] }).result.reachedFaults.has(fault),
      );
      expect(reached, `${fault} of ${version}`).toBe(true);
    }
  }
});

test.each([
  'cancel',
  'unreachable',
  'snapshot',
  'background-snapshot',
])('%s reaches no fault of the switchover', (kind) => {
  const early: readonly string[] = ['estimate-sync', 'wrong-total', 'exact-no-sync'];
  const faults = FAULTS.map(({ id }) => id).filter((fault) => !early.includes(fault));
  expect([...record({ ...KINDS[kind], faults }).result.reachedFaults]).toEqual([]);
});
