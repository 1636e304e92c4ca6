/**
 * Checks what was read from a JSON report or a database: it may be anybody's
 * file. Nothing is taken on trust but what has the shape of a report.
 */
import { UserError } from '../base/errors.ts';
import type {
  FindingReport,
  JsonNumber,
  LineReport,
  MeasureReport,
  MigrationReport,
  ProblemReport,
  Report,
  StepReport,
  VerdictReport,
} from '../report/report.ts';
import type { MigrationFacts, RunFacts } from '../report/run-facts.ts';

const SCHEMA: Report['schema'] = 'qtrace-report/1';

/** Of the JSON of `analyze`. @throws UserError when it is another JSON, another schema, or a report without steps. */
export function decodeReport(value: unknown, name: string): RunFacts {
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (schema === SCHEMA) return decodeFacts(value, name);
  const found = typeof schema === 'string' ? `of the schema ${schema.slice(0, 40)}` : 'without a schema';
  throw new UserError(`${name} is JSON ${found}, and a diff reads ${SCHEMA}; give the JSON of \`qtrace analyze\``);
}

/** @throws UserError when it is no report of qtrace, or one without steps. */
export function decodeFacts(value: unknown, name: string): RunFacts {
  try {
    return decodeRun(record(value, 'the report'));
  } catch (thrown) {
    if (!(thrown instanceof Mismatch)) throw thrown;
    throw new UserError(
      `${name} is no report that can be compared: ${thrown.message}; run \`qtrace analyze\` on its trace again`,
    );
  }
}

/** Where the value is not what a report has there. */
class Mismatch extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function decodeRun(run: Fields): RunFacts {
  return {
    qtrace: text(run, 'qtrace'),
    ruleset: text(run, 'ruleset'),
    qemu: run['qemu'] === null ? null : oneOf(run, 'qemu', BANDS),
    inputs: list(run, 'inputs').map((input) => ({
      name: text(input, 'name'),
      problems: list(input, 'problems').map(decodeProblem),
    })),
    migrations: list(run, 'migrations').map(decodeMigration),
    verdicts: list(run, 'verdicts').map(decodeVerdict),
  };
}

const BANDS = ['7.2', '10.0', '11.1', 'thread'] as const satisfies readonly Report['qemu'][];
const KINDS = ['precopy', 'postcopy', 'snapshot', 'background-snapshot', 'colo', 'unknown'] as const;
const OUTCOMES = ['completed', 'cancelled', 'failed', 'aborted', 'running'] as const;
const SECTIONS = ['setup', 'iterate', 'switchover', 'checkpoint', 'postcopy', 'end'] as const;
const UNITS = ['ns', 'bytes', 'bytes/s', 'count', '%'] as const satisfies readonly MeasureReport['unit'][];
const VERDICTS = ['pass', 'violated', 'undecidable', 'not-applicable'] as const;
const SEVERITIES = ['error', 'warning', 'info'] as const;

function decodeProblem(problem: Fields): ProblemReport {
  return {
    code: text(problem, 'code'),
    count: number(problem, 'count'),
    firstLine: number(problem, 'firstLine'),
    text: text(problem, 'text'),
    hint: text(problem, 'hint'),
    weakens: problem['weakens'] === true,
  };
}

function decodeMigration(migration: Fields): MigrationFacts {
  return {
    index: number(migration, 'index'),
    kind: oneOf(migration, 'kind', KINDS),
    outcome: oneOf(migration, 'outcome', OUTCOMES),
    steps: decodeSteps(record(migration['steps'], 'steps')),
    measures: list(migration, 'measures').map((measure) => ({
      name: text(measure, 'name'),
      unit: oneOf(measure, 'unit', UNITS),
      value: amount(measure, 'value'),
    })),
  };
}

function decodeSteps(steps: Fields): MigrationReport['steps'] {
  return {
    rows: list(steps, 'rows').map(decodeStep),
    omitted: number(steps, 'omitted'),
    omittedAfter: number(steps, 'omittedAfter'),
  };
}

function decodeStep(step: Fields): StepReport {
  const facts = Object.entries(record(step['facts'], 'facts'));
  const queries = step['queries'] === null ? null : record(step['queries'], 'queries');
  const lines = record({ ...(Array.isArray(step['lines']) ? step['lines'] : []) }, 'lines');
  return {
    section: oneOf(step, 'section', SECTIONS),
    name: text(step, 'name'),
    event: text(step, 'event'),
    count: number(step, 'count'),
    file: text(step, 'file'),
    lines: [number(lines, '0'), number(lines, '1')],
    ns: amount(step, 'ns'),
    facts: Object.fromEntries(facts.map(([fact, value]) => [fact, String(value)])),
    totalBytes: amount(step, 'totalBytes'),
    queries:
      queries === null
        ? null
        : {
            estimate: number(queries, 'estimate'),
            exact: number(queries, 'exact'),
            unspecified: number(queries, 'unspecified'),
          },
  };
}

function decodeVerdict(verdict: Fields): VerdictReport {
  return {
    rule: text(verdict, 'rule'),
    severity: oneOf(verdict, 'severity', SEVERITIES),
    migration: number(verdict, 'migration'),
    verdict: oneOf(verdict, 'verdict', VERDICTS),
    reason: text(verdict, 'reason'),
    enable: Array.isArray(verdict['enable']) ? verdict['enable'].map(String) : [],
    findingCount: number(verdict, 'findingCount'),
    findings: list(verdict, 'findings').map(decodeFinding),
  };
}

function decodeFinding(finding: Fields): FindingReport {
  return {
    message: text(finding, 'message'),
    expected: text(finding, 'expected'),
    actual: text(finding, 'actual'),
    evidence: list(finding, 'evidence').map(decodeLine),
  };
}

function decodeLine(line: Fields): LineReport {
  return { file: text(line, 'file'), line: number(line, 'line'), text: text(line, 'text') };
}

function record(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Mismatch(`${what} is missing`);
  return Object.fromEntries(Object.entries(value));
}

function list(fields: Fields, key: string): readonly Fields[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw new Mismatch(`${key} is missing`);
  return value.map((one: unknown) => record(one, `an entry of ${key}`));
}

function text(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw new Mismatch(`${key} is no text`);
  return value;
}

function number(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Mismatch(`${key} is no number`);
  return value;
}

/** A number, a decimal string above 2^53-1, or null. */
function amount(fields: Fields, key: string): JsonNumber | null {
  const value = fields[key];
  if (value === null || (typeof value === 'string' && /^-?\d{1,40}$/.test(value))) return value;
  return number(fields, key);
}

function oneOf<T extends string>(fields: Fields, key: string, known: readonly T[]): T {
  const found = known.find((one) => one === fields[key]);
  if (found === undefined) throw new Mismatch(`${key} is unknown`);
  return found;
}
