/** Arguments by name: what LTTng and simpletrace.py show must read as the text of the log does. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATALOG } from '../../src/catalog/catalog.ts';
import { compileDeclaration, type Field } from '../../src/catalog/declaration.ts';
import { DECLARATIONS, paramName, printed, type Signature, signatureOf } from './printf.ts';

type Args = Readonly<Record<string, unknown>>;

/** Decimal as LTTng prints integers, or in 64 bits as simpletrace.py does. */
function fieldsOf({ params }: Signature, args: Args, hexadecimal: boolean): readonly Field[] {
  return params.map((param) => {
    const name = paramName(param);
    const value = args[name];
    if (param.includes('char *')) return { name, value: String(value), quoted: true };
    if (param.includes('*'))
      return { name, value: value === '(nil)' ? '0x0' : String(value).toUpperCase(), quoted: false };
    const text = hexadecimal ? `0x${BigInt.asUintN(64, BigInt(String(value))).toString(16)}` : String(value);
    return { name, value: text.replace('0X', '0x'), quoted: false };
  });
}

describe.each(DECLARATIONS.map((declaration) => ({ declaration, ...signatureOf(declaration) })))('$name $format', ({
  declaration,
  ...signature
}) => {
  const decoder = compileDeclaration(declaration);

  test('property: fields read as the text does', () => {
    fc.assert(
      fc.property(printed(signature), fc.boolean(), ({ args }, hexadecimal) => {
        const fields = fieldsOf(signature, args, hexadecimal);
        expect(decoder.decodeFields(fields)).toEqual({ args, extra: undefined });
        expect(CATALOG.get(signature.name)?.decodeFields(fields)?.args).toEqual(args);
      }),
      { numRuns: 30 },
    );
  });

  if (signature.params.length === 0) return;

  test('property: one that is missing, of another kind or under another name is not read', () => {
    fc.assert(
      fc.property(printed(signature), fc.nat(), ({ args }, pick) => {
        const fields = fieldsOf(signature, args, false);
        const at = pick % fields.length;
        const changed = (change: (field: Field) => readonly Field[]) =>
          decoder.decodeFields(fields.flatMap((field, index) => (index === at ? change(field) : [field])));
        expect(changed(() => [])).toBeUndefined();
        expect(
          changed((field) => [{ ...field, quoted: !field.quoted, value: field.quoted ? field.value : 'x y' }]),
        ).toBeUndefined();
        expect(changed((field) => [{ ...field, name: `${field.name}_` }])).toBeUndefined();
        expect(changed((field) => [{ ...field, name: 'another', quoted: false }, field])).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });
});

test('what a newer QEMU shows behind the known arguments is kept', () => {
  const field = (name: string, value: string): Field => ({ name, value, quoted: false });
  const entry = CATALOG.get('migration_bitmap_sync_end');
  expect(entry?.decodeFields([field('dirty_pages', '1'), field('more', '2')])).toEqual({
    args: { dirty_pages: 1 },
    extra: { more: '2' },
  });
});
