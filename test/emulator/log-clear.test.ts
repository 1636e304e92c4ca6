/** The clears of KVM's dirty log, as often as the captured mutexes show them. */
import { expect, test } from 'vitest';
import { BANDS } from '../../src/catalog/vocabulary.ts';
import { emulate } from './emulated.ts';

const countsPerSync = (set: readonly string[], version: (typeof BANDS)[number]): readonly number[] => {
  const { lines } = emulate('precopy', { version, events: ['all'], set });
  const text = lines.filter((line) => /migration_bitmap_sync_end|kvm_clear_dirty_log/.test(line)).join('\n');
  return text.split(/^.*migration_bitmap_sync_end.*$/m).map((part) => part.split('kvm_clear_dirty_log').length - 1);
};

test.each(BANDS)('%s: five slots of pc.ram and one of pc.bios, and from 10.1 on none in the last round', (version) => {
  const counts = countsPerSync([], version);
  expect(counts.slice(0, 2)).toEqual([0, 6]);
  expect(counts.at(-1)).toBe(version === '7.2' || version === '10.0' ? 5 : 0);
});

test('a dirty ring has no log to clear', () => {
  expect(countsPerSync(['dirty-ring=true'], '11.1').every((count) => count === 0)).toBe(true);
});
