/** A log of the log back end as the binary log that the simple back end would have written, with its table. */
import { compileDeclaration } from '../../../src/catalog/declaration.ts';
import { EVENT_GROUPS } from '../../../src/catalog/events.ts';
import { SimpleLog, type Value } from './writer.ts';

interface Record {
  readonly declaration: string;
  readonly name: string;
  readonly values: readonly Value[];
}

/** With the switchover acks of 11.1, which the catalogue takes as what follows the total. */
const WITH_ACKS =
  'qemu_savevm_query_pending(bool exact, bool final, uint64_t precopy, uint64_t stopcopy, uint64_t postcopy, uint64_t total, uint32_t collected, uint32_t pending) "exact=%d, final=%d, precopy=%lu, stopcopy=%lu, postcopy=%lu, total=%lu, collected switchover ack pending=%u, total switchover ack pending=%u"';
const DECLARATIONS: readonly string[] = [WITH_ACKS, ...Object.values(EVENT_GROUPS).flat()];

/** Lines without a prefix; those of events that nobody knows are left out. */
export function simpleLogOf(lines: readonly string[]): { readonly bytes: Buffer; readonly table: string } {
  const records = lines.flatMap((line) => recordOf(line) ?? []);
  const log = new SimpleLog();
  for (const { name, values } of records) log.event(name, values);
  const table = [...new Set(records.map(({ declaration }) => declaration))].join('\n');
  return { bytes: log.bytes, table: `# See docs/devel/tracing.rst for syntax documentation.\n\n${table}\n` };
}

function recordOf(line: string): Record | undefined {
  const [name = ''] = line.split(' ');
  for (const declaration of DECLARATIONS.filter((one) => one.startsWith(`${name}(`))) {
    const decoded = compileDeclaration(declaration).decode(line.slice(name.length + 1));
    const params = /\((.*?)\) "/.exec(declaration)?.[1] ?? 'void';
    if (decoded === undefined) continue;
    const names = params === 'void' ? [] : params.split(', ').map((param) => param.replace(/^.*[ *]/, ''));
    return {
      declaration,
      name,
      values: names.map((own, index) => argumentOf(decoded.args[own], params.split(', ')[index])),
    };
  }
  return undefined;
}

function argumentOf(value: string | number | bigint | undefined, param: string | undefined): Value {
  if (typeof value !== 'string') return BigInt.asUintN(64, BigInt(value ?? 0));
  return param?.includes('char *') === true ? value : BigInt(value);
}
