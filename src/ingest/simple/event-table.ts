/**
 * `trace-events-all`, the declarations of all events of one QEMU: what the
 * arguments in a binary log are. Recognised by its content, for its name may
 * be any; without one, the declarations that the catalogue knows must do.
 */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { EVENT_GROUPS } from '../../catalog/events.ts';
import { ACK_COLLECTED, ACK_TOTAL } from '../../catalog/vocabulary.ts';
import { ByteSource } from '../byte-source.ts';
import { headOf } from '../group-inputs.ts';
import { LineReader } from '../line-reader.ts';
import { parseDeclaration, type RecordDeclaration } from './declaration.ts';

export type EventTable = ReadonlyMap<string, readonly RecordDeclaration[]>;

const PROBE = 16 * 1024;
/** QEMU 10.2 has 6,000. */
const MAX_DECLARATIONS = 200_000;

/** Most lines that are no comment declare an event. */
function isTable(head: Buffer): boolean {
  const lines = head.toString('latin1').split('\n');
  // The last one may be cut.
  if (lines.length > 1) lines.pop();
  const filled = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const declared = filled.filter((line) => parseDeclaration(line) !== undefined).length;
  return declared > 0 && declared >= filled.length * 0.9;
}

/** Tables among what the user named: they are no inputs of their own. @throws UserError when nothing else is named. */
export function separateTables(paths: readonly string[]): { traces: readonly string[]; tables: readonly string[] } {
  const tables = paths.filter((path) => isPlainFile(path) && isTable(headOf(path).subarray(0, PROBE)));
  const traces = paths.filter((path) => !tables.includes(path));
  const [first] = tables;
  if (traces.length === 0 && first !== undefined) {
    throw new UserError(`${first} only declares trace events and is no trace itself; give the log as well`);
  }
  return { traces, tables };
}

/** Only a plain file can be looked at and then read again from its beginning. */
function isPlainFile(path: string): boolean {
  try {
    return path !== '-' && statSync(path).isFile();
  } catch {
    // Whoever opens it says what is wrong with it.
    return false;
  }
}

/** The table for a log: one that was given, the one in its own folder first, or one found beside it. */
export async function tableFor(log: string, given: readonly string[]): Promise<EventTable | undefined> {
  const folder = dirname(log);
  const chosen = given.find((path) => dirname(path) === folder) ?? given[0];
  if (chosen !== undefined) return loadTable(chosen);
  if (log === '-') return undefined;
  for (const ending of ['', '.gz', '.zst']) {
    const path = join(folder, `trace-events-all${ending}`);
    const table = isPlainFile(path) ? await loadTable(path) : undefined;
    if (table !== undefined) return table;
  }
  return undefined;
}

/** undefined when the file holds something else. @throws UserError when it can't be read. */
async function loadTable(path: string): Promise<EventTable | undefined> {
  const source = await ByteSource.open(path, false);
  try {
    if (!isTable(await source.peek(PROBE))) return undefined;
    const table = new Map<string, RecordDeclaration[]>();
    const lines = new LineReader(source);
    while (await lines.advance()) {
      const found = parseDeclaration(lines.buffer.toString('utf8', lines.start, lines.end).trimEnd());
      if (found !== undefined) addTo(table, found);
      if (lines.line > MAX_DECLARATIONS) {
        throw new UserError(`${path} is longer than any table of trace events; give the one that QEMU installs`);
      }
    }
    return table;
  } finally {
    source.close();
  }
}

function addTo(
  table: Map<string, RecordDeclaration[]>,
  { name, declaration }: { name: string; declaration: RecordDeclaration },
): void {
  const known = table.get(name);
  if (known === undefined) table.set(name, [declaration]);
  else known.push(declaration);
}

/** Where a record has more arguments than the catalogue names, because its text is read as far as it is known. */
const LONGER: readonly string[] = [
  // 11.1
  `qemu_savevm_query_pending(bool exact, bool final, uint64_t precopy, uint64_t stopcopy, uint64_t postcopy, uint64_t total, uint32_t ack_collected, uint32_t ack_total) "exact=%d, final=%d, precopy=%lu, stopcopy=%lu, postcopy=%lu, total=%lu, ${ACK_COLLECTED}=%u, ${ACK_TOTAL}=%u"`,
  'migration_set_outgoing_channel(void *ioc, const char *ioctype, const char *hostname, void *err) "ioc=%p ioctype=%s hostname=%s err=%p"',
];

/** The catalogue's own declarations: a record is read by them only when it is exactly as long as one of them says. */
export function catalogTable(): EventTable {
  const table = new Map<string, RecordDeclaration[]>();
  for (const line of [...Object.values(EVENT_GROUPS).flat(), ...LONGER]) {
    const found = parseDeclaration(line);
    if (found !== undefined) addTo(table, found);
  }
  return table;
}
