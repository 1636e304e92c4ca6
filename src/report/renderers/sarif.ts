/**
 * SARIF 2.1.0, for what collects the findings of analysers: a result per
 * finding. What could not be decided is a notification and no result, for most
 * readers of SARIF take any result for an accusation.
 */
import { marked, shorten } from '../../base/text.ts';
import {
  type FindingReport,
  type InputReport,
  isInternalFault,
  type LineReport,
  type Report,
  type Severity,
  type VerdictReport,
} from '../report.ts';
import type { RuleText } from '../rule-texts.ts';
import { type Beside, NOTHING_BESIDE, type Renderer } from './renderer.ts';
import { withVerdict } from './text/labels.ts';
import { remedyFor } from './text/undecided.ts';

const PROSE = 1000;
const RAW = 2000;

export const sarifRenderer: Renderer = {
  id: 'sarif',
  render: (report, _options, beside = NOTHING_BESIDE) => `${JSON.stringify(log(report, beside), null, 2)}\n`,
};

const LEVEL: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};

function log(report: Report, { rules }: Beside) {
  const ids = [...new Set([...rules.keys(), ...report.verdicts.map(({ rule }) => rule)])];
  const index = new Map(ids.map((id, at) => [id, at]));
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'qtrace',
            version: clean(report.qtrace, 40),
            rules: ids.map((id) => descriptor(id, rules.get(id))),
          },
        },
        columnKind: 'utf16CodeUnits',
        artifacts: [...new Map(report.inputs.map((input) => [input.name, artifact(input)])).values()],
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: withVerdict(report, 'undecidable').map((verdict) =>
              notification(verdict, index.get(verdict.rule)),
            ),
          },
        ],
        results: withVerdict(report, 'violated').flatMap((verdict) =>
          verdict.findings.map((finding, at) => result(verdict, finding, at, index.get(verdict.rule))),
        ),
      },
    ],
  };
}

function descriptor(id: string, rule: RuleText | undefined) {
  if (rule === undefined) return { id: clean(id, 100) };
  const { title, demands, why, limits, qemu, severity } = rule;
  return {
    id,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: demands },
    help: { text: `${demands} ${why} In QEMU: ${qemu.function} (${qemu.versions}). Limits: ${limits}` },
    defaultConfiguration: { level: LEVEL[severity] },
  };
}

function artifact({ name, bytes, digest }: InputReport) {
  return {
    location: { uri: uriOf(name) },
    ...(typeof bytes === 'number' ? { length: bytes } : {}),
    ...(digest.kind === 'sha256' ? { hashes: { 'sha-256': clean(digest.hex, 64) } } : {}),
    roles: ['analysisTarget'],
  };
}

function notification(verdict: VerdictReport, ruleIndex: number | undefined) {
  const remedy = remedyFor([verdict]);
  const text = `${verdict.rule} could not be decided in migration ${verdict.migration}: ${shorten(verdict.reason, PROSE)}`;
  return {
    level: isInternalFault(verdict) ? 'error' : 'note',
    message: { text: clean(remedy === undefined ? text : `${text}; ${remedy}`, 2 * PROSE) },
    associatedRule: reference(verdict, ruleIndex),
  };
}

function reference({ rule }: VerdictReport, index: number | undefined) {
  return { id: clean(rule, 100), ...(index === undefined ? {} : { index }) };
}

function result(verdict: VerdictReport, finding: FindingReport, at: number, ruleIndex: number | undefined) {
  const [decisive, ...others] = finding.evidence;
  return {
    ruleId: clean(verdict.rule, 100),
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    level: LEVEL[verdict.severity],
    message: { text: sentences(finding) },
    locations: decisive === undefined ? [] : [{ physicalLocation: placeOf(decisive) }],
    relatedLocations: others.map((line, number) => ({
      id: number + 1,
      physicalLocation: placeOf(line),
      message: { text: clean(line.text, RAW) },
    })),
    // The same finding of the next recording of the same test: neither its line nor its time tells it again.
    partialFingerprints: {
      'qtraceFinding/v1': clean([decisive?.file ?? '', verdict.rule, verdict.migration, at].join('/'), 400),
    },
    properties: { migration: verdict.migration },
  };
}

function sentences({ message, expected, actual }: FindingReport): string {
  const parts = [
    message,
    ...(expected === '' ? [] : [`expected: ${expected}`]),
    ...(actual === '' ? [] : [`actual: ${actual}`]),
  ];
  return `${parts.map((part) => clean(part, PROSE)).join('; ')}.`;
}

function placeOf({ file, line, text }: LineReport) {
  return {
    artifactLocation: { uri: uriOf(file) },
    region: { startLine: Math.max(1, line), snippet: { text: clean(text, RAW) } },
  };
}

/** A reference relative to where the traces lie; a colon in it begins no scheme. */
function uriOf(name: string): string {
  return clean(name, 1000).split('/').map(encodeURIComponent).join('/');
}

function clean(text: string, limit: number): string {
  return marked(shorten(text, limit));
}
