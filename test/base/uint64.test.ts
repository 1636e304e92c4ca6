import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addUint64, normalise, parseUint64, toJsonNumber } from '../../src/base/uint64.ts';

const SAFE = 2n ** 53n - 1n;
const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: SAFE - 3n, max: SAFE + 3n }),
  fc.bigInt({ min: 2n ** 64n - 4n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 9n }),
);
const i64 = fc.oneof(u64, fc.bigInt({ min: -(2n ** 63n), max: -1n }), fc.bigInt({ min: -SAFE - 3n, max: 3n - SAFE }));

/** The one right form: a number exactly as far as it is exact. */
function form(value: bigint): number | bigint {
  return value > SAFE || value < -SAFE ? value : Number(value);
}

describe('parseUint64', () => {
  test.each<[string, number | bigint]>([
    ['0', 0],
    ['-1', -1],
    ['4239360', 4_239_360],
    ['999999999999999', 999_999_999_999_999],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 2n ** 53n],
    ['9007199254740993', 2n ** 53n + 1n],
    ['-9007199254740991', -9_007_199_254_740_991],
    ['-9007199254740993', -(2n ** 53n) - 1n],
    ['9223372036854775808', 2n ** 63n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['0x10', 16],
    ['0x1fffffffffffff', 9_007_199_254_740_991],
    ['0x20000000000001', 2n ** 53n + 1n],
    ['0xffffffffffffffff', 2n ** 64n - 1n],
    ['0000000000000000000007', 7],
  ])('%s', (text, value) => {
    expect(parseUint64(text)).toBe(value);
  });

  test('property: agrees with BigInt, decimal with a sign and hexadecimal', () => {
    fc.assert(
      fc.property(i64, (value) => {
        expect(parseUint64(value.toString())).toBe(form(value));
        if (value >= 0n) expect(parseUint64(`0x${value.toString(16)}`)).toBe(form(value));
      }),
    );
  });
});

test('property: normalise keeps the value and is in one form', () => {
  fc.assert(
    fc.property(i64, (value) => {
      expect(normalise(value)).toBe(form(value));
    }),
  );
});

describe('addUint64', () => {
  test.each<[readonly (number | bigint)[], number | bigint]>([
    [[], 0],
    [[9_007_199_254_740_991, 0], 9_007_199_254_740_991],
    [[9_007_199_254_740_991, 1], 2n ** 53n],
    [[9_007_199_254_740_991, 2], 2n ** 53n + 1n],
    [[2n ** 64n - 1n, 1], 0],
    [[1, 2n ** 64n - 1n, 5], 5],
    [[2n ** 63n, 2n ** 63n - 1n], 2n ** 64n - 1n],
  ])('%o', (values, sum) => {
    expect(addUint64(...values)).toBe(sum);
  });

  test('property: the sum modulo 2^64', () => {
    fc.assert(
      fc.property(fc.array(u64, { maxLength: 5 }), (values) => {
        const sum = BigInt.asUintN(
          64,
          values.reduce((a, b) => a + b, 0n),
        );
        expect(addUint64(...values.map(form))).toBe(form(sum));
      }),
    );
  });
});

test('property: toJsonNumber gives a number up to 2^53-1 and decimal text above', () => {
  fc.assert(
    fc.property(u64, (value) => {
      expect(toJsonNumber(form(value))).toBe(value <= SAFE ? Number(value) : value.toString());
    }),
  );
});
