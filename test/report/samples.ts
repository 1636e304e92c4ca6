/**
 * Two whole reports after traces/real/11.1/precopy-iter@rec and traces/patched/no-final-precopy: their numbers and
 * lines; which duties were judged, the damage and the count of findings are made up to show every section.
 */
import type { MigrationReport, Report, RoundReport, VerdictReport } from '../../src/report/report.ts';
import { buildInput, buildLine, buildMigration, buildProblem, buildReport, buildRound, buildVerdict } from './build.ts';

const MUTEX = ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'];

export function cleanRun(): Report {
  return buildReport({
    inputs: [buildInput()],
    migrations: [cleanMigration()],
    verdicts: [
      undecided('final-without-bql', 'no mutex event shows who holds the BQL', MUTEX),
      undecided('last-sync-not-marked', 'only a probe shows last_stage', ['migration_bitmap_sync_stage']),
      undecided('handler-takes-bql', 'no mutex event shows who holds the BQL', MUTEX),
      undecided('dirty-bytes-not-updated', 'no sample of query-migrate was given', ['--qmp']),
      ...holding(),
      idle('postcopy-switchover-without-sync', 'no postcopy switchover'),
      idle('sync-in-postcopy', 'no postcopy switchover'),
    ],
  });
}

function holding(): readonly VerdictReport[] {
  const sums = 'total = precopy + stopcopy + postcopy in all 37 queries';
  return [
    buildVerdict({ rule: 'final-missing', reason: 'one final query in 1 switchover' }),
    buildVerdict({ rule: 'final-repeated', reason: 'one final query in 1 switchover' }),
    buildVerdict({ rule: 'final-not-exact', reason: 'the final query is exact' }),
    buildVerdict({ rule: 'final-without-sync', reason: 'the final query has a sync of its own' }),
    buildVerdict({ rule: 'exact-without-sync', reason: 'all 4 exact queries have a sync of their own' }),
    buildVerdict({ rule: 'total-not-sum', reason: sums }),
    buildVerdict({ rule: 'illegal-state-transition', reason: 'setup, active, device, completed' }),
  ];
}

function undecided(rule: string, reason: string, enable: readonly string[]): VerdictReport {
  return buildVerdict({ rule, verdict: 'undecidable', reason, enable });
}

function idle(rule: string, reason: string): VerdictReport {
  return buildVerdict({ rule, verdict: 'not-applicable', reason });
}

function cleanMigration(): MigrationReport {
  return buildMigration({
    outcome: 'completed',
    states: [
      { state: 'setup', file: 'src.log', line: 3, ns: 134_000 },
      { state: 'active', file: 'src.log', line: 9, ns: 9_638_000 },
      { state: 'device', file: 'src.log', line: 79, ns: 2_035_584_000 },
      { state: 'completed', file: 'src.log', line: 89, ns: 2_040_677_000 },
    ],
    queries: { estimate: 32, exact: 4, final: 1, unspecified: 0 },
    syncs: 6,
    iterations: 32,
    downtimeNs: 7_481_000,
    finalTotalBytes: 307200,
    phases: [{ name: 'setup', startNs: 0, endNs: 9_638_000, lines: [2, 9] }],
    rounds: { rows: cleanRounds(), omitted: 26, omittedAfter: 3 },
    downtime: {
      durationNs: 7_481_000,
      start: line(75, '2026-11-23T01:29:16.681342Z vmstate_downtime_checkpoint src-downtime-start'),
      end: line(88, '2026-11-23T01:29:16.688823Z vmstate_downtime_checkpoint src-downtime-end'),
      checkpoints: [
        { from: 'src-downtime-start', to: 'src-vm-stopped', durationNs: 2_368_000 },
        { from: 'src-vm-stopped', to: 'src-iterable-saved', durationNs: 570_000 },
        { from: 'src-iterable-saved', to: 'src-non-iterable-saved', durationNs: 4_458_000 },
        { from: 'src-non-iterable-saved', to: 'src-downtime-end', durationNs: 85_000 },
      ],
      iterable: { totalNs: 0, devices: [], omitted: 0 },
      nonIterable: { totalNs: 0, devices: [], omitted: 0 },
    },
  });
}

function cleanRounds(): readonly RoundReport[] {
  const last = { thresholdBytes: 5253129, syncs: 1 };
  return [
    buildRound(),
    buildRound({ line: 11, ns: 63_720_000, estimateBytes: 264245248 }),
    buildRound({ line: 13, ns: 119_385_000, estimateBytes: 258211840, thresholdBytes: 4396327 }),
    buildRound({
      ...{ line: 59, ns: 1_825_342_000, estimateBytes: 708608 },
      ...{ exactBytes: 22949888, dirtyPages: 5430, exactNs: 44_000, ...last },
    }),
    buildRound({
      ...{ line: 66, ns: 2_025_889_000, estimateBytes: 1978368 },
      ...{ exactBytes: 10391552, dirtyPages: 7484, exactNs: 81_000, ...last },
    }),
    buildRound({
      ...{ line: 70, ns: 2_032_781_000, estimateBytes: 0 },
      ...{ exactBytes: 290816, dirtyPages: 7555, exactNs: 84_000, ...last },
    }),
    buildRound({
      ...{ kind: 'final', line: 82, ns: 2_035_847_000, estimateBytes: null },
      ...{ finalBytes: 307200, dirtyPages: 7559, ...last },
    }),
  ];
}

