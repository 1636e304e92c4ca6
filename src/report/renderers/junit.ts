/**
 * JUnit's XML, for what shows test results: a suite per migration, a case per
 * duty. A warning fails its case where --fail-on says so; below that it stands
 * in the case's output. What could not be decided is skipped, never passed.
 */
import { marked, plural, shorten } from '../../base/text.ts';
import {
  type FindingReport,
  isInternalFault,
  type MigrationReport,
  type Report,
  type VerdictReport,
} from '../report.ts';
import type { Renderer, RenderOptions } from './renderer.ts';
import { remedyFor } from './text/undecided.ts';

const PROSE = 1000;
const RAW = 2000;
/** Suites and cases are read one by one: beyond these nobody does. */
const MAX_SUITES = 1000;

export const junitRenderer: Renderer = {
  id: 'junit',
  render: renderJunit,
};

type Fate = 'passed' | 'failure' | 'error' | 'skipped';

interface Suite {
  readonly xml: string;
  readonly fates: readonly Fate[];
}

function renderJunit(report: Report, options: RenderOptions): string {
  const suites = report.migrations
    .slice(0, MAX_SUITES)
    .map((migration) => suite(migration, report, options.warningsFail === true));
  const fates = suites.flatMap((one) => one.fates);
  const omitted = report.migrations.length - suites.length;
  const note = omitted > 0 ? `<!-- ${plural(omitted, 'more migration')} omitted -->\n` : '';
  const body = suites.map(({ xml }) => xml).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="qtrace"${counts(fates)}>\n${body}${note}</testsuites>\n`;
}

function suite(migration: MigrationReport, report: Report, warningsFail: boolean): Suite {
  const verdicts = report.verdicts.filter((verdict) => verdict.migration === migration.index);
  const fates = verdicts.map((verdict) => fateOf(verdict, warningsFail));
  const inputs = report.inputs.map(({ name }) => name).slice(0, 4);
  const name = `migration ${migration.index} (${migration.kind}, ${migration.outcome}) in ${inputs.join(', ')}`;
  const cases = verdicts.map((verdict, at) => testCase(verdict, fates[at] ?? 'passed'));
  return {
    xml: `<testsuite name="${attribute(name)}" id="${migration.index}"${counts(fates)}>\n${cases.join('')}</testsuite>\n`,
    fates,
  };
}

function counts(fates: readonly Fate[]): string {
  const of = (wanted: Fate): number => fates.filter((fate) => fate === wanted).length;
  return ` tests="${fates.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}"`;
}

function fateOf(judged: VerdictReport, warningsFail: boolean): Fate {
  const { severity } = judged;
  switch (judged.verdict) {
    case 'pass':
      return 'passed';
    case 'violated':
      return severity === 'error' || (severity === 'warning' && warningsFail) ? 'failure' : 'passed';
    case 'undecidable':
      return isInternalFault(judged) ? 'error' : 'skipped';
    case 'not-applicable':
      return 'skipped';
  }
}

function testCase(verdict: VerdictReport, fate: Fate): string {
  const head = `<testcase classname="qtrace.migration-${verdict.migration}" name="${attribute(verdict.rule)}"`;
  const inner = content(verdict, fate);
  return inner === '' ? `${head}/>\n` : `${head}>${inner}</testcase>\n`;
}

function content(verdict: VerdictReport, fate: Fate): string {
  const reason = attribute(verdict.reason);
  switch (fate) {
    case 'failure':
      return `<failure type="${verdict.severity}" message="${reason}">${element(story(verdict))}</failure>`;
    case 'error':
      return `<error type="fault" message="${reason}"/>`;
    case 'skipped':
      return `<skipped message="${attribute(whySkipped(verdict))}"/>`;
    case 'passed':
      return verdict.verdict === 'violated'
        ? `<system-out>${element(`${verdict.severity}: ${story(verdict)}`)}</system-out>`
        : '';
  }
}

function whySkipped(verdict: VerdictReport): string {
  if (verdict.verdict === 'not-applicable') return `not applicable: ${verdict.reason}`;
  const remedy = remedyFor([verdict]);
  return `undecidable: ${shorten(verdict.reason, PROSE)}${remedy === undefined ? '' : ` (${remedy})`}`;
}

function story({ reason, findings, findingCount }: VerdictReport): string {
  if (findings.length === 0) return reason;
  const omitted = findingCount - findings.length;
  return [
    ...findings.flatMap(findingLines),
    ...(omitted > 0 ? [`${plural(omitted, 'more finding')} omitted`] : []),
  ].join('\n');
}

function findingLines({ message, expected, actual, evidence }: FindingReport): readonly string[] {
  return [
    clean(message, PROSE),
    ...(expected === '' ? [] : [`expected: ${clean(expected, PROSE)}`]),
    ...(actual === '' ? [] : [`actual: ${clean(actual, PROSE)}`]),
    ...evidence.map(({ file, line, text }) => `${clean(file, 200)}:${line}: ${clean(text, RAW)}`),
  ];
}

function clean(text: string, limit: number): string {
  return marked(shorten(text, limit));
}

function attribute(text: string): string {
  return entities(clean(text, PROSE));
}

/** Of text that is clean already, with line ends of our own. */
function element(text: string): string {
  return text.split('\n').map(marked).map(entities).join('\n');
}

function entities(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
