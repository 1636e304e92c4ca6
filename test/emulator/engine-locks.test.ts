/** Who takes the BQL where: the migration thread's chain of places, as one thread's log of QEMU 11.1.3 shows it. */
import { expect, test } from 'vitest';
import { type Emission, KINDS, named, type Recording, record } from './engine-runs.ts';

const MUTEXES = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'] as const;

/** Lines of the BQL that one thread prints, as `event file:line`. */
function chainOf(recording: Recording, thread: number): readonly string[] {
  const [release] = named(recording, 'qemu_mutex_unlock').filter(({ args }) => args['file'] === 'system/cpus.c');
  return named(recording, ...MUTEXES)
    .filter(({ args, thread: other }) => args['mutex'] === release?.args['mutex'] && other === thread)
    .map(({ event, args }) => `${event.slice('qemu_mutex_'.length)} ${args['file']}:${args['line']}`);
}

const threadOf = (emissions: readonly Emission[]): number => emissions[0]?.thread ?? 0;

const take = (place: string): readonly string[] => [`lock ${place}`, `locked ${place}`];
const RELEASE = 'unlock system/cpus.c:587';
const wait = (place: string): readonly string[] => [`unlock ${place}`, `locked ${place}`];

test('precopy: the chain of the migration thread', () => {
  const recording = record({});
  const exact = named(recording, 'qemu_savevm_query_pending').filter(
    ({ args }) => args['exact'] === 1 && args['final'] === 0,
  );
  expect(chainOf(recording, threadOf(named(recording, 'savevm_state_header')))).toEqual([
    ...take('migration/migration.c:3681'),
    RELEASE,
    ...take('migration/migration.c:3711'),
    RELEASE,
    ...take('migration/ram.c:3198'),
    RELEASE,
    ...exact.flatMap(() => [...take('migration/ram.c:3450'), RELEASE]),
    ...take('migration/migration.c:2864'),
    // pause_all_vcpus(), run_on_cpu(), and the registers once more.
    ...wait('system/cpus.c:660'),
    RELEASE,
    ...take('system/cpus.c:669'),
    ...wait('cpu-common.c:164'),
    ...wait('cpu-common.c:164'),
    RELEASE,
    ...take('migration/migration.c:3209'),
    RELEASE,
    ...take('migration/migration.c:3459'),
    RELEASE,
  ]);
});

test('the return path never takes the BQL, and has a thread of its own', () => {
  const recording = record(KINDS['postcopy'] ?? {});
  const returnPath = threadOf(named(recording, 'source_return_path_thread_entry'));
  const migration = threadOf(named(recording, 'savevm_state_header'));
  const main = threadOf(named(recording, 'qmp_enter_migrate'));
  expect(new Set([returnPath, migration, main]).size).toBe(3);
  expect(chainOf(recording, returnPath)).toEqual([]);
});

test('COLO of 11.1 holds the BQL from the devices to the end of RAM, older versions do not', () => {
  const locked = (version: '10.0' | '11.1'): readonly boolean[] => {
    const recording = record({ ...KINDS['colo'], version });
    const migration = threadOf(named(recording, 'savevm_state_header'));
    let held = 0;
    const [bql] = named(recording, 'qemu_mutex_unlock').filter(({ args }) => /cpus\.c$/.test(String(args['file'])));
    return recording.emissions.flatMap(({ event, args, thread }) => {
      if (thread === migration && args['mutex'] === bql?.args['mutex']) {
        if (event === 'qemu_mutex_locked') held += 1;
        if (event === 'qemu_mutex_unlock') held -= 1;
      }
      return event === 'savevm_section_end' && args['id'] === 'ram' ? [held > 0] : [];
    });
  };
  // The last three: the switchover and two checkpoints.
  expect(locked('11.1').slice(-3)).toEqual([true, true, true]);
  expect(locked('10.0').slice(-3)).toEqual([true, false, false]);
});
