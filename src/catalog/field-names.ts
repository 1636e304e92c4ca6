/** Names of arguments where QEMU's trace-events files have others than the catalogue. */
import { parseUint64 } from '../base/uint64.ts';
import type { Field } from './declaration.ts';
import { ACK_COLLECTED, ACK_TOTAL } from './vocabulary.ts';

/** By event, QEMU's name to the catalogue's. */
const NAMES: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ['migrate_error', new Map([['error_desc', 'error']])],
  ['migrate_fd_error', new Map([['error_desc', 'error']])],
  [
    'migrate_transferred',
    new Map([
      // up to 8.1
      ['tranferred', 'transferred'],
      ['avail_bw', 'switchover_bw'],
      ['size', 'max_size'],
    ]),
  ],
  ['migration_block_activation', new Map([['name', 'active']])],
]);

const QUERY = 'qemu_savevm_query_pending';
const QUERY_FIELD = /^(exact|final|precopy|stopcopy|postcopy|total)(?:_(?:bytes|size))?$/;

/** The fields under the names of the catalogue; undefined when one of them must not be passed over. */
export function declaredFields(event: string, fields: readonly Field[]): readonly Field[] | undefined {
  if (event === QUERY) return queryFields(fields);
  const names = NAMES.get(event);
  if (names === undefined) return fields;
  return fields.map((field) => ({ ...field, name: names.get(field.name) ?? field.name }));
}

/**
 * 11.1 prints two counts of switchover acks behind the total; how its fields
 * are called is not known but that they speak of acks. Anything else is a
 * format that nobody here has seen: the versions differ in their duties.
 */
function queryFields(fields: readonly Field[]): readonly Field[] | undefined {
  const named = fields.map((field) => ({ ...field, name: QUERY_FIELD.exec(field.name)?.[1] ?? field.name }));
  const behind = named.slice(named.findIndex(({ name }) => name === 'total') + 1);
  const [first, second, ...further] = behind;
  if (first === undefined) return named;
  const bothAcks = second !== undefined && further.length === 0 && isAck(first) && isAck(second);
  if (!bothAcks) return undefined;
  const totalFirst = first.name.includes('total') && !second.name.includes('total');
  const [collected, total] = totalFirst ? [second, first] : [first, second];
  const acks = [
    { ...collected, name: ACK_COLLECTED, value: String(parseUint64(collected.value)) },
    { ...total, name: ACK_TOTAL, value: String(parseUint64(total.value)) },
  ];
  return [...named.slice(0, -2), ...acks];
}

function isAck({ name, value, quoted }: Field): boolean {
  return !quoted && /(?:^|_)acks?(?:_|$)/.test(name) && /^(?:\d+|0x[0-9a-f]+)$/i.test(value);
}
