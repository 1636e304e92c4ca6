/** Failures where they are set, and what throttles, gives up, re-initialises or takes its time. */
import { describe, expect, test } from 'vitest';
import { BANDS, type Band } from '../../src/catalog/vocabulary.ts';
import type { FailurePoint } from '../../src/emulator/config.ts';
import { judge, violatedRules } from '../rules/support.ts';
import { type EmulationRequest, emulate } from './emulated.ts';

const run = (scenario: string, set: readonly string[], request: EmulationRequest = {}) =>
  emulate(scenario, { events: ['all'], prefix: 'none', ...request, set });

const statesIn = (lines: readonly string[]): string =>
  lines.flatMap((line) => /^migrate_set_state new state (\S+)/.exec(line)?.[1] ?? []).join(' ');

const failed = (version: Band): string => (version === '11.1' ? 'failing failed' : 'failed');
/** 7.2 has no device by itself. */
const device = (version: Band): string => (version === '7.2' ? '' : ' device');

describe.each(BANDS)('%s', (version) => {
  const early: readonly FailurePoint[] = ['setup', 'iterate'];
  const late: readonly FailurePoint[] = ['switchover', 'completion', 'device-save'];

  test.each(early)('fails at %s: the VM is never stopped', (at) => {
    const { lines, result } = run('precopy', [`fail-at=${at}`], { version });
    expect(statesIn(lines)).toBe(`setup active ${failed(version)}`);
    expect(lines.some((line) => line.includes('new_state 7'))).toBe(false);
    expect(result.runs).toEqual(['failed']);
  });

  test.each(late)('fails at %s: the VM is stopped, and runs again', (at) => {
    const { lines } = run('precopy', [`fail-at=${at}`], { version });
    expect(statesIn(lines)).toBe(`setup active${device(version)} ${failed(version)}`);
    expect(lines.filter((line) => line.startsWith('runstate_set')).slice(-2)).toEqual([
      'runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      'runstate_set current_run_state 7 (finish-migrate) new_state 9 (running)',
    ]);
    expect(lines.some((line) => line.includes('src-downtime-end'))).toBe(false);
    const finals = lines.filter((line) => line.startsWith('qemu_savevm_query_pending exact=1, final=1'));
    expect(finals).toHaveLength(version === '11.1' || version === 'thread' ? 1 : 0);
  });

  test('fails with the package: the guest stays with the source', () => {
    const { lines } = run('postcopy', ['fail-at=package'], { version });
    const before = version === '7.2' ? ' postcopy-active' : ' device';
    expect(statesIn(lines)).toBe(`setup active${before} ${failed(version)}`);
    expect(lines).toContain('vm_state_notify running 1 reason 9 (running)');
  });
});

describe.each(BANDS)('%s: fails in postcopy', (version) => {
  const postcopy = (set: readonly string[]) =>
    run('postcopy', ['fail-at=postcopy', 'end-at=9000', ...set], { version, events: ['probe', 'bql'] });

  test('the migration pauses, and the guest stays with the destination', async () => {
    const { lines, samples, result } = postcopy([]);
    expect(statesIn(lines)).toMatch(/ postcopy-active postcopy-paused$/);
    expect(lines.filter((line) => line.startsWith('runstate_set')).at(-1)).toMatch(/new_state 7 \(finish-migrate\)$/);
    expect(result.runs).toEqual(['running']);
    expect(samples.at(-1)).toContain('"status":"postcopy-paused"');
    expect(violatedRules(await judge(lines, { qmp: samples }))).toEqual([]);
  });

  test('goes on over a new link, which does not fail', async () => {
    const { lines, samples, result } = postcopy(['resume-at=4000']);
    expect(statesIn(lines)).toMatch(/ postcopy-paused .*postcopy-recover postcopy-active completed$/);
    expect(result.runs).toEqual(['completed']);
    expect(violatedRules(await judge(lines, { qmp: samples }))).toEqual([]);
  });
});

test('a device that fails leaves its section without an end', () => {
  const { lines, samples } = run('precopy', ['fail-at=device-save', 'device-time=5']);
  const sections = lines.filter((line) => line.includes('virtio-net'));
  expect(sections.map((line) => line.split(' ')[0])).toEqual([
    'savevm_section_start',
    'migrate_error',
    'qemu-system-x86_64:',
    'qemu-system-x86_64:',
  ]);
  expect(samples.at(-1)).toContain('"status":"failed","error-desc":"pre-save failed: 0000:00:05.0/virtio-net"');
});

