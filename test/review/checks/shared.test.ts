/** The thread, the clean series and the faults of the lab, where they lie beside the checkout. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkSeries } from '../../../src/review/check-series.ts';
import { readSeries } from '../../../src/review/read-series.ts';
import type { Remark } from '../../../src/review/series.ts';
import { sharedPath } from '../../cli/program.ts';

const PATCHES = sharedPath('patches');
const NEEDS = PATCHES === undefined ? ' (SKIPPED: no shared/patches beside the checkout)' : '';

async function remarksOn(...files: readonly string[]): Promise<readonly Remark[]> {
  const bytes = Buffer.concat(files.map((file) => readFileSync(`${PATCHES}/${file}`)));
  return checkSeries(await readSeries(bytes));
}

const short = (remarks: readonly Remark[]) =>
  remarks.map(({ severity, rule, path, line }) => `${severity} ${rule} ${path}:${line}`);

describe.skipIf(PATCHES === undefined)(`the lab’s patches${NEEDS}`, () => {
  test('the review thread: what was said of the patch, and no accusation of what was found fine', async () => {
    expect(short(await remarksOn('review-thread.txt'))).toEqual([
      'warning final-skips-module hw/s390x/s390-stattrib.c:199',
      'info final-skips-module hw/vfio/migration.c:631',
      'warning final-skips-module migration/block-dirty-bitmap.c:776',
      'info final-undocumented migration/migration.c:2797',
      'warning final-missing migration/ram.c:3380',
      'warning last-sync-not-marked migration/ram.c:3457',
      'info notifier-skipped migration/ram.c:3457',
      'info sync-after-final migration/ram.c:3457',
      'error dirty-bytes-not-updated migration/savevm.c:1824',
      'info trace-format-mismatch migration/trace-events:10',
    ]);
  });

  test('the clean series: nothing to say', async () => {
    const files = readdirSync(`${PATCHES}/series`).sort();
    expect(files.length).toBe(4);
    expect(short(await remarksOn(...files.map((file) => `series/${file}`)))).toEqual([]);
  });

  test('its patches one by one: no accusation of what a later one brings', async () => {
    const files = readdirSync(`${PATCHES}/series`).sort();
    for (const file of files.slice(1)) {
      const said = (await remarksOn(`series/${file}`)).filter(({ severity }) => severity !== 'info');
      expect(short(said), file).toEqual([]);
    }
  });

  test('faults of two patches, of which one changes who calls what the other breaks', async () => {
    const said = short(await remarksOn('faults/no-bql.patch', 'faults/skip-dirty-bytes.patch'));
    expect(said).toContain('error dirty-bytes-not-updated migration/savevm.c:1759');
    expect(said).toContain('error final-without-bql migration/migration.c:2998');
  });

  test.each([
    [
      'no-bql',
      ['error final-without-bql migration/migration.c:2998', 'warning assertion-removed migration/savevm.c:1779'],
    ],
    ['postcopy-no-sync', ['error postcopy-switchover-without-sync migration/ram.c:3451']],
    ['skip-dirty-bytes', ['error dirty-bytes-not-updated migration/savevm.c:1759']],
  ])('%s: at the guilty line', async (fault, expected) => {
    expect(short(await remarksOn(`faults/${fault}.patch`))).toEqual(expected);
  });
});
