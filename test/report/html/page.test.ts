/** The page of the report: what stands in it and in which order, what hostile text does to it, and how large it grows. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { HtmlValidate } from 'html-validate';
import { describe, expect, test } from 'vitest';
import { identityMeta, isPageOf } from '../../../src/report/renderers/html/identity.ts';
import { SCRIPT } from '../../../src/report/renderers/html/script.ts';
import { htmlRenderer } from '../../../src/report/renderers/html.ts';
import { type Beside, NOTHING_BESIDE } from '../../../src/report/renderers/renderer.ts';
import { textRenderer } from '../../../src/report/renderers/text.ts';
import type { Report } from '../../../src/report/report.ts';
import { arbitraryReport } from '../arbitrary.ts';
import { buildFinding, buildInput, buildLine, buildMigration, buildReport, buildVerdict } from '../build.ts';
import { HOSTILE, reportFull } from '../full.ts';
import { fixture, ROOT } from './pages.ts';

const PLAIN = { color: false, verbose: false };
const MAIL = { ...PLAIN, mail: true };
const MAIL_BYTES = 28_000;

const render = (report: Report, beside: Beside = NOTHING_BESIDE): string => htmlRenderer.render(report, PLAIN, beside);

const validator = new HtmlValidate({ extends: ['html-validate:recommended', 'html-validate:document'] });

function complaints(page: string): readonly string[] {
  const { results } = validator.validateStringSync(page);
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line, column }) => `${line}:${column} ${ruleId}: ${message}`),
  );
}

/** What a reader sees, without styles and markup. */
function textOf(page: string): string {
  return page
    .replace(/<style>[^<]*<\/style>/, '')
    .replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[String(name)] ?? "'");
}

