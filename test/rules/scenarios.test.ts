/**
 * Correct runs of every kind that the notes describe, most of them without a
 * capture, for each version that has them: whatever is left of such a run,
 * nobody is accused. What is done to a log is taken in turn, so that a version
 * gets what its neighbour does not; all of it was gone through once.
 */
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/report.ts';
import { SCENARIOS, type Scenario } from './scenarios/index.ts';
import { destination, postcopyDestination } from './scenarios/others.ts';
import type { Qemu } from './scenarios/qemu.ts';
import {
  eventOf,
  interleave,
  log,
  logPerThread,
  type Prefix,
  type Script,
  show,
  stamp,
  switchedAway,
  without,
  withoutEvent,
} from './scenarios/script.ts';
import { jittered, onFullSeconds, SETS, withProbes } from './scenarios/sets.ts';
import { type Files, quickVerdicts, reportOn } from './support.ts';

const PREFIXES: readonly Prefix[] = ['iso', 'tid', 'bare'];
const OFFSETS = [5, 1500, 90_000, 700_000];
const SET_NAMES = Object.keys(SETS);

/** Up to 10.0 the thread is shown. */
const prefixOf = ({ name }: Qemu): Prefix => (/^(?:7|8|9|10\.0)/.test(name) ? 'tid' : 'iso');

function pick<T>(list: readonly T[], turn: number): T {
  const found = list[turn % list.length];
  if (found === undefined) throw new Error('an empty list');
  return found;
}

/** What may be done to a log, by what it is called; each takes its turn. */
const DONE: Readonly<Record<string, (script: Script, qemu: Qemu, turn: number) => Files>> = {
  'an event off': (script, _qemu, turn) => {
    const events = [...new Set(script.map(eventOf))];
    return { 'src.log': log(withoutEvent(script, pick(events, turn)), pick(PREFIXES, turn)) };
  },
  'a line lost': (script, _qemu, turn) => {
    const at = (turn * 7) % script.length;
    const lost = script[at];
    // The store of the final query's total: the fault that leaves it out looks the same.
    const isStore = lost !== undefined && eventOf(lost) === 'mig_dirty_bytes_total_update';
    return { 'src.log': log(isStore ? script : without(script, at), pick(PREFIXES, turn)) };
  },
  'the log switched away': (script, _qemu, turn) => {
    const fromUs = stamp(script)[(turn * 11) % script.length]?.atUs ?? 0;
    return { 'src.log': switchedAway(script, fromUs).map((line) => show(line, 'iso')) };
  },
  'the beginning cut off': (script, _qemu, turn) => ({
    'src.log': log(script.slice((turn * 13) % script.length), pick(PREFIXES, turn)),
  }),
  'the end cut off': (script, _qemu, turn) => ({
    'src.log': log(script.slice(0, 1 + ((turn * 13) % script.length)), pick(PREFIXES, turn)),
  }),
  'a log per thread': (script, _qemu, turn) => logPerThread(script, pick(PREFIXES, turn)),
  "one thread's log lost": (script, _qemu, turn) => {
    const files = Object.entries(logPerThread(script, 'iso'));
    return Object.fromEntries(files.length > 1 ? files.toSpliced(turn % files.length, 1) : files);
  },
  'time going back': (script, qemu) => ({
    'src.log': jittered(stamp(script)).map((line) => show(line, prefixOf(qemu))),
  }),
  'a sync on a full second': (script) => ({
    'src.log': onFullSeconds(stamp(script), 'migration_bitmap_sync_start').map((line) => show(line, 'iso')),
  }),
  'the destination on the same stderr': (script, qemu, turn) => ({
    'both.log': interleave(
      pick(PREFIXES, turn),
      stamp(script),
      stamp(pick([destination, postcopyDestination], turn)(qemu), pick(OFFSETS, turn)),
    ),
  }),
  'the same run on the same stderr': (script, _qemu, turn) => ({
    'both.log': interleave(pick(['iso', 'bare'] as const, turn), stamp(script), stamp(script, pick(OFFSETS, turn))),
  }),
  "the destination's log besides": (script, qemu) => ({
    'src.log': log(script, 'iso'),
    'dst.log': log(destination(qemu), 'iso'),
  }),
};

/** Stretching a blackout to a full second makes it longer than any limit. */
const STRETCHED = ['downtime-over-limit'];

async function accusationsIn(what: string, files: Files, allowed: readonly string[]): Promise<readonly string[]> {
  const verdicts = await quickVerdicts(files);
  return verdicts
    .filter(({ rule, verdict }) => verdict === 'violated' && !allowed.includes(rule))
    .map(({ rule, migration }) => `${what}: ${rule} of migration ${migration}`);
}

/** What is wrong with the report on a run that is whole. */
function complaints({ verdicts, inputs, migrations }: Report, { ends }: Scenario, allowed: readonly string[]) {
  const found = migrations.map(({ kind, outcome }) => `${kind} ${outcome}`);
  return [
    ...(found.join() === ends.join() ? [] : [`it is ${found.join()}`]),
    ...inputs.flatMap(({ problems }) => problems.map(({ code }) => code)),
    ...verdicts.flatMap(({ rule, verdict, reason, enable }) => {
      if (verdict === 'violated') return allowed.includes(rule) ? [] : [`${rule}: ${reason}`];
      const unhelpful = reason.startsWith('internal fault') || (verdict === 'undecidable' && enable.length === 0);
      return unhelpful ? [`${rule}: ${reason}`] : [];
    }),
  ];
}

/** Of what may be done to a log, a version gets one in so many. */
const SHARE = 4;
let turn = 0;

describe.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
  test('nobody is accused, whatever is left of it', async () => {
    const wrong: string[] = [];
    for (const qemu of scenario.versions) {
      const allowed = scenario.deserves?.(qemu) ?? [];
      const whole = scenario.script(qemu);
      const report = await reportOn({ 'src.log': log(whole, prefixOf(qemu)) });
      wrong.push(...complaints(report, scenario, allowed).map((text) => `${qemu.name}: ${text}`));
      for (const [name, files] of Object.entries(DONE).filter((_, index) => (turn + index) % SHARE === 0)) {
        turn += 1;
        const set = pick(SET_NAMES, turn * 7);
        const script = (SETS[set] ?? ((all) => all))(withProbes(qemu, whole));
        if (script.length === 0) continue;
        const what = `${qemu.name}, ${set}, ${name}, turn ${turn}`;
        wrong.push(...(await accusationsIn(what, files(script, qemu, turn), [...allowed, ...STRETCHED])));
      }
    }
    expect(wrong).toEqual([]);
  });
});
