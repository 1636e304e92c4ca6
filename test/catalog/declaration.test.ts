import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATALOG, type EventArgs, isKnownEvent, type KnownEvent } from '../../src/catalog/catalog.ts';
import { compileDeclaration } from '../../src/catalog/declaration.ts';
import { conversionsOf, DECLARATIONS, paramName, printed, signatureOf } from './printf.ts';

function entryOf(name: string) {
  const entry = CATALOG.get(name);
  if (entry === undefined) throw new Error(`not in the catalogue: ${name}`);
  return entry;
}

describe.each(DECLARATIONS.map((declaration) => ({ declaration, ...signatureOf(declaration) })))('$name $format', ({
  declaration,
  ...signature
}) => {
  const names = signature.params.map(paramName);

  test('as many arguments as conversions, none named twice', () => {
    expect(conversionsOf(signature.format)).toHaveLength(names.length);
    expect(new Set(names).size).toBe(names.length);
    expect(signature.format.match(/%./g) ?? []).toHaveLength(names.length);
  });

  test('property: the catalogue reads back what was printed', () => {
    fc.assert(
      fc.property(printed(signature), ({ text, args }) => {
        const decoded = { args, extra: undefined };
        expect(compileDeclaration(declaration).decode(text)).toEqual(decoded);
        expect(entryOf(signature.name).decode(text)).toEqual(decoded);
      }),
      { numRuns: 50 },
    );
  });
});

test('a declaration stands once', () => {
  expect(new Set(DECLARATIONS).size).toBe(DECLARATIONS.length);
});

describe('what a newer QEMU prints behind the known arguments', () => {
  const known = 'exact=1, final=1, precopy=4096, stopcopy=0, postcopy=0, total=4096';
  const args = { exact: 1, final: 1, precopy: 4096, stopcopy: 0, postcopy: 0, total: 4096 };
  const acks = { 'collected switchover ack pending': '0', 'total switchover ack pending': '2' };
  const ackText = ', collected switchover ack pending=0, total switchover ack pending=2';

  test.each([
    ['nothing', '', undefined],
    ['the two counts of 11.1', ackText, acks],
    ['a third', `${ackText}, vfio=18446744073709551615`, { ...acks, vfio: '18446744073709551615' }],
    ['without a comma', ' a=1', { a: '1' }],
    ['with an empty value', ', a=', { a: '' }],
    ['with a blank at the end', ', a=1 ', { a: '1' }],
    ['with a value that holds a sign of its own', ', a=b=c', { a: 'b=c' }],
  ])('%s', (_, tail, extra) => {
    expect(entryOf('qemu_savevm_query_pending').decode(known + tail)).toEqual({ args, extra });
  });

  test.each([', a', ', =1', ', a=1, b', 'a=1', ',a=1', ' {'])('no pair: %j', (tail) => {
    expect(entryOf('qemu_savevm_query_pending').decode(known + tail)).toBeUndefined();
  });

  test('property: any pairs behind any declaration that does not end in text', () => {
    const key = fc.stringMatching(/^[a-z][a-z _]{0,10}[a-z]$/);
    const pairs = fc.dictionary(key, fc.stringMatching(/^[0-9a-f]{0,8}$/), {
      minKeys: 1,
      maxKeys: 3,
      noNullPrototype: true,
    });
    const open = DECLARATIONS.map((declaration) => ({ declaration, ...signatureOf(declaration) })).filter(
      ({ params, format }) => params.length > 0 && !format.endsWith('%s'),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...open).chain((one) => fc.tuple(fc.constant(one.declaration), printed(one))),
        pairs,
        ([declaration, { text, args: own }], extra) => {
          const tail = Object.entries(extra).map(([name, value]) => `, ${name}=${value}`);
          expect(compileDeclaration(declaration).decode(text + tail.join(''))).toEqual({ args: own, extra });
        },
      ),
    );
  });
});

