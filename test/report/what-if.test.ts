/** What a run would have done with another threshold, told from its recorded queries. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planInputs, replayInputs } from '../../src/analysis/replay-inputs.ts';
import { parseRate } from '../../src/base/rate.ts';
import { type Question, WhatIf } from '../../src/report/what-if.ts';
import {
  BACKGROUND_SNAPSHOT,
  estimate,
  exact,
  final,
  iso,
  MIB256,
  old,
  precopyRun,
  SETUP,
  sync,
} from '../rules/runs.ts';

async function ask(lines: readonly string[], question: Partial<Question>): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'qtrace-what-if-'));
  try {
    const path = join(folder, 'src.log');
    writeFileSync(path, `${lines.join('\n')}\n`);
    const told: string[] = [];
    const plan = planInputs([path], undefined);
    const whole = { downtimeLimitMs: undefined, bandwidthBytesPerMs: undefined, ...question };
    const sinks = [new WhatIf(whole, (line) => told.push(line), plan.nameOf)];
    const request = {
      paths: [path],
      qmp: undefined,
      band: undefined,
      fullDigest: false,
      sinks,
      progress: () => undefined,
    };
    await replayInputs(request, plan);
    return told.map((line) => line.trim());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** 100,000 bytes/ms and 50 ms: a threshold of 5,000,000 bytes. */
const WINDOW =
  'migrate_transferred transferred 10000000 time_spent 100 bandwidth 800 switchover_bw 100000 max_size 5000000';

/** 10 estimate 9 MB, 11 estimate 0, 12-13 sync, 14 exact 8,000,000, 15 estimate 2 MB, 16-17 sync, 18 exact 4,000,000. */
const RUN = precopyRun({
  rounds: [
    WINDOW,
    estimate({ precopy: 9000000 }),
    estimate({}),
    ...sync(1),
    exact({ precopy: 8000000 }),
    estimate({ precopy: 2000000 }),
    ...sync(1),
    exact({ precopy: 4000000 }),
  ],
  decision: ['migration_thread_low_pending 4000000'],
  final: [...sync(1), final({ precopy: 4000000 })],
});

describe('the downtime limit', () => {
  test('a larger one switches over an iteration earlier', async () => {
    expect(await ask(iso(RUN), { downtimeLimitMs: 80 })).toEqual([
      'What if: downtime-limit 80 ms, bandwidth as recorded',
      'migration 0 (precopy, completed)',
      'recorded: decided at 0.000160 s, src.log:18 with 3.8 MiB pending, threshold 4.8 MiB',
      'what if:  decides at 0.000120 s, src.log:14 with 7.6 MiB pending, threshold 7.6 MiB',
      '40 us and 1 iteration before the recorded run; sending the rest takes 80.000 ms',
      'at least: a downtime-limit of 40 ms at 95.4 MiB/s, for the least exact total 3.8 MiB (src.log:18)',
      '',
    ]);
  });

  test('one millisecond less, and it goes on as recorded', async () => {
    const told = await ask(RUN, { downtimeLimitMs: 79 });
    expect(told.slice(3, 5)).toEqual([
      'what if:  decides at src.log:18 with 3.8 MiB pending, threshold 7.5 MiB',
      'where the recorded run did; sending the rest takes 40.000 ms',
    ]);
  });

  test('under what any query needs: the run goes on', async () => {
    const told = await ask(RUN, { downtimeLimitMs: 39 });
    expect(told[3]).toBe('what if:  goes on where the recorded run switched over; the log does not show for how long');
  });

  test('an estimate that would have been followed by an exact query', async () => {
    const told = await ask(RUN, { downtimeLimitMs: 90 });
    expect(told.slice(5, 7)).toEqual([
      'possibly: from src.log:10 on: the estimate 8.6 MiB lies under the threshold 8.6 MiB,',
      'but the recorded run asked for no exact query there',
    ]);
  });
});

describe('the bandwidth', () => {
  test('of twice as much', async () => {
    const told = await ask(RUN, { bandwidthBytesPerMs: 200000 });
    expect(told[0]).toBe('What if: downtime-limit as recorded, bandwidth 191 MiB/s');
    expect(told.slice(3, 5)).toEqual([
      'what if:  decides at src.log:14 with 7.6 MiB pending, threshold 9.5 MiB',
      '1 iteration before the recorded run; sending the rest takes 40.000 ms',
    ]);
  });

  test('in the units of 10.0', async () => {
    const lines = [
      ...SETUP,
      old.estimate(MIB256),
      'migrate_transferred transferred 10000000 time_spent 100 bandwidth 100000 switchover_bw 0 max_size 5000000',
      ...sync(1),
      old.exact(8000000),
      old.estimate(100),
    ];
    const told = await ask(lines, { downtimeLimitMs: 100 });
    expect(told.slice(2, 5)).toEqual([
      'recorded: no switchover',
      'what if:  decides at src.log:13 with 7.6 MiB pending, threshold 9.5 MiB',
      'the recorded run did not switch over; sending the rest takes 80.000 ms',
    ]);
  });
});

test('before the first migrate_transferred there is no threshold, whatever is asked', async () => {
  const lines = RUN.filter((line) => line !== WINDOW);
  const told = await ask(lines, { downtimeLimitMs: 1000 });
  expect(told[2]).toBe('recorded: decided at src.log:17 with 3.8 MiB pending, no threshold yet');
  expect(told[3]).toBe('what if:  goes on where the recorded run switched over; the log does not show for how long');
});

test('a run without queries', async () => {
  expect((await ask(BACKGROUND_SNAPSHOT, { downtimeLimitMs: 1 }))[2]).toBe('the log shows no query that could decide');
});

describe('rates', () => {
  test.each([
    ['125000000', 125000000],
    ['100M', 104857600],
    ['1.5GiB/s', 1610612736],
    ['10Gbit', 1250000000],
    ['10gbit/s', 1250000000],
    ['64kB', 65536],
  ])('%s', (text, value) => {
    expect(parseRate(text)).toBe(value);
  });

  test.each(['', '0', '-1', 'fast', '10X', '1e9', '10 Gbyte'])('no rate: %s', (text) => {
    expect(() => parseRate(text)).toThrow('not a rate');
  });
});
