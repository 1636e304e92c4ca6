/** Declarations of trace-events files: what is read of a line, and what a format prints. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDeclaration } from '../../../src/ingest/simple/declaration.ts';
import type { Argument } from '../../../src/ingest/simple/printf.ts';

function printed(formats: string, params: string, ...values: readonly Argument[]): string | undefined {
  return parseDeclaration(`event(${params}) ${formats}`)?.declaration.printer?.(values);
}

const MINUS_ONE = 2n ** 64n - 1n;

describe('what a format prints', () => {
  test.each<[string, string, readonly Argument[], string]>([
    ['"%" PRIu64', 'uint64_t a', [MINUS_ONE], '18446744073709551615'],
    ['"%"PRIu64', 'uint64_t a', [7], '7'],
    ['"a %" PRIx64 " b %" PRId32 "."', 'uint64_t a, int b', [255, MINUS_ONE], 'a ff b -1.'],
    ['"%d"', 'int a', [2n ** 64n - 2n ** 31n], '-2147483648'],
    ['"%u"', 'unsigned a', [MINUS_ONE], '4294967295'],
    ['"%ld"', 'int64_t a', [MINUS_ONE], '-1'],
    ['"%" PRId8 " %" PRIu8', 'int8_t a, uint8_t b', [MINUS_ONE, 300], '-1 44'],
    ['"%zu %zd"', 'size_t a, ssize_t b', [4096, MINUS_ONE], '4096 -1'],
    ['"0x%016" PRIx64', 'uint64_t a', [4096], '0x0000000000001000'],
    ['"%#x %#x %#5x|"', 'int a, int b, int c', [255, 0, 1], '0xff 0   0x1|'],
    ['"%#06x"', 'int a', [18], '0x0012'],
    ['"%2.2x %.8x"', 'int a, int b', [10, 10], '0a 0000000a'],
    ['"%05d %-4d| %+d % d"', 'int a, int b, int c, int d', [MINUS_ONE, 3, 3, 3], '-0001 3   | +3  3'],
    ['"%X %o %c"', 'int a, int b, char c', [255, 8, 65], 'FF 10 A'],
    ['"%p %p"', 'void *a, void *b', [0x557e3edbe000, 0], '0x557e3edbe000 (nil)'],
    ['"%s|%10s|%.2s"', 'const char *a, char* b, const char * c', ['x', 'y', 'zzz'], 'x|         y|zz'],
    ['"by %d%%"', 'int a', [50], 'by 50%'],
    ['"by %d%"', 'int a', [50], 'by 50%'],
    ['"\\"%s\\"\\n"', 'const char *a', ['x'], '"x"\n'],
    ['""', 'void', [], ''],
    ['', 'void', [], ''],
  ])('%s', (formats, params, values, text) => {
    expect(printed(formats, params, ...values)).toBe(text);
  });

  test.each([
    ['"%s"', 'int a'],
    ['"%d"', 'const char *a'],
    ['"%d"', 'int a, int b'],
    ['"%d %d"', 'int a'],
    ['"%*d"', 'int a, int b'],
    ['"%999999999d"', 'int a'],
    ['"%" SOME_FMT', 'int a'],
    ['"%d" oops', 'int a'],
    // Not a string for tracetool: two levels.
    ['"%s"', 'char **a'],
  ])('%s with (%s) cannot be read', (formats, params) => {
    const found = parseDeclaration(`event(${params}) ${formats}`);
    expect(found?.name).toBe('event');
    expect(found?.declaration.printer).toBeUndefined();
  });

  test('any 64 bits in any conversion, as C converts them', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MINUS_ONE }), (bits) => {
        const value = bits <= Number.MAX_SAFE_INTEGER ? Number(bits) : bits;
        const text = printed('"%d %u %hx %lx %ld %lu"', 'a b, a c, a d, a e, a f, a g', ...Array(6).fill(value));
        const signed = (width: number): bigint => BigInt.asIntN(width, bits);
        const unsigned = (width: number): bigint => BigInt.asUintN(width, bits);
        expect(text).toBe(
          `${signed(32)} ${unsigned(32)} ${unsigned(16).toString(16)} ${bits.toString(16)} ${signed(64)} ${bits}`,
        );
      }),
    );
  });
});

describe('lines', () => {
  test.each([
    ['name(int a) "%d"', 'name'],
    ['disable name(int a) "%d"', 'name'],
    ['vcpu tcg name(void) ""', 'name'],
    ['name(void)', 'name'],
    ['name(uint8_t level)"text %"PRIx8', 'name'],
    ['name(int a, \tint b)   "%d %d"', 'name'],
  ])('%s', (line, name) => {
    expect(parseDeclaration(line)?.name).toBe(name);
  });

  test.each([
    '# name(int a) "%d"',
    '',
    'migrate_set_state new state setup',
    'Dear all (and others)',
    'int main(int argc)',
    '2026-11-23T01:29:45.325173Z migration_block_activation active',
    '+migrate_set_state(const char *new_state) "new state %s"',
    'guest_mem(int a)=trans(int a) "a", "b"',
  ])('no declaration: %s', (line) => {
    expect(parseDeclaration(line)).toBeUndefined();
  });

  test('anything', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 60 }), (line, formats) => {
        parseDeclaration(line)?.declaration.printer?.([]);
        parseDeclaration(`event(int a) "%${formats}"`)?.declaration.printer?.([1]);
      }),
    );
  });
});
