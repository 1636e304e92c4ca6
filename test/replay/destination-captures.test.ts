/**
 * Every capture that has both logs. Source and destination ran on one host, so
 * the true offset between their clocks is 0, and the true blackout is the plain
 * difference of two stamps.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { analyze } from '../../src/analysis/analyze.ts';
import { planInputs } from '../../src/analysis/replay-inputs.ts';
import type { DestinationReport, LineReport, Report } from '../../src/report/report.ts';
import { RULES } from '../../src/rules/registry.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { type Capture, patchedCaptures, realCaptures, SKIPPED, TRACES_MISSING } from '../rules/captures.ts';

interface Both extends Capture {
  readonly destination: readonly string[];
}

const DESTINATION_LOG = /^(?:first-)?dst(?:-\d+)?\.log(?:\.\d+)?$/;

const captures = [...realCaptures(), ...patchedCaptures()]
  .map((capture): Both => {
    const files = readdirSync(capture.folder).filter((file) => DESTINATION_LOG.test(file));
    return { ...capture, destination: files.sort().map((file) => join(capture.folder, file)) };
  })
  .filter(({ destination }) => destination.length > 0);

/** What is not tied, and why: these logs show nothing that another run would not show, too. */
const UNTIED = [
  // 28 events, none of the stream's, and nothing came back from the destination.
  'real/11.1/precopy-iter@rec',
  // The beginning is gone, and nothing came back either.
  'real/11.1/rotate@ts',
  // A ping in setup, and then the end.
  'patched/clean-cancel',
  'patched/no-bql-assert-precopy',
];

/** The destination's log has no line of a migration. */
const EMPTY = ['real/11.1/precopy-iter@mutextid', 'real/11.1/trace-on-late@ts'];

function report(paths: readonly string[], rules: readonly Rule[] = []): Promise<Report> {
  const request = { paths, qmp: undefined, band: undefined, rules, fullDigest: false, listener: undefined };
  return analyze({ ...request, progress: () => undefined }, planInputs(paths, undefined));
}

function destinationsOf({ migrations }: Report): readonly DestinationReport[] {
  return migrations.flatMap(({ destination }) => (destination === null ? [] : [destination]));
}

const traceOnly = (paths: readonly string[]): readonly string[] => paths.filter((path) => !path.endsWith('stderr.txt'));

/** Microseconds since 1970. */
function stampOf({ text }: LineReport): number {
  const [, seconds, micros] = /^\d+@(\d+)\.(\d{6}):/.exec(text) ?? [];
  if (seconds !== undefined && micros !== undefined) return Number(seconds) * 1e6 + Number(micros);
  const [, whole = '', fraction = ''] = /^(\S{19})(?:\.(\d{6}))?Z /.exec(text) ?? [];
  return Date.parse(`${whole}Z`) * 1000 + Number(fraction);
}

const SHIFT_US = 3_600_500_000;

/** The same line, printed by a host whose clock goes 3600.5 s ahead. */
function shifted(line: string): string {
  return line
    .replace(/^(\d+@)(\d+)\.(\d{6}):/, (_all, thread: string, seconds: string, micros: string) => {
      const at = Number(seconds) * 1e6 + Number(micros) + SHIFT_US;
      return `${thread}${Math.floor(at / 1e6)}.${String(at % 1e6).padStart(6, '0')}:`;
    })
    .replace(/^(\d{4}-\d\d-\d\dT[\d:]{8})(?:\.(\d{6}))?Z /, (_all, whole: string, fraction = '0') => {
      const at = Date.parse(`${whole}Z`) * 1000 + Number(fraction) + SHIFT_US;
      const seconds = new Date(Math.floor(at / 1e6) * 1000).toISOString().slice(0, 19);
      return `${seconds}.${String(at % 1e6).padStart(6, '0')}Z `;
    });
}