describe('a run with a violation', async () => {
  const { report, beside } = await fixture('thread-no-final');
  const page = render(report, beside);

  test('verdicts, findings, what is not decided, the run, the inputs: in this order', () => {
    const ids = [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual(['verdicts', 'findings', 'undecided', 'run', 'migration-0', 'inputs']);
    expect(page.indexOf('<h1')).toBeLessThan(page.indexOf('id="verdicts"'));
  });

  test('what the protocol demands, what happened, the raw lines in their place, why it matters', () => {
    const article = /<article id="final-missing-0"[\s\S]*<\/article>/.exec(page)?.[0] ?? '';
    const order = [
      'Every completed switchover makes one final pending query after the VM is stopped.',
      'The precopy switchover was completed without a final query',
      'one query with exact=1 final=1 between VM stop and the saving of RAM',
      'no query with final=1 between these lines',
      '<li value="205" class="hit first"><mark>2026-11-23T01:34:26.980341Z runstate_set',
      '<li value="325" class="hit"><mark>2026-11-23T01:34:26.991852Z vmstate_downtime_checkpoint src-downtime-end',
      'What the guest dirtied between the last exact query and the stop is collected by nobody',
      'migration_switchover_start',
    ].map((text) => article.indexOf(text));
    expect(order.every((at) => at > 0)).toBe(true);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    const numbers = [...article.matchAll(/<li value="(\d+)"/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual([202, 203, 204, 205, 206, 207, 208, 322, 323, 324, 325, 326, 327, 328]);
    expect(article).toContain('113 lines between');
  });

  test('says what would decide the undecided', () => {
    expect(textOf(page)).toContain('enable qemu_mutex_lock, qemu_mutex_locked, qemu_mutex_unlock');
    expect(page).toContain('<code>qtrace events --bql</code>');
  });

  test('every link inside it has its target', () => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets.length).toBeGreaterThan(5);
    expect(targets.filter((target) => !ids.has(target))).toEqual([]);
    for (const { rule, migration, verdict } of report.verdicts) {
      expect(ids.has(`${rule}-${migration}`), rule).toBe(verdict === 'violated' || verdict === 'undecidable');
    }
  });

  test('every duty of every verdict stands in it', () => {
    const text = textOf(page);
    expect(report.verdicts.filter(({ rule, reason }) => !text.includes(rule) || !text.includes(reason))).toEqual([]);
  });

  test('the digests and the versions', () => {
    for (const { digest } of report.inputs) expect(page).toContain(digest.hex);
    expect(page).toContain(report.ruleset);
    expect(textOf(page)).toContain('Judged as the posted patch on its older QEMU; qtrace');
  });

  test('is valid, small, and the same each time', () => {
    expect(complaints(page)).toEqual([]);
    expect(page.length).toBeLessThan(60_000);
    expect(render(report, beside)).toBe(page);
  });

  test('tells whose report it is', () => {
    expect(isPageOf(report, page.slice(0, 4096))).toBe(true);
    expect(isPageOf({ inputs: [buildInput()] }, page)).toBe(false);
    expect(isPageOf(report, 'mine')).toBe(false);
    const many = { inputs: Array.from({ length: 3000 }, () => buildInput()) };
    expect(Object.values(identityMeta(many)).join().length).toBeLessThan(1000);
  });
});

test('each of several findings can be linked to', () => {
  const findings = ['one', 'two', 'three'].map((message) => buildFinding({ message }));
  const verdicts = [0, 1].map((migration) =>
    buildVerdict({ rule: 'total-not-sum', migration, verdict: 'violated', findings, findingCount: 9 }),
  );
  const page = render(buildReport({ migrations: [buildMigration(), buildMigration({ index: 1 })], verdicts }));
  for (const id of ['total-not-sum-0', 'total-not-sum-0-2', 'total-not-sum-0-3', 'total-not-sum-1-3']) {
    expect(page.split(` id="${id}"`).length - 1, id).toBe(1);
  }
  expect(textOf(page)).toContain('6 more findings omitted');
  expect(complaints(page)).toEqual([]);
});

test('a page that decides nothing does not say that nothing is wrong', () => {
  const titles = [
    buildReport({ migrations: [] }),
    buildReport({ verdicts: [buildVerdict({ verdict: 'undecidable' })] }),
  ];
  for (const report of titles) expect(render(report)).toContain('<title>nothing decided in src.log</title>');
  expect(render(buildReport({ verdicts: [buildVerdict()] }))).toContain('<title>no violation in src.log</title>');
});

describe('what holds is never painted over what does not', () => {
  test.each([
    ['a violation', [buildVerdict({ verdict: 'violated' }), buildVerdict({ rule: 'b' })], 'error'],
    ['a warning', [buildVerdict({ verdict: 'violated', severity: 'warning' })], 'warning'],
    ['nothing decided', [buildVerdict({ verdict: 'undecidable' })], 'plain'],
    ['one not decided', [buildVerdict(), buildVerdict({ rule: 'b', verdict: 'undecidable' })], 'plain'],
    ['all hold', [buildVerdict()], 'good'],
  ])('%s', (_, verdicts, tone) => {
    expect(render(buildReport({ verdicts }))).toContain(`<h1 class="${tone}">`);
  });
});

describe('hostile text', () => {
  test.each(HOSTILE)('%s is visible text', (_, text) => {
    for (const options of [PLAIN, MAIL]) {
      const page = htmlRenderer.render(reportFull(text), options, NOTHING_BESIDE);
      expect(complaints(page)).toEqual([]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what may not be there
      expect(page).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u202e\u00ad\ufffe\uffff]|\p{Cs}/u);
      expect(page).not.toMatch(/<(?:img|b)\b(?! class| *>)|onerror=[^&]*["'>]/);
      expect(page.match(/<script/g)?.length ?? 0).toBe(options === PLAIN ? 1 : 0);
    }
  });

  test('a name of a control character stands where it stood', () => {
    expect(render(reportFull('x\u0007\u202e</b>'))).toContain('x⟨U+0007⟩⟨U+202E⟩&lt;/b&gt;');
  });

  test.each([
    'z',
    '\u0000',
    '<',
    '\ud83d\ude00',
    '\u202e',
  ])('10 MB of %j: short, quick, and it says so', (character) => {
    const report = reportFull(character.repeat(10_000_000 / character.length));
    const started = performance.now();
    const page = render(report);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(page.length).toBeLessThan(1_000_000);
    expect(page).toMatch(/\[99\d{5}|\[49\d{5}/);
    expect(page).toContain('characters omitted]');
    expect(Buffer.byteLength(htmlRenderer.render(report, MAIL, NOTHING_BESIDE))).toBeLessThanOrEqual(MAIL_BYTES);
  });

  test('any report becomes a page, large or small', () => {
    fc.assert(
      fc.property(arbitraryReport, (report) => {
        const page = render(report);
        expect(page).not.toMatch(/[\p{Cs}\u202e\u061c]/u);
        expect(page.endsWith('</html>\n')).toBe(true);
        expect(Buffer.byteLength(htmlRenderer.render(report, MAIL, NOTHING_BESIDE))).toBeLessThanOrEqual(MAIL_BYTES);
      }),
      { numRuns: 60 },
    );
  });
});

/** More of everything than any run has. */
function giant(text: string): Report {
  const evidence = Array.from({ length: 20 }, (_, at) => buildLine({ line: at + 1, text }));
  const findings = Array.from({ length: 20 }, () =>
    buildFinding({ message: text, expected: text, actual: text, evidence }),
  );
  const migrations = Array.from({ length: 200 }, (_, index) => buildMigration({ index }));
  const verdicts = migrations.flatMap(({ index: migration }) => [
    buildVerdict({ verdict: 'violated', migration, findings }),
    buildVerdict({ rule: 'b', verdict: 'undecidable', migration, reason: text }),
    buildVerdict({ rule: 'c', migration, reason: text }),
  ]);
  return buildReport({ migrations, verdicts, inputs: Array.from({ length: 500 }, () => buildInput({ name: text })) });
}

describe('size', () => {
  test.each([
    'x',
    'x'.repeat(300),
    '\u202e'.repeat(3000),
  ])('the largest report of %#: under 1 MB, in a mail 28,000 bytes', (text) => {
    const report = giant(text);
    const page = render(report);
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
    expect(page).toContain('To stay small enough, this page leaves out');
    expect(Buffer.byteLength(htmlRenderer.render(report, MAIL, NOTHING_BESIDE))).toBeLessThanOrEqual(MAIL_BYTES);
  });

  test('a mail keeps the findings and their proof, and says what it leaves out', async () => {
    for (const name of ['thread-no-final', 'thread-skip-dirty-bytes']) {
      const { report, beside } = await fixture(name);
      const page = htmlRenderer.render(report, MAIL, beside);
      expect(Buffer.byteLength(page)).toBeLessThanOrEqual(MAIL_BYTES);
      for (const { findings } of report.verdicts) {
        for (const { message, evidence } of findings) {
          expect(textOf(page).toLowerCase()).toContain(message.toLowerCase());
          for (const { text } of evidence) expect(textOf(page)).toContain(text);
        }
      }
      expect(textOf(page)).toMatch(/To fit a mailing list, this page leaves out .*\d+ devices/);
      expect(complaints(page)).toEqual([]);
      expect(textRenderer.render(report, PLAIN).length).toBeGreaterThan(0);
    }
  });
});

test('the policy admits the one script', () => {
  expect(createHash('sha256').update(SCRIPT.code).digest('base64')).toBe(SCRIPT.sha256);
});

test('html-validate finds nothing in the page of any fixture', async () => {
  for (const [folder, files] of [
    ['7.2-precopy', ['src.log']],
    ['10.0-postcopy', ['src.log']],
    ['11.1-precopy-idle', ['src.log']],
    ['thread-no-bql-assert', ['src.log', 'stderr.txt']],
  ] as const) {
    const { report, beside } = await fixture(folder, files);
    expect(complaints(render(report, beside)), join(ROOT, folder)).toEqual([]);
  }
});
