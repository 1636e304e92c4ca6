/** The destination's log beside the source's: how the clocks stand to each other, and what the guest saw of it. */
import { describe, expect, test } from 'vitest';
import type { DestinationReport, Report } from '../../src/report/report.ts';
import { judge, reportOn } from '../rules/support.ts';
import { bothSides } from './both-sides.ts';

/** 3600.5 s: no clock of another host goes by ours. */
const AHEAD_MS = 3_600_500;

function destinationOf(report: Report, migration = 0): DestinationReport {
  const found = report.migrations[migration]?.destination;
  if (found === undefined || found === null) throw new Error('no destination is tied');
  return found;
}

function reasonOf(report: Report): string {
  expect(report.migrations.map(({ destination }) => destination)).toEqual(report.migrations.map(() => null));
  expect(report.untiedDestinations).toHaveLength(1);
  return report.untiedDestinations[0]?.reason ?? '';
}

describe('a migration with both logs', () => {
  test('the pairs bound the offset between the clocks', async () => {
    const { clock, ties } = destinationOf(await judge(bothSides()));
    // A ping of 0.1 ms each way, 495 ms before the switchover: in those the clocks drift 0.05 ms at most.
    expect(clock).toEqual({ lowNs: -100_000 - 1000 - 49_450, highNs: 100_000 + 1000 + 49_470, pairs: 15 });
    expect(ties.map(({ bound, first, source, destination }) => [bound, first, source.line, destination.line])).toEqual([
      ['low', 'destination', 9, 8],
      ['high', 'source', 7, 8],
    ]);
  });

  test('the blackout goes from the stop on the source to the run on the destination', async () => {
    const { blackout, noBlackout } = destinationOf(await judge(bothSides()));
    expect(noBlackout).toBeNull();
    expect(blackout?.from.text).toContain('src-downtime-start');
    expect(blackout?.to.text).toContain('dst-precopy-bh-vm-started');
    // In truth 6.9 ms.
    expect([blackout?.lowNs, blackout?.highNs]).toEqual([6_900_000 - 150_470, 6_900_000 + 150_450]);
    expect(blackout?.steps).toEqual([
      { from: 'src-downtime-start', to: 'src-vm-stopped', lowNs: 900_000, highNs: 900_000 },
      { from: 'src-vm-stopped', to: 'src-iterable-saved', lowNs: 2_100_000, highNs: 2_100_000 },
      { from: 'src-iterable-saved', to: 'src-non-iterable-saved', lowNs: 900_000, highNs: 900_000 },
      { from: 'src-non-iterable-saved', to: 'dst-precopy-loadvm-completed', lowNs: 849_530, highNs: 1_150_450 },
      { from: 'dst-precopy-loadvm-completed', to: 'dst-precopy-bh-enter', lowNs: 200_000, highNs: 200_000 },
      { from: 'dst-precopy-bh-enter', to: 'dst-precopy-bh-vm-started', lowNs: 1_800_000, highNs: 1_800_000 },
      { from: 'dst-precopy-bh-vm-started', to: 'src-downtime-end', lowNs: 3_349_550, highNs: 3_650_470 },
    ]);
  });

  test('the destination’s own blocks', async () => {
    const found = destinationOf(await judge(bothSides()));
    expect(found).toMatchObject({
      file: 'dst.log',
      outcome: 'completed',
      checkpoints: [
        { from: 'dst-precopy-loadvm-completed', to: 'dst-precopy-bh-enter', durationNs: 200_000 },
        { from: 'dst-precopy-bh-enter', to: 'dst-precopy-bh-vm-started', durationNs: 1_800_000 },
      ],
      iterable: { totalNs: 950_000, devices: [{ idstr: 'ram', instance: 0, durationNs: 950_000 }], omitted: 0 },
      nonIterable: { totalNs: 121_000, devices: [{ idstr: 'apic', instance: 0, durationNs: 121_000 }], omitted: 0 },
    });
    expect(found.states.map(({ state, line }) => `${state} ${line}`)).toEqual(['setup 1', 'active 4', 'completed 34']);
  });

  test('a destination’s clock that goes ahead shifts the offset by just that, and nothing else', async () => {
    const here = destinationOf(await judge(bothSides()));
    const there = destinationOf(await judge(bothSides({ aheadMs: AHEAD_MS })));
    expect(there.clock).toEqual({
      lowNs: Number(here.clock?.lowNs) + AHEAD_MS * 1e6,
      highNs: Number(here.clock?.highNs) + AHEAD_MS * 1e6,
      pairs: here.clock?.pairs,
    });
    expect([there.blackout?.lowNs, there.blackout?.highNs]).toEqual([here.blackout?.lowNs, here.blackout?.highNs]);
    expect(there.blackout?.steps).toEqual(here.blackout?.steps);
  });

  test('a clock that stands in 1970 is no matter either', async () => {
    const { clock } = destinationOf(await judge(bothSides({ aheadMs: -Date.UTC(2026, 10, 23) })));
    expect(clock?.lowNs).toBe(String(BigInt(-Date.UTC(2026, 10, 23)) * 1_000_000n - 150_450n));
  });

  test('the order of the inputs makes no difference', async () => {
    const { 'src.log': source, 'dst.log': destination } = bothSides();
    const swapped = await judge({ 'dst.log': destination, 'src.log': source });
    expect(destinationOf(swapped)).toEqual(destinationOf(await judge(bothSides())));
  });

  test('without a return path only the listening bounds it from below', async () => {
    const without = ['return_path', 'ping', 'PING', 'com=0x1 ', 'com=0x2 ', 'OPEN_RETURN_PATH'];
    const { clock, ties, blackout } = destinationOf(await judge(bothSides({ without })));
    expect(clock).toMatchObject({ lowNs: -25_000_000 - 1000 - 49_510 });
    expect(ties[0]?.destination.text).toContain('new state setup');
    expect(Number(blackout?.highNs)).toBeGreaterThan(30_000_000);
    // Nothing says that the source waited for the destination.
    expect(blackout?.steps.at(-1)?.to).toBe('dst-precopy-bh-vm-started');
  });

  test('what no line bounds is null', async () => {
    const without = ['return_path', 'ping', 'PING', 'com=0x1 ', 'com=0x2 ', 'OPEN_RETURN_PATH', 'outgoing_connected'];
    const { clock, blackout } = destinationOf(await judge(bothSides({ without })));
    expect([clock?.lowNs, blackout?.highNs]).toEqual([null, null]);
    expect(blackout?.lowNs).toBeGreaterThan(6_000_000);
  });

  test('without time stamps the blocks stand alone', async () => {
    const found = destinationOf(await judge(bothSides({ bare: true })));
    expect([found.clock, found.blackout, found.ties]).toEqual([null, null, []]);
    expect(found.noBlackout).toBe('the logs have no time stamps (record with -msg timestamp=on)');
    expect(found.nonIterable.devices).toHaveLength(1);
    expect(found.checkpoints.map(({ durationNs }) => durationNs)).toEqual([null, null]);
  });

  test('8.1 and older do not measure the devices: the lines of the sections do', async () => {
    const { iterable, nonIterable } = destinationOf(await judge(bothSides({ without: ['vmstate_downtime_load'] })));
    expect(iterable.devices).toEqual([{ idstr: 'ram', instance: 0, durationNs: 1_200_000 }]);
    expect(nonIterable.devices).toEqual([{ idstr: 'apic', instance: 0, durationNs: 1_000_000 }]);
  });

  test.each([
    ['by the order of its lines', 'src-downtime-start'],
    ['by its state', 'new state device'],
  ])('one line less moves no bound to where the truth is not (%s)', async (_name, gone) => {
    const { clock } = destinationOf(await judge(bothSides({ without: [gone] })));
    expect(Number(clock?.lowNs)).toBeLessThanOrEqual(0);
    expect(Number(clock?.highNs)).toBeGreaterThanOrEqual(0);
  });
});

