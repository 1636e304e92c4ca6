/** The destination's part of the text, as a developer reads it. */
import { expect, test } from 'vitest';
import { textRenderer } from '../../src/report/renderers/text.ts';
import { type BothSidesOptions, bothSides } from '../replay/both-sides.ts';
import { reportOn, type Trace } from '../rules/support.ts';

async function linesOf(trace: Extract<Trace, Readonly<Record<string, readonly string[]>>>): Promise<readonly string[]> {
  const text = textRenderer.render(await reportOn(trace), { color: false, verbose: false });
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.trimStart().startsWith('Destination '));
  const to = lines.findIndex((line, at) => at > from && /^\d+ dut/.test(line));
  return from < 0 ? [] : lines.slice(from, to < 0 ? undefined : to);
}

const tied = (options: BothSidesOptions = {}): Promise<readonly string[]> => linesOf(bothSides(options));

test('the clocks, the blackout and the blocks of both sides', async () => {
  expect(await tied({ aheadMs: 3_600_500 })).toEqual([
    '  Destination dst.log: completed',
    '    states (line): setup :1 -> active :4 -> completed :34',
    "    the destination's clock less the source's: between 3600.499849 s and 3600.500151 s (from 15",
    '      pairs of lines)',
    '    no less, for the first of these lines comes before the second:',
    '      dst.log:8: 2026-11-23T02:02:03.505500Z loadvm_process_command_ping 0x1',
    '      src.log:9: 2026-11-23T01:02:03.005600Z source_return_path_thread_pong 0x1',
    '    no more, likewise:',
    '      src.log:7: 2026-11-23T01:02:03.005400Z savevm_send_ping 0x1',
    '      dst.log:8: 2026-11-23T02:02:03.505500Z loadvm_process_command_ping 0x1',
    '',
    '  Blackout of the guest between 6.749 ms and 7.051 ms, from and to',
    '    src.log:23: 2026-11-23T01:02:03.500100Z vmstate_downtime_checkpoint src-downtime-start',
    '    dst.log:33: 2026-11-23T02:02:04.007000Z vmstate_downtime_checkpoint dst-precopy-bh-vm-started',
    '',
    '  Checkpoints analysis, both sides',
    '              src-downtime-start ->               src-vm-stopped:        900 (us)',
    '                  src-vm-stopped ->           src-iterable-saved:       2100 (us)',
    '              src-iterable-saved ->       src-non-iterable-saved:        900 (us)',
    '          src-non-iterable-saved -> dst-precopy-loadvm-completed:  849..1151 (us)',
    '    dst-precopy-loadvm-completed ->         dst-precopy-bh-enter:        200 (us)',
    '            dst-precopy-bh-enter ->    dst-precopy-bh-vm-started:       1800 (us)',
    '       dst-precopy-bh-vm-started ->             src-downtime-end: 3349..3651 (us)',
    '                                                        blackout: 6749..7051 (us)',
    '',
    '  Iterable device analysis',
    '    Device LOAD of ram:0 took 950 (us)',
    '       total of 1 device took 950 (us)',
    '',
    '  Non-iterable device analysis',
    '    Device LOAD of apic:0 took 121 (us)',
    '        total of 1 device took 121 (us)',
    '',
  ]);
});

test('a bound that no line sets is left out', async () => {
  const without = ['return_path', 'ping', 'PING', 'com=0x1 ', 'com=0x2 ', 'OPEN_RETURN_PATH', 'outgoing_connected'];
  const text = (await tied({ without })).join('\n');
  expect(text).toContain("the destination's clock less the source's: at most ");
  expect(text).toContain('  Blackout of the guest at least ');
  expect(text).not.toContain('no less');
  expect(text).toMatch(/src-non-iterable-saved -> dst-precopy-loadvm-completed: +\d+\.\. \(us\)/);
});

test('without time stamps: what it did, and why there is no more', async () => {
  const lines = await tied({ bare: true });
  expect(lines.slice(0, 5)).toEqual([
    '  Destination dst.log: completed',
    '    states (line): setup :1 -> active :4 -> completed :34',
    '    the clocks are not tied: the logs have no time stamps in common',
    '',
    '  no blackout of the guest: the logs have no time stamps (record with -msg timestamp=on)',
  ]);
});

test('logs that are not tied: why, with the lines, and the destination’s blocks', async () => {
  const { 'src.log': source, 'dst.log': destination } = bothSides();
  const part = source.findIndex((line) => line.includes('savevm_section_start ram'));
  const lines = await linesOf({ 'src.log': source.toSpliced(part, 1), 'dst.log': destination });
  expect(lines.slice(0, 8)).toEqual([
    'Destination dst.log: completed',
    '  states (line): setup :1 -> active :4 -> completed :34',
    '  not tied to a migration: "savevm_section_start ram, section_id 1" is shown 5 times by the source',
    '    and received 6 times by the destination: the two logs are not of the same migration, or lines',
    '    are lost',
    '    dst.log:23: 2026-11-23T01:02:03.502200Z qemu_loadvm_state_section_partend 1',
    '    src.log:27: 2026-11-23T01:02:03.502000Z savevm_section_start ram, section_id 1',
    '',
  ]);
  expect(lines).toContain('  Checkpoints analysis, destination');
  expect(lines).toContain('    Device LOAD of apic:0 took 121 (us)');
});

test('a source alone has no such part', async () => {
  expect(await linesOf({ 'src.log': bothSides()['src.log'] })).toEqual([]);
});