describe('dirty-limit', () => {
  const SET = ['give-up-after=9000'];

  test('sets the quota of each vCPU once, between a sync and its query, and the log has one more user', () => {
    const { lines } = run('dirty-limit', [...SET, 'vcpus=2']);
    const at = lines.indexOf('migration_dirty_limit_guest guest dirty page rate limit 30 MB/s');
    expect(lines.slice(at - 3, at)).toEqual([
      expect.stringMatching(/^migration_bitmap_sync_end /),
      'dirtylimit_set_vcpu CPU[0] set dirty page rate limit 30',
      'dirtylimit_set_vcpu CPU[1] set dirty page rate limit 30',
    ]);
    expect(lines.filter((line) => line.startsWith('migration_dirty_limit_guest'))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('global_dirty_changed'))).toEqual([
      'global_dirty_changed bitmask 0x1',
      'global_dirty_changed bitmask 0x5',
    ]);
    expect(statesIn(lines)).toMatch(/completed$/);
  });

  test('without it the same guest does not converge', () => {
    const { lines } = run('dirty-limit', [...SET, 'dirty-limit=false']);
    expect(statesIn(lines)).toMatch(/cancelled$/);
  });

  test('is refused without a dirty ring, and beside auto-converge', () => {
    expect(run('dirty-limit', ['dirty-ring=false']).result.refusals[0]).toMatch(/dirty-ring-size/);
    expect(run('dirty-limit', ['auto-converge=true']).result.refusals[0]).toMatch(/auto-converge/);
  });
});

describe('patience', () => {
  const SPIN = ['bitmap-size=17M'];
  const cancelledAfterMs = (set: readonly string[]): number | undefined => {
    const { lines } = emulate('dirty-bitmaps', { set: [...SPIN, ...set], events: ['core'] });
    const line = lines.find((one) => one.endsWith('new state cancelling'));
    return line === undefined
      ? undefined
      : Date.parse(`${line.split(' ')[0]}`) - Date.parse('2026-01-01T00:00:00.200Z');
  };

  test('the user cancels a spinning migration', () => {
    expect(cancelledAfterMs(['give-up-after=700'])).toBe(700);
    expect(cancelledAfterMs(['give-up-after=700', 'end-at=400'])).toBeUndefined();
  });

  test('counts from what is still to come', () => {
    expect(cancelledAfterMs(['give-up-after=300', 'break-at=600', 'connects=true', 'cancel-at=false'])).toBeUndefined();
    expect(cancelledAfterMs(['give-up-after=300', 'continue-at=600'])).toBe(900);
  });

  test('a migration that ends by itself is left alone', () => {
    expect(emulate('precopy', { set: ['give-up-after=5000'] }).lines).toEqual(emulate('precopy').lines);
  });
});

test('a VFIO device that re-initialises asks for another ack in 11.1, and the switchover waits for it', () => {
  const { lines } = run('vfio-initial-again', []);
  const at = (pattern: RegExp): readonly number[] =>
    lines.flatMap((line, index) => (pattern.test(line) ? [index] : []));
  const asked = at(/request switchover ack 1/);
  const acked = at(/^source_return_path_thread_switchover_acked/);
  expect([asked.length, acked.length]).toEqual([2, 2]);
  expect(acked[0]).toBeLessThan(asked[1] ?? 0);
  expect(at(/^migration_thread_low_pending/)[0]).toBeGreaterThan(acked[1] ?? 0);
  const older = run('vfio-initial-again', [], { version: '10.0' }).lines;
  expect(older.filter((line) => line.startsWith('source_return_path_thread_switchover_acked'))).toHaveLength(1);
});

test('a slow ioctl lengthens the exact query, an added device the downtime', () => {
  const durations = (set: readonly string[]): number => {
    const { samples } = emulate('vfio', { set });
    return Number(/"total-time":(\d+)/.exec(samples.at(-1) ?? '')?.[1]);
  };
  expect(durations(['vfio-exact-time=200'])).toBeGreaterThan(durations([]) + 180);
  const downtime = (set: readonly string[]): number =>
    Number(/"downtime":(\d+)/.exec(emulate('precopy', { set }).samples.at(-1) ?? '')?.[1]);
  expect(downtime(['device-time=100']) - downtime([])).toBe(100);
});

test('settings of a module add it where there is none', () => {
  expect(run('precopy', ['vfio-stopcopy=1M']).lines.some((line) => line.startsWith('vfio_state_pending '))).toBe(true);
  const bitmaps = run('precopy', ['dirty-bitmaps=true', 'bitmaps=2', 'bitmap-size=4K']).lines;
  expect(bitmaps).toContain('dirty_bitmap_state_pending pending 8192');
  const cmma = run('precopy', ['cmma-attributes=4099', 'cmma-dirty-rate=0']).lines;
  expect(cmma.find((line) => line.startsWith('qemu_savevm_query_pending exact'))).toContain('precopy=268972035');
});

test('a checkpoint that fails leaves COLO for a failover, and the VM runs again', () => {
  const { lines } = run('colo', ['break-at=4200']);
  const end = lines.filter((line) => /colo_|runstate|-> -5|COLO/.test(line)).slice(-9);
  expect(end).toEqual([
    'savevm_section_end ram, section_id 1 -> -5',
    "colo_send_message Send 'vmstate-size' message",
    "qemu-system-x86_64: Can't send COLO message: Input/output error",
    "colo_send_message Send 'checkpoint-request' message",
    "qemu-system-x86_64: Can't send COLO message: Input/output error",
    'colo_failover_set_state new state require',
    'colo_failover_set_state new state active',
    'colo_failover_set_state new state completed',
    'runstate_set current_run_state 15 (colo) new_state 9 (running)',
  ]);
});

test.each(BANDS)('%s: a snapshot that can not be written is failed, and does not spin', (version) => {
  const { lines } = run('snapshot', ['fail-at=iterate'], { version });
  expect(statesIn(lines)).toBe('setup failed');
});
