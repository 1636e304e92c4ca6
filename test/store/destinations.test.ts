import { expect, test } from 'vitest';
import type { DestinationBlocks, DestinationReport } from '../../src/report/report.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { rows, useFolder } from './database-file.ts';
import { migrationReport, report } from './units.ts';

const file = useFolder();

const NOTHING = { totalNs: 0, devices: [], omitted: 0 };
const LINE = { file: 'src.log', line: 1, text: 'x' };

const BLOCKS: DestinationBlocks = {
  file: 'src.log',
  outcome: 'completed',
  states: [],
  checkpoints: [],
  iterable: { totalNs: 950_000, devices: [{ idstr: 'ram', instance: 0, durationNs: 950_000 }], omitted: 0 },
  nonIterable: { totalNs: 121_000, devices: [{ idstr: 'apic', instance: 1, durationNs: 121_000 }], omitted: 0 },
};

const TIED: DestinationReport = {
  ...BLOCKS,
  clock: { lowNs: -150_450, highNs: '9007199254740993', pairs: 15 },
  ties: [],
  blackout: { lowNs: 6_749_530, highNs: null, from: LINE, to: LINE, steps: [] },
  noBlackout: null,
};

test('destinations, tied or not, and what they loaded', async () => {
  const store = await StoreWriter.create(file('a.db'));
  store.finish(
    report({
      migrations: [{ ...migrationReport(0), destination: TIED }],
      untiedDestinations: [
        { ...BLOCKS, file: 'gone.log', iterable: NOTHING, nonIterable: NOTHING, reason: 'no line', lines: [] },
      ],
    }),
  );
  expect(await rows(file('a.db'), 'SELECT * FROM destinations')).toEqual([
    {
      id: 1n,
      migration: 0n,
      input: 0n,
      outcome: 'completed',
      clock_low_ns: -150_450n,
      clock_high_ns: 9_007_199_254_740_993n,
      blackout_low_ns: 6_749_530n,
      blackout_high_ns: null,
      reason: null,
    },
    {
      id: 2n,
      migration: null,
      input: null,
      outcome: 'completed',
      clock_low_ns: null,
      clock_high_ns: null,
      blackout_low_ns: null,
      blackout_high_ns: null,
      reason: 'no line',
    },
  ]);
  expect(await rows(file('a.db'), 'SELECT * FROM destination_loads')).toEqual([
    { destination: 1n, iterable: 1n, idstr: 'ram', instance: 0n, duration_ns: 950_000n },
    { destination: 1n, iterable: 0n, idstr: 'apic', instance: 1n, duration_ns: 121_000n },
  ]);
});