describe('the guest', () => {
  const PAUSED = 'runstate_set current_run_state 1 (inmigrate) new_state 4 (paused)';
  const RUNS = 'runstate_set current_run_state 1 (inmigrate) new_state 9 (running)';

  test('started with -S it runs when it is told to, not at the checkpoint', async () => {
    const sides = bothSides({
      instead: { [RUNS]: PAUSED },
      behind: [[520, 'runstate_set current_run_state 4 (paused) new_state 9 (running)']],
    });
    const { blackout } = destinationOf(await judge(sides));
    expect(blackout?.to.text).toContain('current_run_state 4 (paused)');
    expect(Number(blackout?.lowNs)).toBeGreaterThan(19_000_000);
    expect(blackout?.steps.at(-1)).toMatchObject({ from: 'dst-precopy-bh-vm-started', to: 'runstate_set' });
  });

  test('that is never told to has no blackout', async () => {
    const { blackout, noBlackout } = destinationOf(await judge(bothSides({ instead: { [RUNS]: PAUSED } })));
    expect(blackout).toBeNull();
    expect(noBlackout).toBe("the destination's log does not show the guest running");
  });

  test('that did not run before has none either', async () => {
    const stop = 'runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)';
    const paused = 'runstate_set current_run_state 4 (paused) new_state 7 (finish-migrate)';
    const { noBlackout } = destinationOf(await judge(bothSides({ instead: { [stop]: paused } })));
    expect(noBlackout).toBe('the guest did not run before the migration');
  });
});

