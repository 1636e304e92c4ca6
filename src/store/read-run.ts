/** Reads back from a database of `analyze` what a diff compares. */
import { messageOf, systemCode, UserError } from '../base/errors.ts';
import { normalise, toJsonNumber } from '../base/uint64.ts';
import type { FindingReport, LineReport, StepReport, VerdictReport } from '../report/report.ts';
import type { MigrationFacts, RunFacts } from '../report/run-facts.ts';
import { type Connection, openReadOnly, type Value } from './database.ts';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts';

type Row = Readonly<Record<string, Value>>;

/** Values as the JSON of a report has them. `decode` checks what comes out, as it does for a JSON report. */
export async function readRun(path: string): Promise<unknown> {
  const connection = await openReadOnly(path);
  try {
    refuseOthers(connection, path);
    return readFacts(connection) satisfies Record<keyof RunFacts, unknown>;
  } catch (thrown) {
    if (systemCode(thrown)?.startsWith('SQLITE_') !== true) throw thrown;
    throw new UserError(`${path} is damaged: ${messageOf(thrown)}; run \`qtrace analyze\` on its trace again`, {
      cause: thrown,
    });
  } finally {
    connection.close();
  }
}

function refuseOthers(connection: Connection, path: string): void {
  const id = connection.pragma('application_id', { simple: true });
  const tables = rows(connection, "SELECT name FROM sqlite_schema WHERE name IN ('steps', 'measures', 'report')");
  const version = connection.pragma('user_version', { simple: true });
  if (id === APPLICATION_ID && version !== SCHEMA_VERSION) {
    throw new UserError(
      `${path} has tables of version ${version}, and this qtrace reads ${SCHEMA_VERSION}; run \`qtrace analyze\` on its trace again`,
    );
  }
  if (id === APPLICATION_ID && tables.length === 3) return;
  if (id === APPLICATION_ID) {
    throw new UserError(
      `${path} was written by an older qtrace and has no steps; run \`qtrace analyze\` on its trace again`,
    );
  }
  throw new UserError(`${path} is no database of qtrace; name one that \`qtrace analyze\` wrote`);
}

function rows(connection: Connection, sql: string): readonly Row[] {
  return connection.prepare<[], Row>(sql).safeIntegers().all();
}

function readFacts(connection: Connection) {
  const [report] = rows(connection, 'SELECT qtrace, ruleset FROM report');
  const migrations = rows(connection, 'SELECT id, kind, outcome, qemu FROM migrations ORDER BY id');
  return {
    qtrace: plain(report?.['qtrace']),
    ruleset: plain(report?.['ruleset']),
    qemu: plain(migrations[0]?.['qemu']),
    inputs: readInputs(connection),
    migrations: readMigrations(connection, migrations),
    verdicts: readVerdicts(connection),
  };
}

function readInputs(connection: Connection) {
  const problems = grouped(connection, 'SELECT * FROM input_problems ORDER BY rowid', 'input');
  return rows(connection, 'SELECT id, name FROM inputs ORDER BY id').map(({ id, name }) => ({
    name: plain(name),
    problems: of(problems, id).map((row) => ({
      code: plain(row['code']),
      count: plain(row['count']),
      firstLine: plain(row['first_line']),
      text: plain(row['text']),
      hint: plain(row['hint']),
      weakens: row['weakens'] === 1n,
    })),
  }));
}

function readMigrations(connection: Connection, migrations: readonly Row[]) {
  const measures = grouped(connection, 'SELECT * FROM measures ORDER BY rowid', 'migration');
  const steps = grouped(connection, 'SELECT * FROM steps ORDER BY rowid', 'migration');
  return migrations.map(
    ({ id, kind, outcome }) =>
      ({
        index: plain(id),
        kind: plain(kind),
        outcome: plain(outcome),
        steps: readSteps(of(steps, id)),
        measures: of(measures, id).map((row) => ({
          name: plain(row['name']),
          unit: plain(row['unit']),
          value: plain(row['value']),
        })),
      }) satisfies Record<keyof MigrationFacts, unknown>,
  );
}

function readSteps(listed: readonly Row[]) {
  const gap = listed.findIndex(({ section }) => section === '');
  const kept = listed.filter(({ section }) => section !== '');
  return {
    rows: kept.map(
      (row) =>
        ({
          section: plain(row['section']),
          name: plain(row['name']),
          event: plain(row['event']),
          count: plain(row['count']),
          file: plain(row['file']),
          lines: [plain(row['first_line']), plain(row['last_line'])],
          ns: plain(row['ns']),
          facts: json(row['facts']),
          totalBytes: plain(row['total']),
          queries: row['queries'] === null ? null : json(row['queries']),
        }) satisfies Record<keyof StepReport, unknown>,
    ),
    omitted: gap < 0 ? 0 : plain(listed[gap]?.['count']),
    omittedAfter: gap < 0 ? kept.length : gap,
  };
}

function readVerdicts(connection: Connection) {
  const findings = grouped(connection, 'SELECT * FROM findings ORDER BY id', 'verdict');
  const evidence = grouped(connection, 'SELECT * FROM evidence ORDER BY id', 'finding');
  return rows(connection, 'SELECT * FROM verdicts ORDER BY id').map(
    (row) =>
      ({
        rule: plain(row['rule']),
        severity: plain(row['severity']),
        migration: plain(row['migration']),
        verdict: plain(row['verdict']),
        reason: plain(row['reason']),
        enable: json(row['enable']),
        findingCount: plain(row['finding_count']),
        findings: of(findings, row['id']).map(
          (finding) =>
            ({
              message: plain(finding['message']),
              expected: plain(finding['expected']),
              actual: plain(finding['actual']),
              evidence: of(evidence, finding['id']).map(
                (line) =>
                  ({
                    file: plain(line['file']),
                    line: plain(line['line']),
                    text: plain(line['text']),
                  }) satisfies Record<keyof LineReport, unknown>,
              ),
            }) satisfies Record<keyof FindingReport, unknown>,
        ),
      }) satisfies Record<keyof VerdictReport, unknown>,
  );
}

function grouped(connection: Connection, sql: string, key: string): ReadonlyMap<Value, readonly Row[]> {
  const groups = new Map<Value, Row[]>();
  for (const row of rows(connection, sql)) {
    const group = groups.get(row[key] ?? null);
    if (group === undefined) groups.set(row[key] ?? null, [row]);
    else group.push(row);
  }
  return groups;
}

function of(groups: ReadonlyMap<Value, readonly Row[]>, key: Value | undefined): readonly Row[] {
  return groups.get(key ?? null) ?? [];
}

function plain(value: Value | undefined): unknown {
  return typeof value === 'bigint' ? toJsonNumber(normalise(value)) : (value ?? null);
}

function json(value: Value | undefined): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : null;
  } catch {
    return null;
  }
}
