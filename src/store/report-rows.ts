/** The finished report as rows. */
import type { DestinationBlocks, InputReport, MigrationReport, Report, VerdictReport } from '../report/report.ts';
import { plainInsert } from './bulk-insert.ts';
import { jsonCell, jsonCountCell } from './cells.ts';
import type { Cell, NewDatabase } from './database.ts';

export function writeReport(database: NewDatabase, report: Report): void {
  writeInputs(database, report.inputs);
  writeMigrations(database, report.migrations, report.qemu);
  writeComparable(database, report);
  const inputIds = new Map(report.inputs.map(({ name }, index) => [name, index]));
  writeDestinations(database, report, inputIds);
  writeVerdicts(database, report.verdicts, inputIds);
}

function writeInputs(database: NewDatabase, inputs: readonly InputReport[]): void {
  const table = plainInsert(database, 'inputs', 10);
  const problems = plainInsert(database, 'input_problems', 7);
  for (const [id, input] of inputs.entries()) {
    const { name, digest, lines, events, format, side, messages } = input;
    const bytes = jsonCountCell(input.bytes);
    table.add([id, name, bytes, digest.kind, digest.hex, lines, events, format, side, messages]);
    for (const { code, count, firstLine, text, hint, weakens } of input.problems) {
      problems.add([id, code, count, firstLine, text, hint, weakens ? 1 : 0]);
    }
  }
  table.flush();
  problems.flush();
}

function writeMigrations(database: NewDatabase, migrations: readonly MigrationReport[], qemu: Report['qemu']): void {
  const table = plainInsert(database, 'migrations', 12);
  for (const { index, kind, outcome, queries, syncs, iterations, downtimeNs, finalTotalBytes } of migrations) {
    const { estimate, exact, final, unspecified } = queries;
    const [downtime, finalTotal] = [jsonCountCell(downtimeNs), jsonCountCell(finalTotalBytes)];
    const counts = [estimate, exact, final, unspecified, syncs, iterations];
    table.add([index, kind, outcome, qemu, ...counts, downtime, finalTotal]);
  }
  table.flush();
}

/** What a later diff reads. */
function writeComparable(database: NewDatabase, { qtrace, ruleset, migrations }: Report): void {
  const head = plainInsert(database, 'report', 2);
  head.add([qtrace, ruleset]);
  const measures = plainInsert(database, 'measures', 4);
  const steps = plainInsert(database, 'steps', 12);
  for (const { index, measures: figures, steps: listed } of migrations) {
    for (const { name, unit, value } of figures) measures.add([index, name, unit, jsonCountCell(value)]);
    for (const [at, row] of listed.rows.entries()) {
      if (at === listed.omittedAfter && listed.omitted > 0) steps.add(omittedRow(index, listed.omitted));
      const { section, name, event, count, file, lines, ns, facts, totalBytes, queries } = row;
      const cells = [index, section, name, event, count, file, lines[0], lines[1], jsonCountCell(ns)];
      steps.add([...cells, jsonCell(facts), jsonCountCell(totalBytes), queries === null ? null : jsonCell(queries)]);
    }
  }
  for (const rows of [head, measures, steps]) rows.flush();
}

function omittedRow(migration: number, count: number): Cell[] {
  return [migration, '', '', '', count, '', 0, 0, null, '{}', null, null];
}

function writeDestinations(database: NewDatabase, report: Report, inputIds: ReadonlyMap<string, number>): void {
  const table = plainInsert(database, 'destinations', 9);
  const loads = plainInsert(database, 'destination_loads', 5);
  let id = 0;
  const add = (migration: number | null, blocks: DestinationBlocks, rest: readonly Cell[]): void => {
    id += 1;
    table.add([id, migration, inputIds.get(blocks.file) ?? null, blocks.outcome, ...rest]);
    for (const [iterable, block] of [[1, blocks.iterable] as const, [0, blocks.nonIterable] as const]) {
      for (const { idstr, instance, durationNs } of block.devices) {
        loads.add([id, iterable, idstr, instance, jsonCountCell(durationNs)]);
      }
    }
  };
  for (const { index, destination } of report.migrations) {
    if (destination === null) continue;
    const { clock, blackout, noBlackout } = destination;
    const bounds = [clock?.lowNs, clock?.highNs, blackout?.lowNs, blackout?.highNs];
    add(index, destination, [...bounds.map((bound) => jsonCountCell(bound ?? null)), noBlackout]);
  }
  for (const untied of report.untiedDestinations) add(null, untied, [null, null, null, null, untied.reason]);
  table.flush();
  loads.flush();
}

function writeVerdicts(
  database: NewDatabase,
  verdicts: readonly VerdictReport[],
  inputIds: ReadonlyMap<string, number>,
): void {
  const table = plainInsert(database, 'verdicts', 8);
  const findings = plainInsert(database, 'findings', 5);
  const evidence = plainInsert(database, 'evidence', 6);
  let findingId = 0;
  let evidenceId = 0;
  for (const [index, verdict] of verdicts.entries()) {
    const { rule, severity, migration, reason, enable, findingCount } = verdict;
    const id = index + 1;
    table.add([id, rule, severity, migration, verdict.verdict, reason, jsonCell(enable), findingCount]);
    for (const { message, expected, actual, evidence: lines } of verdict.findings) {
      findingId += 1;
      findings.add([findingId, id, message, expected, actual]);
      for (const { file, line, text } of lines) {
        evidenceId += 1;
        evidence.add([evidenceId, findingId, inputIds.get(file) ?? null, file, line, text]);
      }
    }
  }
  for (const rows of [table, findings, evidence]) rows.flush();
}
