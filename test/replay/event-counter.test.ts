import { expect, test } from 'vitest';
import type { LineRunItem } from '../../src/ingest/trace-item.ts';
import { EventCounter } from '../../src/replay/event-counter.ts';
import { fanOut } from '../../src/replay/sinks.ts';

function counted(count: (counter: EventCounter) => void): readonly string[] {
  const told: string[] = [];
  const sink = fanOut([{ counted: (name, times, _migration, state) => told.push(`${state} ${name} ${times}`) }]);
  const counter = new EventCounter(sink);
  count(counter);
  counter.flush();
  return told;
}

function run(counts: Readonly<Record<string, number>>): LineRunItem {
  const records = { size: 0, threaded: false, idAt: never, isEventAt: never, lockAt: never, eventAt: never };
  const sizes = Object.values(counts);
  return {
    kind: 'line-run',
    lines: sizes.reduce((sum, size) => sum + size, 0),
    names: Object.keys(counts),
    size: sizes.length,
    nameAt: (index) => index,
    countAt: (index) => sizes[index] ?? 0,
    records,
    place: { input: 0, line: 1, text: '' },
    timeNs: undefined,
    thread: undefined,
  };
}

function never(): never {
  throw new Error('there are no records');
}

test('a name is told at its first event, and the others when the state changes', () => {
  const told = counted((counter) => {
    for (const name of ['b', 'a', 'b', 'b']) counter.add(name, undefined, 'active');
    counter.addLock('taken', undefined, 'active');
    counter.addRun(run({ qemu_mutex_unlock: 3, qemu_mutex_locked: 2 }), undefined, 'active');
    counter.add('a', undefined, 'device');
    counter.addRun(run({ qemu_mutex_locked: 1 }), undefined, 'device');
  });
  expect(told).toEqual([
    ...['active b 1', 'active a 1', 'active qemu_mutex_locked 1', 'active qemu_mutex_unlock 1'],
    ...['active b 2', 'active qemu_mutex_locked 2', 'active qemu_mutex_unlock 2'],
    ...['device a 1', 'device qemu_mutex_locked 1'],
  ]);
});

test('any number of names is counted', () => {
  const told = counted((counter) => {
    for (let number = 0; number < 6000; number += 1) counter.add(`name_${number % 3000}`, undefined, undefined);
  });
  const sum = told.reduce((all, line) => all + Number(line.split(' ').at(-1)), 0);
  expect(sum).toBe(6000);
});
