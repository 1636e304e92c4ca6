/** The stretches during which somebody holds the BQL, as the replay tells them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planInputs, replayInputs } from '../../src/analysis/replay-inputs.ts';
import { LOCKED_END, LOCKED_FINAL, LOCKED_STOP, releases, takes, UNLOCK, waits } from '../rules/locks.ts';
import { without } from '../rules/runs.ts';

/** `by whom: line taken-line released`. */
async function holdsOf(lines: readonly string[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'qtrace-replay-'));
  try {
    const paths = [join(folder, 'src.log')];
    writeFileSync(join(folder, 'src.log'), `${lines.join('\n')}\n`);
    const holds: string[] = [];
    const sink = {
      bqlHold: (hold: { by: string; takenAt: { line: number }; releasedAt: { line: number } | undefined }) => {
        holds.push(`${hold.by}: ${hold.takenAt.line}-${hold.releasedAt?.line}`);
      },
    };
    const request = {
      paths,
      qmp: undefined,
      band: undefined,
      fullDigest: false,
      sinks: [sink],
      progress: () => undefined,
    };
    await replayInputs(request, planInputs(paths, undefined));
    return holds;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('every hold in a switchover, and whose it is', async () => {
  expect(await holdsOf([...LOCKED_STOP, ...LOCKED_FINAL, ...LOCKED_END])).toEqual([
    'migration-thread: 18-21',
    'another: 23-24',
    'migration-thread: 25-26',
    'migration-thread: 28-30',
    'another: 31-32',
    'migration-thread: 33-50',
    'migration-thread: 52-55',
  ]);
});

test('a hold that the log does not see the end of', async () => {
  expect((await holdsOf([...LOCKED_STOP, ...LOCKED_FINAL])).at(-1)).toBe('migration-thread: 33-undefined');
});

test("another thread's hold at the final query", async () => {
  const lines = [
    ...LOCKED_STOP,
    releases(UNLOCK),
    waits('util/main-loop.c:313'),
    takes('util/main-loop.c:313'),
    ...LOCKED_FINAL,
    releases(UNLOCK),
    ...without(LOCKED_END, 'qemu_mutex_unlock'),
  ];
  expect(await holdsOf(lines)).toContain('another: 40-44');
});

test('without a release in cpus.c no mutex is the BQL', async () => {
  const lines = [...LOCKED_STOP, ...LOCKED_FINAL, ...LOCKED_END].map((line) =>
    line.replace('system/cpus.c', 'util/rcu.c'),
  );
  expect(await holdsOf(lines)).toEqual([]);
});
