import { expect, test } from 'vitest';
import { accusesNobody } from './accuses-nobody.ts';
import { estimate, precopyRun, without } from './runs.ts';
import { accusation, accused, judge, verdictOf } from './support.ts';

const ID = 'bandwidth-underestimated';
const window = (maxSize: number): string =>
  `migrate_transferred transferred ${maxSize * 2} time_spent 100 bandwidth 840 switchover_bw ${Math.floor(maxSize / 50)} max_size ${maxSize}`;
/** 10 the best window, 12 the first low one; then `count` pairs of window and estimate. */
const run = (count: number, low = 500000, pending = 4000000): readonly string[] =>
  precopyRun({
    rounds: [
      estimate({ precopy: 268967936 }),
      window(5000000),
      estimate({ precopy: pending }),
      ...Array.from({ length: count }, () => [window(low), estimate({ precopy: pending })]).flat(),
    ],
  });

test('ten windows in a row', async () => {
  expect(accusation(await judge(run(11)), ID)).toEqual(
    accused(
      'for 10 windows the threshold was 500000 or so, after 5000000 before, and 4000000 bytes stayed pending',
      `src.log:12 ${window(500000)}`,
      `src.log:10 ${window(5000000)}`,
      'src.log:31 qemu_savevm_query_pending exact=0, final=0, total=4000000',
    ),
  );
  expect(verdictOf(await judge(run(11)), ID).severity).toBe('info');
});

test.each([
  ['nine windows', run(10)],
  ['the threshold is a quarter only', run(20, 1250000)],
  ['what is pending would not fit the best window either', run(20, 500000, 5000001)],
])('%s: a pass', async (_name, lines) => {
  expect(verdictOf(await judge(lines), ID).verdict).toBe('pass');
});

test('without the windows there is nothing to judge', async () => {
  expect(verdictOf(await judge(without(run(20), 'migrate_transferred')), ID).verdict).toBe('not-applicable');
});

accusesNobody(ID);
