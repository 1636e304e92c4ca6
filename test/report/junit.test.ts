/** JUnit: well-formed XML 1.0 whatever the trace holds, and no duty passes that was not kept. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { junitRenderer } from '../../src/report/renderers/junit.ts';
import type { Report } from '../../src/report/report.ts';
import { arbitraryReport } from './arbitrary.ts';
import { buildFinding, buildMigration, buildReport, buildVerdict } from './build.ts';
import { HOSTILE, reportFull } from './full.ts';
import { fixture } from './html/pages.ts';

const PLAIN = { color: false, verbose: false };

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const TOKEN =
  /<\?xml version="1\.0" encoding="UTF-8"\?>|<!--[^-]*-->|<(?<end>\/?)(?<name>[a-z-]+)(?<attributes>(?: [a-z]+="[^"<]*")*)(?<empty>\/?)>|(?<text>[^<>]+)/gy;

/** Reads strictly the XML that is written, and refuses everything else. */
function parse(xml: string): Element {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids them
  expect(xml).not.toMatch(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|\p{Cs}/u);
  expect(xml.replace(/&(?:amp|lt|gt|quot);/g, '')).not.toContain('&');
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  let at = 0;
  for (const { 0: whole, groups = {} } of xml.matchAll(TOKEN)) {
    at += whole.length;
    const top = open.at(-1) ?? root;
    if (groups['text'] !== undefined) top.text += groups['text'];
    if (groups['name'] === undefined) continue;
    if (groups['end'] === '/') {
      expect(top.name).toBe(groups['name']);
      open.pop();
      continue;
    }
    const pairs = [...(groups['attributes'] ?? '').matchAll(/ ([a-z]+)="([^"]*)"/g)];
    const attributes = Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
    expect(Object.keys(attributes).length).toBe(pairs.length);
    const element: Element = { name: groups['name'], attributes, children: [], text: '' };
    top.children.push(element);
    if (groups['empty'] !== '/') open.push(element);
  }
  expect(at).toBe(xml.length);
  expect(open).toEqual([root]);
  expect(root.children.map(({ name }) => name)).toEqual(['testsuites']);
  return root.children[0] ?? root;
}

const read = (report: Report, warningsFail = false): Element =>
  parse(junitRenderer.render(report, { ...PLAIN, warningsFail }));

/** `failure`, `error`, `skipped` or `passed`, by duty. */
function fates(suites: Element): Readonly<Record<string, string>> {
  const cases = suites.children.flatMap(({ children }) => children);
  return Object.fromEntries(
    cases.map(({ attributes, children }) => {
      const inner = children[0]?.name ?? 'passed';
      return [attributes['name'], inner === 'system-out' ? 'passed, told' : inner];
    }),
  );
}

test('a suite per migration, a case per duty, the proof in the failure', async () => {
  const { report } = await fixture('thread-no-final');
  const suites = read(report);
  expect(suites.children.length).toBe(1);
  expect(suites.children[0]?.children.length).toBe(report.verdicts.length);
  const { pass, violated, undecidable, notApplicable } = report.summary;
  expect(suites.attributes).toEqual({
    name: 'qtrace',
    tests: `${pass + violated + undecidable + notApplicable}`,
    failures: '1',
    errors: '0',
    skipped: `${undecidable + notApplicable}`,
  });
  const [failure] =
    suites.children[0]?.children.flatMap(({ children }) => children.filter(({ name }) => name === 'failure')) ?? [];
  expect(failure?.attributes['message']).toBe('the precopy switchover was completed without a final query');
  expect(failure?.text).toContain('src.log:205: 2026-11-23T01:34:26.980341Z runstate_set');
});

const EACH = buildReport({
  verdicts: [
    buildVerdict({ rule: 'kept' }),
    buildVerdict({ rule: 'broken', verdict: 'violated', findings: [buildFinding()] }),
    buildVerdict({ rule: 'slow', verdict: 'violated', severity: 'warning', findings: [buildFinding()] }),
    buildVerdict({ rule: 'odd', verdict: 'violated', severity: 'info', findings: [buildFinding()] }),
    buildVerdict({ rule: 'unseen', verdict: 'undecidable', reason: 'no event', enable: ['migrate_set_state'] }),
    buildVerdict({ rule: 'crashed', verdict: 'undecidable', reason: 'internal fault: x' }),
    buildVerdict({ rule: 'idle', verdict: 'not-applicable', reason: 'no postcopy' }),
  ],
});

test('what fails, what is skipped and what passes', () => {
  const expected = {
    kept: 'passed',
    broken: 'failure',
    slow: 'passed, told',
    odd: 'passed, told',
    unseen: 'skipped',
    crashed: 'error',
    idle: 'skipped',
  };
  expect(fates(read(EACH))).toEqual(expected);
  expect(fates(read(EACH, true))).toEqual({ ...expected, slow: 'failure' });
});

test('what is skipped says why, and what would decide it', () => {
  const messages = read(EACH).children[0]?.children.map(({ children }) => children[0]?.attributes['message']);
  expect(messages).toContain('undecidable: no event (to decide: enable migrate_set_state)');
  expect(messages).toContain('not applicable: no postcopy');
});

test('the counts are those of the cases', () => {
  const report = buildReport({
    migrations: [buildMigration(), buildMigration({ index: 1, kind: 'colo' })],
    verdicts: [...EACH.verdicts, buildVerdict({ migration: 1, verdict: 'violated' })],
  });
  const suites = read(report);
  expect(suites.children.map(({ attributes }) => attributes['failures'])).toEqual(['1', '1']);
  expect(suites.attributes['failures']).toBe('2');
  expect(suites.children[1]?.attributes['name']).toBe('migration 1 (colo, running) in src.log');
});

describe('hostile', () => {
  test.each(HOSTILE)('%s', (_, text) => {
    expect(read(reportFull(text)).attributes['failures']).toBe('1');
  });

  test('a control character is named where it stood', () => {
    const xml = junitRenderer.render(reportFull('x\u0000\u202ey'), PLAIN);
    expect(xml).toContain('x⟨U+0000⟩⟨U+202E⟩y');
  });

  test('10 MB are shortened', () => {
    expect(junitRenderer.render(reportFull('\u0000'.repeat(10_000_000)), PLAIN).length).toBeLessThan(200_000);
  });

  test('any report is well-formed', () => {
    fc.assert(
      fc.property(arbitraryReport, (report) => {
        read(report);
      }),
      { numRuns: 60 },
    );
  });
});