export function violatedRun(): Report {
  return buildReport({
    qemu: 'thread',
    inputs: [
      buildInput({
        ...{ bytes: 29193, lines: 332, events: 332, problems: [buildProblem({ count: 1, firstLine: 250 })] },
        digest: { kind: 'sha256', hex: '1e1b76867e3b400410c83b69a1c8649b2228b2593092374395155993ee331849' },
      }),
      buildInput({
        ...{ name: 'stderr.txt', bytes: 270, lines: 4, events: 0, messages: 1, format: 'stderr' },
        digest: { kind: 'sha256', hex: '995acdd8e1807b2c9c38c347fc3a2c02fd17c1094b72f6030ac2c939f5242430' },
      }),
    ],
    migrations: [violatedMigration()],
    verdicts: [
      oscillation(),
      missingFinal(),
      ...holding().slice(4),
      undecided('final-not-exact', 'the switchover has no final query', []),
      idle('postcopy-switchover-without-sync', 'no postcopy switchover'),
    ],
  });
}

const WARNING =
  "2026-11-23T01:34:23.836891Z qemu-system-x86_64: warning: host doesn't support requested feature: CPUID[eax=01h].ECX.pni [bit 0]";
const AT = '2026-11-23T01:34:26.';
function oscillation(): VerdictReport {
  const query = '2026-11-23T01:34:24.640089Z qemu_savevm_query_pending exact=0, final=0';
  const exact = '2026-11-23T01:34:24.640222Z qemu_savevm_query_pending exact=1, final=0';
  return buildVerdict({
    ...{ rule: 'estimate-exact-oscillation', severity: 'warning', verdict: 'violated', findingCount: 3 },
    findings: [
      {
        message: 'for 21 rounds the estimate was under the threshold and the exact total over it',
        expected: 'estimate and exact total on the same side of the threshold of 8116081',
        actual: 'estimate 3276800, exact 16777216',
        evidence: [
          line(42, `${query}, precopy=3276800, stopcopy=0, postcopy=0, total=3276800`),
          line(45, `${exact}, precopy=16777216, stopcopy=0, postcopy=0, total=16777216`),
        ],
      },
    ],
  });
}

function missingFinal(): VerdictReport {
  return buildVerdict({
    verdict: 'violated',
    findings: [
      {
        message: 'the switchover completed without a final query: nothing counted what the guest had dirtied last',
        expected: 'one query with final=1 after src-vm-stopped and before ram_save_complete',
        actual: 'no query between VM stop (src.log:205) and completed (src.log:326)',
        evidence: [
          line(205, `${AT}980341Z runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)`),
          line(216, `${AT}980767Z ram_save_complete dirty=1794, done=0`),
          line(326, `${AT}991854Z migrate_set_state new state completed`),
        ],
      },
    ],
  });
}

function violatedMigration(): MigrationReport {
  return buildMigration({
    outcome: 'completed',
    states: [
      { state: 'setup', file: 'src.log', line: 4, ns: 0 },
      { state: 'active', file: 'src.log', line: 19, ns: 18_627_000 },
      { state: 'device', file: 'src.log', line: 210, ns: 2_669_094_000 },
      { state: 'completed', file: 'src.log', line: 326, ns: 2_680_390_000 },
    ],
    ...{ syncs: 26, iterations: 28, downtimeNs: 11_515_000 },
    queries: { estimate: 28, exact: 25, final: 0, unspecified: 0 },
    rounds: {
      rows: [
        buildRound({ line: 21, ns: 18_647_000, estimateBytes: 134553600 }),
        buildRound({
          ...{ line: 42, ns: 328_625_000, estimateBytes: 3276800, exactBytes: 16777216, dirtyPages: 9792 },
          ...{ exactNs: 133_000, thresholdBytes: 8116081, count: 21 },
        }),
        buildRound({
          ...{ line: 199, ns: 2_668_764_000, estimateBytes: 2174976, exactBytes: 7348224, dirtyPages: 14179 },
          ...{ exactNs: 104_000, thresholdBytes: 7517180 },
        }),
      ],
      omitted: 5,
      omittedAfter: 2,
    },
    messages: {
      lines: [{ file: 'stderr.txt', line: 2, text: WARNING }],
      omitted: 0,
    },
    downtime: {
      durationNs: 11_515_000,
      start: line(204, `${AT}980337Z vmstate_downtime_checkpoint src-downtime-start`),
      end: line(325, `${AT}991852Z vmstate_downtime_checkpoint src-downtime-end`),
      checkpoints: [
        { from: 'src-downtime-start', to: 'src-vm-stopped', durationNs: 217_000 },
        { from: 'src-vm-stopped', to: 'src-iterable-saved', durationNs: 4_785_000 },
        { from: 'src-iterable-saved', to: 'src-non-iterable-saved', durationNs: 1_162_000 },
        { from: 'src-non-iterable-saved', to: 'src-downtime-end', durationNs: 5_351_000 },
      ],
      iterable: {
        totalNs: 4_562_000,
        devices: [
          { idstr: 'ram', instance: 0, durationNs: 4_562_000 },
          { idstr: 'dirty-bitmap', instance: 0, durationNs: 0 },
        ],
        omitted: 0,
      },
      nonIterable: { totalNs: 706_000, devices: devices(), omitted: 29 },
    },
  });
}

function devices(): readonly { readonly idstr: string; readonly instance: number; readonly durationNs: number }[] {
  const times: readonly (readonly [string, number])[] = [
    ['0000:00:01.3/piix4_pm', 295],
    ['cpu', 78],
    ['apic', 59],
    ['0000:00:01.1/ide', 44],
    ['cpu_common', 20],
    ['kvm-tpr-opt', 15],
    ['mc146818rtc', 13],
    ['i8259', 13],
    ['i8254', 13],
    ['serial', 10],
  ];
  return times.map(([idstr, us]) => ({ idstr, instance: 0, durationNs: us * 1000 }));
}

function line(number: number, text: string): ReturnType<typeof buildLine> {
  return buildLine({ line: number, text });
}
