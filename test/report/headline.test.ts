/** The verdict and what stands right under it. */
import { describe, expect, test } from 'vitest';
import { textRenderer } from '../../src/report/renderers/text.ts';
import type { Report } from '../../src/report/report.ts';
import { buildInput, buildMigration, buildProblem, buildReport, buildVerdict } from './build.ts';

const held = buildVerdict();
const broken = buildVerdict({ rule: 'final-without-bql', verdict: 'violated', reason: 'not held' });
const undecided = buildVerdict({ rule: 'total-not-sum', verdict: 'undecidable', reason: 'no query' });
const idle = buildVerdict({ rule: 'sync-in-postcopy', verdict: 'not-applicable', reason: 'no postcopy' });

function headOf(report: Report): string {
  return textRenderer.render(report, { color: false, verbose: false }).split('\n\n')[0] ?? '';
}

describe('verdict line', () => {
  test('one violation', () => {
    expect(headOf(buildReport({ verdicts: [broken] }))).toBe(
      'qtrace: 1 violation (error) in 1 migration of QEMU 11.1: final-without-bql',
    );
  });

  test('violations in several migrations, the worst first', () => {
    const warning = buildVerdict({ rule: 'downtime-over-limit', severity: 'warning', verdict: 'violated' });
    const report = buildReport({
      migrations: [0, 1, 2].map((index) => buildMigration({ index })),
      verdicts: [warning, broken, { ...broken, migration: 1 }, held, undecided],
    });
    expect(headOf(report)).toBe(
      [
        'qtrace: 3 violations (2 errors, 1 warning) in 2 of 3 migrations of QEMU 11.1: final-without-bql (2),',
        '        downtime-over-limit',
        '        1 other duty holds, 1 could not be decided',
      ].join('\n'),
    );
  });

  test('everything holds', () => {
    expect(headOf(buildReport({ verdicts: [held, idle] }))).toBe(
      'qtrace: no violation found in 1 migration of QEMU 11.1; the 1 duty holds',
    );
  });

  test('an undecided duty is not a kept one', () => {
    expect(headOf(buildReport({ qemu: '7.2', verdicts: [held, undecided] }))).toBe(
      'qtrace: no violation found in 1 migration of QEMU 7.2; 1 of 2 duties hold, 1 could not be decided',
    );
  });

  test('nothing decided is not "no violation"', () => {
    expect(headOf(buildReport({ qemu: null, verdicts: [undecided] }))).toBe(
      'qtrace: nothing could be decided in 1 migration of an unknown QEMU: 1 duty undecided',
    );
  });

  test('no duty applies', () => {
    expect(headOf(buildReport({ verdicts: [idle] }))).toBe(
      'qtrace: nothing was judged in 1 migration of QEMU 11.1: no duty applies',
    );
  });
});

describe('no migration', () => {
  const nothing = { migrations: [], verdicts: [], qemu: null };
  const verdict = 'qtrace: no migration found in 1 input; nothing was judged\n        ';

  test('the log of a destination', () => {
    expect(headOf(buildReport({ ...nothing, inputs: [buildInput({ side: 'destination' })] }))).toBe(
      `${verdict}a destination's log shows no migration: give the log of the source, which makes the queries`,
    );
  });

  test('no trace events at all', () => {
    expect(headOf(buildReport({ ...nothing, inputs: [buildInput({ events: 0, side: 'unknown' })] }))).toBe(
      `${verdict}no trace event was recognised: give the log that QEMU wrote with -trace events=FILE -D LOG`,
    );
  });

  test('events, but none of a migration', () => {
    expect(headOf(buildReport({ ...nothing, inputs: [buildInput({ side: 'unknown' })] }))).toBe(
      [
        `${verdict}trace the source from before the migration starts, with the events that \`qtrace events\``,
        '        lists',
      ].join('\n'),
    );
  });
});

describe('holes', () => {
  test('stand right under the verdict; harmless problems do not', () => {
    const harmless = buildProblem({ code: 'time-jitter', weakens: false });
    const inputs = [buildInput({ problems: [buildProblem(), harmless] }), buildInput({ name: 'dst.log' })];
    expect(headOf(buildReport({ inputs, verdicts: [held] }))).toBe(
      [
        'qtrace: no violation found in 1 migration of QEMU 11.1; the 1 duty holds',
        '        src.log has holes (12 torn-line): verdicts that rest on what is missing there are withdrawn',
      ].join('\n'),
    );
  });

  test('of many inputs name the first three', () => {
    const inputs = [1, 2, 3, 4, 5].map((n) => buildInput({ name: `${n}.log`, problems: [buildProblem()] }));
    expect(headOf(buildReport({ inputs, verdicts: [held] }))).toContain('and 2 more inputs:');
  });
});
