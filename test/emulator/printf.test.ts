/** What the emulator prints is what the catalogue declares: an independent printer says the same, and the decoder reads it back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATALOG, type EventName } from '../../src/catalog/catalog.ts';
import type { ArgValues } from '../../src/catalog/declaration.ts';
import { BANDS, type Band } from '../../src/catalog/vocabulary.ts';
import { CHOICES, declarationOf, eventText } from '../../src/emulator/shell/dialect.ts';
import { EventText } from '../../src/emulator/shell/printf.ts';
import { DECLARATIONS, printed, signatureOf } from '../catalog/printf.ts';

/** What stands behind the name. */
function printerOf(declaration: string): (args: ArgValues) => string {
  const text = new EventText(declaration);
  return (args) =>
    Buffer.from(text.print(args))
      .toString()
      .slice(declaration.indexOf('(') + 1, -1);
}

const eventPrinter =
  (band: Band) =>
  (event: EventName, args: ArgValues): string =>
    Buffer.from(eventText(event, band).print(args)).toString().slice(0, -1);

describe.each(DECLARATIONS.map((declaration) => ({ declaration, ...signatureOf(declaration) })))('$name $format', ({
  declaration,
  ...signature
}) => {
  test('property: printed as C does, and read back', () => {
    const print = printerOf(declaration);
    fc.assert(
      fc.property(printed(signature), ({ text, args }) => {
        expect(print(args)).toBe(text);
        expect(CATALOG.get(signature.name)?.decode(print(args))).toBeDefined();
      }),
      { numRuns: 30 },
    );
  });
});

test('property: a line does not depend on the line before it', () => {
  const value = fc.oneof(
    fc.integer({ min: -20, max: 2000 }),
    fc.constantFrom(0, 9, 10, 99, 100, 999_999_999, 1e9, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2n ** 63n, -1),
  );
  const line = fc.record({ first: value, name: fc.string({ unit: 'grapheme' }), last: value });
  const declaration = 'event(uint64_t first, const char *name, int last) "first=%lu name=%s (last %d)"';
  fc.assert(
    fc.property(fc.array(line, { minLength: 2, maxLength: 20 }), (lines) => {
      const print = printerOf(declaration);
      expect(lines.map(print)).toEqual(lines.map((args) => printerOf(declaration)(args)));
    }),
    { numRuns: 300 },
  );
});

test('property: whole numbers are printed as JavaScript prints them', () => {
  const print = printerOf('event(uint64_t value) "%lu"');
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 0, max: 53 }), (number, bits) => {
      const value = Math.floor(number / 2 ** bits);
      expect(print({ value })).toBe(String(value));
    }),
    { numRuns: 500 },
  );
});

test('an argument that is missing is a fault of the emulator, not a line', () => {
  expect(() => printerOf('migrate_set_state(const char *new_state) "new state %s"')({})).toThrow(
    /no argument new_state/,
  );
});

test.each([
  ['%d', 4294967295, '-1'],
  ['%d', 2147483648, '-2147483648'],
  ['%u', -1, '4294967295'],
  ['%u', 4294967296, '0'],
  ['%x', -1, 'ffffffff'],
  ['%lu', -1, '18446744073709551615'],
  ['%lu', 9007199254740993n, '9007199254740993'],
  ['%ld', -5, '-5'],
  ['%lx', 2n ** 64n - 1n, 'ffffffffffffffff'],
])('integers wrap at their width: %s of %s', (conversion, value, text) => {
  expect(printerOf(`event(int value) "${conversion}"`)({ value })).toBe(text);
});

describe('versions', () => {
  const several = [...CATALOG.keys()].filter(
    (name) => DECLARATIONS.filter((declaration) => declaration.startsWith(`${name}(`)).length > 1,
  );

  test('every event with several formats says which version prints which, and only those do', () => {
    expect(Object.keys(CHOICES).sort()).toEqual([...several].sort());
  });

  test('every event has a declaration in every version', () => {
    for (const band of BANDS) {
      for (const { name } of CATALOG.values()) expect(declarationOf(name, band).startsWith(`${name}(`)).toBe(true);
    }
  });

  test.each([
    ['7.2', 'migrate_transferred transferred 10 time_spent 100 bandwidth 1 max_size 5'],
    ['10.0', 'migrate_transferred transferred 10 time_spent 100 bandwidth 1 switchover_bw 2 max_size 5'],
    ['thread', 'migrate_transferred transferred 10 time_spent 100 bandwidth 1 switchover_bw 2 max_size 5'],
    ['11.1', 'migrate_transferred transferred 10 time_spent 100 bandwidth 1 switchover_bw 2 max_size 5'],
  ] as const)('%s: %s', (band, line) => {
    const args = { transferred: 10, time_spent: 100, bandwidth: 1, switchover_bw: 2, max_size: 5 };
    expect(eventPrinter(band)('migrate_transferred', args)).toBe(line);
  });

  test('the stray letter up to 10.x', () => {
    const lines = BANDS.map((band) =>
      eventPrinter(band)('qemu_savevm_send_postcopy_ram_discard', { id: 'pc.ram', len: 3 }),
    );
    expect(lines.map((line) => line.slice('qemu_savevm_send_postcopy_ram_discard '.length))).toEqual([
      'pc.ram: 3d',
      'pc.ram: 3d',
      'pc.ram: 3',
      'pc.ram: 3d',
    ]);
  });

  const query = { exact: 1, final: 1, precopy: 4096, stopcopy: 0, postcopy: 0, total: 4096 };

  test("11.1's query has two counts behind the total, the thread's has none", () => {
    const counts = { 'collected switchover ack pending': 1, 'total switchover ack pending': 2 };
    expect(eventPrinter('11.1')('qemu_savevm_query_pending', { ...query, ...counts })).toBe(
      'qemu_savevm_query_pending exact=1, final=1, precopy=4096, stopcopy=0, postcopy=0, total=4096, collected switchover ack pending=1, total switchover ack pending=2',
    );
    expect(eventPrinter('thread')('qemu_savevm_query_pending', query)).toBe(
      'qemu_savevm_query_pending exact=1, final=1, precopy=4096, stopcopy=0, postcopy=0, total=4096',
    );
  });

  test('an event without arguments ends in a blank', () => {
    expect(eventPrinter('11.1')('savevm_state_setup', {})).toBe('savevm_state_setup ');
  });
});
