import { describe, expect, test } from 'vitest';
import { profileOf } from '../../src/catalog/profiles.ts';
import { lostBetween, STATES_11_1 } from '../../src/catalog/states.ts';
import { BANDS } from '../../src/catalog/vocabulary.ts';

const next = (band: (typeof BANDS)[number], state: string): readonly string[] =>
  profileOf(band).states.next.get(state) ?? [];

describe('profiles', () => {
  test('the patch as posted: every duty of 11.1 but the decision and the states, which are those of its base', () => {
    const { mayDecideOnEstimate, states, ...duties } = profileOf('thread');
    const { mayDecideOnEstimate: _decides, states: _newer, ...newer } = profileOf('11.1');
    expect(duties).toEqual(newer);
    expect(states).toBe(profileOf('10.0').states);
    expect(BANDS.filter((band) => !profileOf(band).mayDecideOnEstimate)).toEqual(['11.1']);
    expect(mayDecideOnEstimate).toBe(true);
  });

  test('the exact query is one of the queries', () => {
    for (const band of BANDS) {
      const { exactQueryEvent, queryEvents } = profileOf(band);
      if (exactQueryEvent !== undefined) expect(queryEvents).toContain(exactQueryEvent);
    }
  });
});

describe('states', () => {
  test('a table is the union of its versions', () => {
    // 9.2, 10.0 and 10.2 in one table.
    expect(next('10.0', 'active')).toEqual(expect.arrayContaining(['completed', 'postcopy-active', 'colo', 'device']));
    expect(next('10.0', 'device')).toEqual(expect.arrayContaining(['postcopy-device', 'postcopy-active']));
    expect(next('10.0', 'postcopy-paused')).toEqual(
      expect.arrayContaining(['postcopy-recover-setup', 'postcopy-recover']),
    );
    expect(next('11.1', 'active')).toEqual(['device', 'pre-switchover', 'cancelling', 'failing', 'failed']);
  });

  test('7.2 has no failing, no postcopy-device and no recover-setup', () => {
    const names = new Set([...profileOf('7.2').states.next].flat(2));
    for (const name of ['failing', 'postcopy-device', 'postcopy-recover-setup']) expect(names).not.toContain(name);
    expect(names).toContain('postcopy-recover');
  });

  test('what is over neither fails nor is cancelled', () => {
    for (const band of BANDS) {
      expect(next(band, 'cancelled')).toEqual(['setup']);
      expect(next(band, 'completed')).not.toContain('cancelling');
    }
  });

  test.each([
    ['active', 'completed', true, 'device'],
    ['setup', 'device', true, 'active'],
    ['setup', 'postcopy-active', true, undefined],
    ['failed', 'failing', true, 'setup'],
    ['failed', 'completed', true, undefined],
    ['failed', 'completed', false, 'setup'],
    ['cancelled', 'active', true, undefined],
    ['cancelled', 'active', false, 'setup'],
    ['nonsense', 'active', false, undefined],
  ])('11.1: between %s and %s, headers shown %s: %s', (from, to, headersShown, lost) => {
    expect(lostBetween(STATES_11_1, from, to, headersShown)).toBe(lost);
  });
});