describe.skipIf(TRACES_MISSING)(`captures with both logs${SKIPPED}`, () => {
  test('all but the ones that show too little are tied', async () => {
    const untied: string[] = [];
    const empty: string[] = [];
    for (const { name, inputs, destination } of captures) {
      const found = await report([...inputs, ...destination]);
      if (found.untiedDestinations.length > 0) untied.push(name);
      else if (destinationsOf(found).length === 0) empty.push(name);
    }
    expect(untied.sort()).toEqual([...UNTIED].sort());
    expect(empty).toEqual(EMPTY);
    expect(captures.length).toBeGreaterThan(35);
  });

  test('each run of cancel-then-ok has its own destination', async () => {
    const capture = captures.find(({ name }) => name.endsWith('cancel-then-ok@ts'));
    const found = await report([...(capture?.inputs ?? []), ...(capture?.destination ?? [])]);
    expect(found.migrations.map(({ destination }) => destination?.file)).toEqual(['first-dst.log', 'dst.log']);
  });

  test.each(
    captures.map((capture) => [capture.name, capture] as const),
  )('%s: the offset can be 0, and the blackout what it was', async (_name, { inputs, destination }) => {
    for (const { clock, blackout } of destinationsOf(await report([...inputs, ...destination]))) {
      if (clock !== null) {
        expect(Number(clock.lowNs ?? Number.NEGATIVE_INFINITY)).toBeLessThanOrEqual(0);
        expect(Number(clock.highNs ?? Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(0);
      }
      if (blackout === null) continue;
      const trueNs = (stampOf(blackout.to) - stampOf(blackout.from)) * 1000;
      expect(Number(blackout.lowNs)).toBeLessThanOrEqual(trueNs);
      expect(Number(blackout.highNs ?? Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(trueNs);
    }
  });

  test.each(
    captures.map((capture) => [capture.name, capture] as const),
  )('%s: a clock of another host shifts the offset, and nothing else', async (_name, { inputs, destination }) => {
    const here = destinationsOf(await report([...inputs, ...destination]));
    const folder = mkdtempSync(join(tmpdir(), 'qtrace-shift-'));
    try {
      const paths = destination.map((path) => {
        const lines = readFileSync(path, 'latin1').split('\n').map(shifted);
        writeFileSync(join(folder, basename(path)), lines.join('\n'), 'latin1');
        return join(folder, basename(path));
      });
      const there = destinationsOf(await report([...inputs, ...paths]));
      const moved = (ns: number | string | null | undefined) =>
        ns === null || ns === undefined ? ns : Number(ns) + SHIFT_US * 1000;
      expect(there.map(({ clock }) => [clock?.lowNs, clock?.highNs])).toEqual(
        here.map(({ clock }) => [moved(clock?.lowNs), moved(clock?.highNs)]),
      );
      expect(there.map(({ blackout }) => [blackout?.lowNs, blackout?.highNs, blackout?.steps])).toEqual(
        here.map(({ blackout }) => [blackout?.lowNs, blackout?.highNs, blackout?.steps]),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    'real/11.1/postcopy@ts',
    'real/11.1/cancel@ts',
    'real/10.0.13/precopy-iter@ts',
  ])('%s: lost lines may untie the two logs, but never tie them wrongly', async (name) => {
    const capture = captures.find((one) => one.name === name);
    const paths = [...(capture?.inputs ?? []), ...(capture?.destination ?? [])];
    const folder = mkdtempSync(join(tmpdir(), 'qtrace-lost-'));
    let tied = 0;
    try {
      for (const path of paths) {
        const others = paths.filter((other) => other !== path);
        const lines = readFileSync(path, 'latin1').split('\n');
        const damaged = join(folder, basename(path));
        for (let at = 0; at < lines.length; at += 7) {
          for (const left of [lines.toSpliced(at, 1), lines.slice(at), lines.slice(0, at)]) {
            writeFileSync(damaged, left.join('\n'), 'latin1');
            // A source's log without its migration is no input.
            const found = await report([...others, damaged]).catch(() => undefined);
            for (const { clock } of found === undefined ? [] : destinationsOf(found)) {
              tied += 1;
              expect(Number(clock?.lowNs ?? Number.NEGATIVE_INFINITY), `${path}:${at}`).toBeLessThanOrEqual(0);
              expect(Number(clock?.highNs ?? Number.POSITIVE_INFINITY), `${path}:${at}`).toBeGreaterThanOrEqual(0);
            }
          }
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(tied).toBeGreaterThan(50);
  });

  test('the destination’s log changes no verdict, given before or after', async () => {
    for (const { inputs, destination } of captures) {
      const verdicts = ({ verdicts: all }: Report): readonly string[] =>
        all.map(({ rule, migration, verdict, reason }) => `${migration} ${rule} ${verdict} ${reason}`);
      const alone = verdicts(await report(inputs, RULES));
      expect(verdicts(await report([...inputs, ...destination], RULES))).toEqual(alone);
      expect(verdicts(await report([...destination, ...inputs], RULES))).toEqual(alone);
    }
  });

  test('the logs of two different runs are hardly ever tied, and never give a blackout', async () => {
    const wrong: string[] = [];
    let pairs = 0;
    for (const source of captures) {
      for (const other of captures) {
        if (source === other) continue;
        pairs += 1;
        const found = destinationsOf(await report([...traceOnly(source.inputs), ...other.destination]));
        for (const { clock, blackout } of found) {
          wrong.push(`${source.name} ${other.name}${clock === null ? ' (no clock)' : ''}`);
          expect(blackout).toBeNull();
        }
      }
    }
    expect(pairs).toBeGreaterThan(1500);
    // Runs that end before the switchover, and equal runs of which one has no time stamps.
    expect(wrong.length / pairs, wrong.join('\n')).toBeLessThan(0.006);
  }, 120_000);
});
