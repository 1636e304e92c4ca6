/** SARIF: valid by its schema, a result per finding and for nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOTHING_BESIDE } from '../../src/report/renderers/renderer.ts';
import { sarifRenderer } from '../../src/report/renderers/sarif.ts';
import type { Report } from '../../src/report/report.ts';
import { arbitraryReport } from './arbitrary.ts';
import { buildFinding, buildInput, buildLine, buildMigration, buildReport, buildVerdict } from './build.ts';
import { HOSTILE, reportFull } from './full.ts';
import { fixture, ROOT } from './html/pages.ts';

const PLAIN = { color: false, verbose: false };

const {
  id,
  $schema: _draft,
  ...schema
} = JSON.parse(readFileSync(join(ROOT, 'fixtures/sarif/sarif-schema-2.1.0.json'), 'utf8'));
// The schema is of draft 4, which named its id otherwise and nothing else that stands in it.
const ajv = new Ajv({ strict: false, unicodeRegExp: false });
ajv.addFormat('uri', (text: string) => URL.canParse(text));
ajv.addFormat(
  'uri-reference',
  (text: string) => /^[\w\-./~!$&'()*+,;=:@%?#]*$/.test(text) && URL.canParse(text, 'x:/y/'),
);
ajv.addFormat('date-time', () => true);
const validate = ajv.compile({ ...schema, $id: id });

interface Log {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region: { readonly startLine: number; readonly snippet: { readonly text: string } };
        };
      }[];
      readonly relatedLocations: readonly unknown[];
      readonly partialFingerprints: Readonly<Record<string, string>>;
    }[];
    readonly invocations: readonly [{ readonly toolExecutionNotifications: readonly { readonly level: string }[] }];
  }[];
}

function log(report: Report, beside = NOTHING_BESIDE): Log {
  const text = sarifRenderer.render(report, PLAIN, beside);
  const value = JSON.parse(text);
  expect(validate(value), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  return value;
}

test('the schema refuses what is no SARIF', () => {
  expect(validate({ version: '2.1.0', runs: [{ tool: { driver: {} } }] })).toBe(false);
  expect(validate({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [{}] }] })).toBe(false);
});

test('a finding is a result: level, rule, place and raw line', async () => {
  const { report, beside } = await fixture('thread-no-final');
  const [run] = log(report, beside).runs;
  const [result] = run?.results ?? [];
  expect(run?.results.length).toBe(1);
  expect(result).toMatchObject({
    ruleId: 'final-missing',
    level: 'error',
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'src.log' },
          region: {
            startLine: 205,
            snippet: {
              text: '2026-11-23T01:34:26.980341Z runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
            },
          },
        },
      },
    ],
    partialFingerprints: { 'qtraceFinding/v1': 'src.log/final-missing/0/0' },
  });
  expect(result?.relatedLocations.length).toBe(1);
  expect(run?.tool.driver.rules[result?.ruleIndex ?? -1]?.id).toBe('final-missing');
  expect(run?.tool.driver.rules.length).toBe(beside.rules.size);
});

test('a run without violation has no result; what is not decided is a note', async () => {
  const { report, beside } = await fixture('11.1-precopy');
  const [run] = log(report, beside).runs;
  expect(run?.results).toEqual([]);
  expect(run?.invocations[0].toolExecutionNotifications.map(({ level }) => level)).toEqual(
    report.verdicts.filter(({ verdict }) => verdict === 'undecidable').map(() => 'note'),
  );
});

test('the levels', () => {
  const verdicts = (['error', 'warning', 'info'] as const).map((severity) =>
    buildVerdict({ rule: severity, severity, verdict: 'violated', findings: [buildFinding()] }),
  );
  expect(log(buildReport({ verdicts })).runs[0]?.results.map(({ level }) => level)).toEqual([
    'error',
    'warning',
    'note',
  ]);
});

test('a fingerprint is of one finding, and survives other lines and times', () => {
  const report = (line: number): Report =>
    buildReport({
      migrations: [buildMigration(), buildMigration({ index: 1 })],
      verdicts: [0, 1].flatMap((migration) =>
        ['a', 'b'].map((rule) => {
          const evidence = [buildLine({ line, text: `at ${line}` })];
          return buildVerdict({
            rule,
            migration,
            verdict: 'violated',
            findings: [buildFinding({ evidence }), buildFinding()],
          });
        }),
      ),
    });
  const prints = (line: number): readonly string[] =>
    log(report(line)).runs[0]?.results.map((result) => Object.values(result.partialFingerprints).join()) ?? [];
  expect(new Set(prints(5)).size).toBe(8);
  expect(prints(5)).toEqual(prints(77));
});

describe('hostile', () => {
  test.each(HOSTILE)('%s', (_, text) => {
    const strings: string[] = [];
    JSON.parse(JSON.stringify(log(reportFull(text))), (_key, value) => {
      if (typeof value === 'string') strings.push(value);
      return value;
    });
    expect(strings.length).toBeGreaterThan(15);
    expect(strings.filter((one) => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(one))).toEqual([]);
  });

  test.each(['a:b.log', '../x y/ä.log', '-', '%41', 'x\ud800'])('the name %j is a reference', (name) => {
    const finding = buildFinding({ evidence: [buildLine({ file: name })] });
    const verdicts = [buildVerdict({ verdict: 'violated', findings: [finding] })];
    const { runs } = log(buildReport({ inputs: [buildInput({ name })], verdicts }));
    const uri = runs[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri ?? '';
    expect(uri).not.toContain(':');
    if (name !== 'x\ud800') expect(decodeURIComponent(uri)).toBe(name);
  });

  test('10 MB are shortened', () => {
    expect(sarifRenderer.render(reportFull('\u0000'.repeat(10_000_000)), PLAIN).length).toBeLessThan(200_000);
  });

  test('any report', () => {
    fc.assert(
      fc.property(arbitraryReport, (report) => {
        const findings = report.verdicts.filter(({ verdict }) => verdict === 'violated').flatMap((one) => one.findings);
        expect(log(report).runs[0]?.results.length).toBe(findings.length);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});
