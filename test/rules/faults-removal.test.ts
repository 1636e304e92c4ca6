/**
 * Faulty runs with one event switched off, or one line lost: the fault still
 * shows under its rules, or they are undecidable and name an event. No other
 * rule of severity error is violated, but where what is left is exactly the
 * log of another fault.
 */
import { describe, expect, test } from 'vitest';
import { RULES } from '../../src/rules/registry.ts';
import { eventOf, SKIPPED, TRACES_MISSING } from './captures.ts';
import { type Base, CAPTURES, CASES, type Case, faulty, INLINE } from './fault-cases.ts';
import { textOf } from './faults.ts';
import { type QuickVerdict, quickVerdicts } from './support.ts';

type Lines = readonly string[];

const ERRORS = new Set(RULES.filter(({ severity }) => severity === 'error').map(({ id }) => id));
/** Lines that come with every device and that no rule reads. */
const DETAIL = /^(?:vmstate_downtime_save|savevm_section_skip|multifd_|send_bitmap_|qemu_mutex_)/;

/** What the log of one fault becomes, exactly, without this line. */
function otherFault({ name }: Case, line: string, next: string | undefined): readonly string[] {
  const text = textOf(line);
  // Nothing else of the final query was ever there.
  if (/final=1, precopy=/.test(text) && /^(?:final-|precopy-no-sync)/.test(name)) return ['final-missing'];
  // Its sync is left, behind the first one.
  if (/final=1, precopy=/.test(text) && name.startsWith('double-final')) return ['sync-after-final'];
  // Its sync is then that of the query behind it: the switchover's own, made with final=0.
  if (/final=1, precopy=/.test(text) && name === 'exact query-after-final, right behind it') return ['final-missing'];
  // The exact query that did not sync decided.
  if (/exact=1, final=0/.test(text) && name.startsWith('exact-no-sync')) return ['switchover-without-exact'];
  const isStore = text.startsWith('mig_dirty_bytes_total_update') && /final=1, precopy=/.test(next ?? '');
  return isStore ? ['dirty-bytes-not-updated'] : [];
}

async function errorsIn(lines: Lines): Promise<readonly QuickVerdict[]> {
  const verdicts = await quickVerdicts({ 'src.log': Buffer.from(`${lines.join('\n')}\n`, 'latin1') });
  return verdicts.filter(({ rule }) => ERRORS.has(rule));
}

const violatedIn = (verdicts: readonly QuickVerdict[]): Lines =>
  verdicts.filter(({ verdict }) => verdict === 'violated').map(({ rule }) => rule);

/** The lines that carry the fault: with one of them gone it may be gone, too. */
const CARRIES = /^(?:qemu_savevm_query_pending |migration_bitmap_sync_|ram_state_pending_sync|mig_dirty_bytes_total)/;

/** In what is left nothing shows where postcopy's switchover ended: then the other of the two is undecidable. */
const SIBLINGS: Readonly<Record<string, string>> = { 'sync-in-postcopy': 'sync-after-final' };

function stillSaid(rule: string, verdicts: readonly QuickVerdict[]): boolean {
  const said = (id: string | undefined): boolean =>
    verdicts.some((one) => one.rule === id && (one.verdict === 'violated' || one.verdict === 'undecidable'));
  return said(rule) || said(SIBLINGS[rule]);
}

async function complaintsAbout(base: Base, one: Case, by: 'events' | 'lines'): Promise<Lines> {
  const lines = faulty(base, one)?.[base.log];
  if (lines === undefined) return [];
  const expected = violatedIn(await errorsIn(lines));
  const complaints: string[] = [];
  const check = async (what: string, left: Lines, allowed: Lines, carries: boolean): Promise<void> => {
    const verdicts = await errorsIn(left);
    const more = violatedIn(verdicts).filter((rule) => !expected.includes(rule) && !allowed.includes(rule));
    const gone = carries ? [] : expected.filter((rule) => !stillSaid(rule, verdicts));
    if (more.length + gone.length > 0)
      complaints.push(`${base.name}, ${one.name}, without ${what}: ${[...more, ...gone]}`);
  };
  if (by === 'events') {
    for (const event of new Set(lines.map(eventOf))) {
      if (event === undefined) continue;
      const left = lines.filter((line) => eventOf(line) !== event);
      await check(event, left, [], event === 'qemu_savevm_query_pending');
    }
    return complaints;
  }
  for (const [index, line] of lines.entries()) {
    const text = textOf(line);
    if (DETAIL.test(text) || (text.startsWith('savevm_section') && !text.includes(' ram,'))) continue;
    const allowed = otherFault(one, line, lines[index + 1]);
    await check(`line ${index + 1} ${text}`, lines.toSpliced(index, 1), allowed, CARRIES.test(text));
  }
  return complaints;
}

const FEW = CAPTURES.filter(({ name }) => name === 'patched/clean-postcopy');
const WITH_PROBES = INLINE.filter(({ name }) => /probes|mutex/.test(name));
/** Shorter ones, and those that show all of it: each line lost is a run of its own. */
const EACH_LINE = INLINE.filter(({ name }) => /^precopy, the posted|^postcopy$/.test(name));
const WITH_MUTEX = INLINE.filter(({ name }) => /mutex/.test(name));
const named = CASES.map((one) => [one.name, one] as const);

describe('one event is switched off', () => {
  test.each(named)('%s', async (_name, one) => {
    for (const base of WITH_PROBES) expect(await complaintsAbout(base, one, 'events')).toEqual([]);
  });

  test.skipIf(TRACES_MISSING).each(named)(`captures: %s${SKIPPED}`, async (_name, one) => {
    for (const base of FEW) expect(await complaintsAbout(base, one, 'events')).toEqual([]);
  });
});

describe('one line is lost', () => {
  test.each(named)('%s', async (name, one) => {
    const bases = name.startsWith('no-bql') ? WITH_MUTEX : EACH_LINE;
    for (const base of bases) expect(await complaintsAbout(base, one, 'lines')).toEqual([]);
  });
});