describe('logs that do not belong together', () => {
  test('what was received was never sent', async () => {
    const { 'src.log': source, 'dst.log': destination } = bothSides();
    const part = source.findIndex((line) => line.includes('savevm_section_start ram'));
    const report = await judge({ 'src.log': source.toSpliced(part, 1), 'dst.log': destination });
    expect(reasonOf(report)).toBe(
      '"savevm_section_start ram, section_id 1" is shown 5 times by the source and received 6 times by the ' +
        'destination: the two logs are not of the same migration, or lines are lost',
    );
  });

  test('a clock set in the middle: the pairs contradict each other, and nothing is tied', async () => {
    const { 'src.log': source, 'dst.log': early } = bothSides();
    const { 'dst.log': late } = bothSides({ aheadMs: 2000 });
    const from = early.findIndex((line) => line.includes('SWITCHOVER_START'));
    const report = await judge({ 'src.log': source, 'dst.log': [...early.slice(0, from), ...late.slice(from)] });
    expect(reasonOf(report)).toBe(
      'the order of cause and effect holds for no offset between the clocks: ' +
        'a clock was set meanwhile, or the two logs are not of the same migration',
    );
    expect(report.untiedDestinations[0]?.lines.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'dst.log:34',
      'src.log:34',
      'src.log:7',
      'dst.log:8',
    ]);
    expect(report.untiedDestinations[0]?.nonIterable.devices).toHaveLength(1);
  });

  test('a cancelled migration and a completed destination', async () => {
    const { 'src.log': source, 'dst.log': destination } = bothSides();
    const stop = source.findIndex((line) => line.includes('low_pending'));
    const stamp = source[stop]?.split(' ')[0] ?? '';
    const cancelled = ['cancelling', 'cancelled'].map((state) => `${stamp} migrate_set_state new state ${state}`);
    const report = await judge({ 'src.log': [...source.slice(0, stop), ...cancelled], 'dst.log': destination });
    expect(reasonOf(report)).toContain('cancelled before the switchover');
  });

  test('a source without postcopy and a destination with it', async () => {
    const instead = { 'migrate_set_state new state active': 'migrate_set_state new state postcopy-active' };
    const { 'src.log': source } = bothSides();
    const { 'dst.log': destination } = bothSides({ instead });
    expect(reasonOf(await judge({ 'src.log': source, 'dst.log': destination }))).toBe(
      "the source's migration had no postcopy, and this one had",
    );
  });

  test('a source that fails at the end has no blackout, for its guest runs again', async () => {
    const instead = { 'migrate_set_state new state completed': 'migrate_set_state new state failed' };
    const { 'src.log': source } = bothSides({ instead });
    const { 'dst.log': destination } = bothSides();
    const found = destinationOf(await judge({ 'src.log': source, 'dst.log': destination }));
    expect([found.blackout, found.noBlackout]).toEqual([null, 'the migration did not complete on its source (failed)']);
  });

  test('two that show next to nothing of what was sent', async () => {
    const without = ['ping', 'PING', 'command', 'section', 'return_path', 'outgoing_connected'];
    expect(reasonOf(await judge(bothSides({ without })))).toMatch(
      /^only 2 lines of it have their counterpart .* enable/,
    );
  });

  test('two incoming migrations that both fit the one of the source', async () => {
    const { 'src.log': source, 'dst.log': destination } = bothSides();
    const report = await judge({ 'src.log': source, 'dst.log': destination, 'other.log': destination });
    expect(report.untiedDestinations.map(({ reason }) => reason)).toEqual([
      'which migration it belongs to is ambiguous (it fits migration 0)',
      'which migration it belongs to is ambiguous (it fits migration 0)',
    ]);
  });
});

describe('a destination alone', () => {
  test('gives no migration, but its blocks', async () => {
    const report = await reportOn({ 'dst.log': bothSides()['dst.log'] });
    expect(report.migrations).toEqual([]);
    expect(reasonOf(report)).toBe('there is no log of a migration that left its source');
    expect(report.untiedDestinations[0]?.iterable.devices).toHaveLength(1);
  });

  test('a source alone has none', async () => {
    const report = await judge(bothSides()['src.log']);
    expect(report.untiedDestinations).toEqual([]);
    expect(report.migrations[0]?.destination).toBeNull();
  });

  test('a log that two processes wrote tells nothing of either', async () => {
    const { 'src.log': source, 'dst.log': destination } = bothSides();
    const both = [...source, ...destination].sort();
    const report = await judge({ 'both.log': both });
    expect(report.untiedDestinations).toEqual([]);
  });
});

test('two runs of one source and a destination for each', async () => {
  const first = bothSides();
  const second = bothSides({ aheadMs: 0 });
  const later = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => line.replace('T01:02:', 'T01:07:'));
  const stop = first['src.log'].findIndex((line) => line.includes('low_pending'));
  const stamp = first['src.log'][stop]?.split(' ')[0] ?? '';
  const cancelled = ['cancelling', 'cancelled'].map((state) => `${stamp} migrate_set_state new state ${state}`);
  const lost = first['dst.log'].findIndex((line) => line.includes('SWITCHOVER_START'));
  const report = await judge({
    'src.log': [...first['src.log'].slice(0, stop), ...cancelled, ...later(second['src.log'])],
    'one.log': first['dst.log'].slice(0, lost),
    'two.log': later(second['dst.log']),
  });
  expect(report.migrations.map(({ outcome, destination }) => [outcome, destination?.file])).toEqual([
    ['cancelled', 'one.log'],
    ['completed', 'two.log'],
  ]);
});
