/**
 * One line of a correct run is moved or one number in it altered: what is then
 * violated is a duty that this very line can break, and no other. What happens
 * when a line is missing stands in removal.test.ts.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventOf, linesOf, patchedCaptures, realCaptures, SKIPPED, TRACES_MISSING } from './captures.ts';
import { CORRECT_RUNS } from './correct-runs.ts';
import { quickVerdicts } from './support.ts';

const SEED = 20261127;

const SYNC_RULES = [
  'exact-without-sync',
  'estimate-with-sync',
  'final-without-sync',
  'postcopy-switchover-without-sync',
  'sync-after-final',
  'sync-in-postcopy',
  'first-sync-counts-all-ram',
];
const QUERY_RULES = [
  ...SYNC_RULES,
  'total-not-sum',
  'final-before-stop',
  'final-missing',
  'final-not-exact',
  'final-repeated',
  'final-skips-module',
  'query-after-final',
  'dirty-bytes-not-updated',
  'switchover-without-exact',
  'switchover-over-threshold',
  'ack-pending-at-switchover',
  'iteration-query-with-bql',
  'final-without-bql',
  'migration-not-converging',
];
const STOP_RULES = ['final-before-stop', 'final-missing', 'illegal-state-transition', 'switchover-step-without-bql'];
const LOCK_RULES = ['final-without-bql', 'iteration-query-with-bql', 'switchover-step-without-bql'];

/** The duties that a line of this event can break. Whatever is not named breaks none. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  qemu_savevm_query_pending: QUERY_RULES,
  migrate_pending_estimate: QUERY_RULES,
  migrate_pending_exact: QUERY_RULES,
  migrate_pending: QUERY_RULES,
  migration_bitmap_sync_start: SYNC_RULES,
  migration_bitmap_sync_end: SYNC_RULES,
  // They end switchovers and begin migrations: a sync before them belongs elsewhere.
  migrate_set_state: [...STOP_RULES, ...SYNC_RULES, 'query-after-final'],
  savevm_state_header: SYNC_RULES,
  savevm_state_setup: SYNC_RULES,
  qmp_enter_migrate_set_parameters: ['downtime-over-limit'],
  runstate_set: [...STOP_RULES, 'final-without-sync', 'migrated-in-postmigrate'],
  ram_postcopy_send_discard_bitmap: ['postcopy-switchover-without-sync'],
  vm_state_notify: [...STOP_RULES, 'final-without-sync'],
  migration_thread_low_pending: ['switchover-without-exact', 'switchover-over-threshold', 'postcopy-completed-dirty'],
  postcopy_start: ['switchover-without-exact'],
  migrate_transferred: [
    'bandwidth-underestimated',
    'migration-stalled',
    'switchover-over-threshold',
    'downtime-over-limit',
    'migration-not-converging',
  ],
  // It ends the switchover: what stands behind it is in postcopy.
  qemu_savevm_send_packaged: [...SYNC_RULES, 'final-missing', 'query-after-final'],
  // src-downtime-end ends the switchover: a final query behind it is none of it.
  vmstate_downtime_checkpoint: [
    ...SYNC_RULES,
    'query-after-final',
    'final-missing',
    'downtime-end-repeated',
    'downtime-over-limit',
    'rate-limit-in-blackout',
  ],
  migration_rate_limit_pre: ['rate-limit-in-blackout'],
  migration_call_notifiers: ['notifier-repeated'],
  global_dirty_changed: ['dirty-log-left-on'],
  ram_save_complete: ['postcopy-completed-dirty'],
  savevm_section_start: ['precopy-module-in-postcopy'],
  mig_dirty_bytes_total_update: ['dirty-bytes-not-updated'],
  migration_bitmap_sync_stage: ['last-sync-not-marked'],
  qemu_savevm_query_pending_bql: ['final-without-bql', 'iteration-query-with-bql'],
  qemu_mutex_lock: LOCK_RULES,
  qemu_mutex_locked: LOCK_RULES,
  qemu_mutex_unlock: LOCK_RULES,
};

type Files = Readonly<Record<string, readonly string[]>>;

interface Edit {
  readonly what: 'move' | 'shift' | 'alter';
  readonly at: number;
  readonly to: number;
  readonly value: string;
}

const place = fc.nat({ max: 1_000_000 });
const edit: fc.Arbitrary<Edit> = fc.record({
  what: fc.constantFrom('move' as const, 'shift' as const, 'alter' as const),
  at: place,
  to: place,
  value: fc.constantFrom('0', '1', '7', '4096', '18446744073709551615'),
});

/** A number behind the prefix, made another one. */
function altered(line: string, { to, value }: Edit): string {
  const from = /^(?:\S+Z |\d+@[\d.]+:)?/.exec(line)?.[0].length ?? 0;
  const numbers = [...line.slice(from).matchAll(/\d+/g)];
  const chosen = numbers[to % Math.max(1, numbers.length)];
  if (chosen === undefined) return line;
  const start = from + chosen.index;
  return line.slice(0, start) + value + line.slice(start + chosen[0].length);
}

function edited(lines: readonly string[], change: Edit): { line: string; lines: readonly string[] } {
  const at = change.at % lines.length;
  const line = lines[at] ?? '';
  if (change.what === 'alter') return { line, lines: lines.with(at, altered(line, change)) };
  const to = change.what === 'move' ? change.to % lines.length : Math.max(0, at + (change.to % 9) - 4);
  return { line, lines: lines.toSpliced(at, 1).toSpliced(to, 0, line) };
}

async function expectOwnDuty(files: Files, change: Edit): Promise<void> {
  const names = Object.keys(files).filter((name) => (files[name]?.length ?? 0) > 0);
  const name = names[change.to % names.length] ?? '';
  const { line, lines } = edited(files[name] ?? [], change);
  const bytes = Object.fromEntries(
    Object.entries({ ...files, [name]: lines }).map(([file, text]) => [
      file,
      Buffer.from(`${text.join('\n')}\n`, 'latin1'),
    ]),
  );
  const verdicts = await quickVerdicts(bytes);
  const violated = verdicts.filter(({ verdict }) => verdict === 'violated').map(({ rule }) => rule);
  const allowed = MAY[eventOf(line) ?? ''] ?? [];
  expect(
    violated.filter((rule) => !allowed.includes(rule)),
    `${change.what} ${line}`,
  ).toEqual([]);
}

const property = (files: Files) => fc.asyncProperty(edit, (change) => expectOwnDuty(files, change));

test.each(CORRECT_RUNS)('%s', async (_name, lines) => {
  await fc.assert(property({ 'src.log': lines }), { seed: SEED, numRuns: 120 });
});

describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
  const clean = [...realCaptures(), ...patchedCaptures()].filter(
    (capture) => !/^patched\/(?!clean-|ftrace-clean|simple-clean)/.test(capture.name),
  );
  const small = clean.flatMap((capture) => {
    const files = linesOf(capture);
    const count = Object.values(files).reduce((sum, lines) => sum + lines.length, 0);
    return count > 1500 ? [] : [[capture.name, files] as const];
  });

  test.each(small)('%s', async (_name, files) => {
    await fc.assert(property(files), { seed: SEED, numRuns: 60 });
  });
});