describe('a line that breaks off', () => {
  /** Every proper beginning of the arguments either still is a whole line or is known to be cut. */
  function expectCutsSeen(line: string): void {
    const [name = '', ...words] = line.split(' ');
    const rest = words.join(' ');
    const entry = entryOf(name);
    expect(entry.decode(rest), 'the whole line').toBeDefined();
    const unseen = Array.from({ length: rest.length }, (_, length) => rest.slice(0, length)).filter(
      (part) => entry.decode(part) === undefined && !entry.isCutShort(part),
    );
    expect(unseen.slice(0, 1), `the first of ${unseen.length} cuts not seen`).toEqual([]);
  }

  test.each([
    'qemu_savevm_query_pending exact=1, final=1, precopy=4239360, stopcopy=0, postcopy=0, total=4239360',
    'migrate_pending_estimate estimate pending size 253952 (pre = 253952 post=0)',
    'migrate_pending pending size 5390336 max 5244930 (pre = 5390336 compat=0 post=0)',
    'migrate_transferred transferred 5250155 time_spent 100 bandwidth 840 switchover_bw 105003 max_size 5250155',
    'migrate_set_state new state active',
    'migration_bitmap_sync_end dirty_pages 7710',
    'ram_save_complete dirty=1035, done=0',
    'global_dirty_changed bitmask 0x1',
    'cpu_throttle_set set guest CPU throttled by 20%',
  ])('%s', expectCutsSeen);

  test('in the names of 11.1 behind the total', () => {
    expectCutsSeen(
      'qemu_savevm_query_pending exact=1, final=1, precopy=4096, stopcopy=0, postcopy=0, total=4096, collected switchover ack pending=0, total switchover ack pending=0',
    );
  });

  test.each([
    'runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
    'vm_state_notify running 0 reason 7 (finish-migrate)',
    'savevm_section_end ram, section_id 2 -> 0',
    'vmstate_downtime_save type=iterable idstr=ram instance_id=0 downtime=1270',
    "colo_vm_state_change Change 'run' => 'stop'",
  ])('behind a text: %s', expectCutsSeen);

  test('in a number: %d and %p', () => {
    expectCutsSeen('migration_completion_vm_stop ret -22');
    expectCutsSeen('migration_set_outgoing_channel ioc=0x55d0c8 ioctype=qio-channel-socket');
    expectCutsSeen('migration_set_outgoing_channel ioc=(nil) ioctype=qio-channel-socket');
  });

  test.each([
    ['other text', 'migrate_set_state', 'state active'],
    ['an argument too many', 'migration_bitmap_sync_end', 'dirty_pages 7710 8'],
    ['a letter in a number', 'migration_bitmap_sync_end', 'dirty_pages 77l0'],
    ['arguments where none are', 'migration_bitmap_sync_start', 'now'],
  ])('not cut, but different: %s', (_, name, rest) => {
    expect(entryOf(name).decode(rest)).toBeUndefined();
    expect(entryOf(name).isCutShort(rest)).toBe(false);
  });

  test('property: never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CATALOG.values()), fc.string({ unit: 'binary', maxLength: 60 }), (entry, text) => {
        entry.isCutShort(text);
        entry.decode(text);
      }),
      { numRuns: 1000 },
    );
  });
});

test('the types are those of the declarations', () => {
  const query = { exact: 1, final: 0, precopy: 2n ** 64n - 1n, stopcopy: 0, postcopy: 0, total: 0 };
  const typed: EventArgs<'qemu_savevm_query_pending'> = query;
  const state: EventArgs<'migrate_set_state'> = { new_state: 'active' };
  const lock: EventArgs<'qemu_mutex_locked'> = { mutex: '0x1', file: 'a.c', line: 3 };
  const none: EventArgs<'migration_bitmap_sync_start'> = {};
  // @ts-expect-error a state is text
  const wrongKind: EventArgs<'migrate_set_state'> = { new_state: 1 };
  // @ts-expect-error a count is no text
  const wrongText: EventArgs<'migration_bitmap_sync_end'> = { dirty_pages: '1' };
  // @ts-expect-error total is missing
  const missing: EventArgs<'migrate_pending_exact'> = { size: 1, pre: 1 };
  // @ts-expect-error no such argument
  const tooMany: EventArgs<'migration_bitmap_sync_end'> = { dirty_pages: 1, pages: 1 };
  // @ts-expect-error no such event
  const unknown: KnownEvent = { name: 'migration_bitmap_sync', args: {} };
  expect([typed, state, lock, none, wrongKind, wrongText, missing, tooMany, unknown]).toHaveLength(9);
  const event = { name: 'migrate_set_state' as const, args: { new_state: 'active' } };
  const [own, other] = [CATALOG.get('migrate_set_state'), CATALOG.get('migrate_pending')];
  if (own === undefined || other === undefined) throw new Error('not in the catalogue');
  expect(isKnownEvent(event, own) && event.args.new_state).toBe('active');
  expect(isKnownEvent(event, other)).toBe(false);
});
