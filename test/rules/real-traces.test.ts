/** What qtrace says of every captured run, held against a golden and against what the text itself counts. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { analyze } from '../../src/analysis/analyze.ts';
import { planInputs, replayInputs } from '../../src/analysis/replay-inputs.ts';
import type { ReplaySink } from '../../src/replay/sink.ts';
import type { Report } from '../../src/report/report.ts';
import { RULES } from '../../src/rules/registry.ts';
import {
  type Capture,
  linesOf,
  metaOf,
  patchedCaptures,
  readLines,
  realCaptures,
  SKIPPED,
  TRACES_MISSING,
} from './captures.ts';
import { accusation, violatedRules } from './support.ts';

const GOLDEN = fileURLToPath(new URL('../../fixtures/rules/real-verdicts.json', import.meta.url));
const REWRITE = process.env['UPDATE_GOLDEN'] === '1';

const real = realCaptures();
const patched = patchedCaptures();
const all = [...real, ...patched];

function report(paths: readonly string[], qmp?: string): Promise<Report> {
  const request = {
    paths,
    qmp,
    band: undefined,
    rules: RULES,
    fullDigest: false,
    listener: undefined,
    progress: () => undefined,
  };
  return analyze(request, planInputs(paths, qmp));
}

/** A migration in a few words, and its rules by their verdict. */
function digestOf(from: Report) {
  return from.migrations.map(({ index, kind, outcome, queries, syncs, downtimeNs, finalTotalBytes }) => {
    const of = (verdict: string): string =>
      from.verdicts
        .filter((one) => one.migration === index && one.verdict === verdict)
        .map(({ rule }) => rule)
        .join(' ');
    return {
      is: `${kind} ${outcome}`,
      queries: `${queries.estimate} estimates, ${queries.exact} exact, ${queries.final} final, ${queries.unspecified} unspecified`,
      syncs,
      downtimeNs,
      finalTotalBytes,
      pass: of('pass'),
      violated: of('violated'),
      undecidable: of('undecidable'),
      notApplicable: of('not-applicable'),
    };
  });
}

describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
  test('verdicts, kinds, outcomes and counts are those of the golden', async () => {
    const found: Record<string, ReturnType<typeof digestOf>> = {};
    for (const capture of all) found[capture.name] = digestOf(await report(capture.inputs));
    if (REWRITE) {
      if (process.env['CI'] !== undefined) throw new Error('a golden is not rewritten under CI');
      writeFileSync(GOLDEN, `${JSON.stringify(found, undefined, 2)}\n`);
    }
    const golden: unknown = JSON.parse(readFileSync(GOLDEN, 'utf8'));
    expect(found, 'rewrite with UPDATE_GOLDEN=1 after looking at each difference').toEqual(golden);
  });

  test.each(real.map((capture) => [capture.name, capture] as const))('%s violates nothing', async (_name, capture) => {
    const qmp = join(capture.folder, 'samples.jsonl');
    expect(violatedRules(await report(capture.inputs))).toEqual([]);
    if (existsSync(qmp)) expect(violatedRules(await report(capture.inputs, qmp))).toEqual([]);
  });

  test.each(
    real.filter(({ folder }) => existsSync(join(folder, 'dst.log'))).map((capture) => [capture.name, capture] as const),
  )('%s: the destination log beside it changes no verdict', async (_name, capture) => {
    const both = await report([...capture.inputs, join(capture.folder, 'dst.log')]);
    expect(digestOf(both)).toEqual(digestOf(await report(capture.inputs)));
  });

  test.each(
    patched.map((capture) => [capture.name, capture] as const),
  )('%s violates exactly what is in its meta.json', async (_name, capture) => {
    const { rules, undecidable = [] } = metaOf(capture);
    const found = await report(capture.inputs);
    const errors = found.verdicts.filter(({ verdict, severity }) => verdict === 'violated' && severity === 'error');
    expect(errors.map(({ rule }) => rule)).toEqual(rules);
    for (const rule of undecidable) {
      expect(found.verdicts.filter((one) => one.rule === rule).map(({ verdict }) => verdict)).toEqual(['undecidable']);
    }
  });
});

describe.skipIf(TRACES_MISSING)(`evidence in the patched captures${SKIPPED}`, () => {
  const EVIDENCE: Readonly<Record<string, readonly [rule: string, ...lines: readonly string[]]>> = {
    'no-bql-precopy-x': [
      'final-without-bql',
      'src.log:2391 qemu_savevm_query_pending_bql locked=0',
      'src.log:2619 qemu_savevm_query_pending exact=1, final=1, total=0',
    ],
    'no-bql-postcopy-tid': [
      'final-without-bql',
      'src-9653.log:1150 qemu_savevm_query_pending exact=1, final=1, total=16777216',
      'src-9653.log:925 qemu_mutex_unlock released mutex 0x55d004473cc0 (../src/system/cpus.c:585)',
      'src-9653.log:1151 qemu_mutex_lock waiting on mutex 0x55d004473cc0 (../src/migration/migration.c:3010)',
    ],
    'no-bql-assert-precopy': [
      'final-without-bql',
      'stderr.txt:4 ERROR:../src/migration/savevm.c:1794:qemu_savevm_query_pending_final: assertion failed: (bql_locked())',
    ],
    'no-final-precopy': [
      'final-missing',
      'src.log:205 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      'src.log:325 vmstate_downtime_checkpoint src-downtime-end',
    ],
    'postcopy-no-sync-postcopy': [
      'postcopy-switchover-without-sync',
      'src.log:91 ram_postcopy_send_discard_bitmap',
      'src.log:77 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      'src.log:83 qemu_savevm_query_pending exact=1, final=1, total=4587520',
    ],
    'simple-final-before-stop-precopy': [
      'final-before-stop',
      'src.log:145 qemu_savevm_query_pending exact=1, final=1, total=634880',
      'src.log:147 runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
    ],
    'skip-dirty-bytes-precopy-x': [
      'dirty-bytes-not-updated',
      'src.log:72 qemu_savevm_query_pending exact=1, final=1, total=0',
      'src.log:57 mig_dirty_bytes_total_update old=0, new=0',
    ],
  };

  test('every fault that shows has its lines here', () => {
    const faulty = patched.filter((capture) => metaOf(capture).rules.length > 0).map(({ name }) => name.slice(8));
    expect(Object.keys(EVIDENCE).sort()).toEqual(faulty.sort());
  });

  test.each(Object.entries(EVIDENCE))('%s', async (name, [rule, ...lines]) => {
    const capture = patched.find((one) => one.name === `patched/${name}`);
    const { findings } = accusation(await report(capture?.inputs ?? []), rule);
    const cut = (line: string): string => line.slice(0, 110);
    expect(findings.map(({ evidence }) => evidence.map(cut))).toEqual([lines.map(cut)]);
  });

  test('the damage that samples show where the probe is off', async () => {
    const capture = patched.find((one) => one.name === 'patched/skip-dirty-bytes-precopy-x');
    const qmp = join(capture?.folder ?? '', 'qmp.jsonl');
    expect(violatedRules(await report(capture?.inputs ?? [], qmp))).toEqual(['dirty-bytes-not-updated']);
  });
});

/** Captures of which one log holds the whole run, undamaged and in order. */
const DAMAGED = /shared|rotate|late/;
const whole = all.filter(({ name }) => !DAMAGED.test(name));

describe.skipIf(TRACES_MISSING)(`what the text itself counts${SKIPPED}`, () => {
  test.each(whole.map((capture) => [capture.name, capture] as const))('%s', async (_name, capture) => {
    const lines = Object.values(linesOf(capture)).flat();
    const count = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
    const { migrations } = await report(capture.inputs);
    const sum = (pick: (queries: Report['migrations'][number]['queries']) => number): number =>
      migrations.reduce((total, { queries }) => total + pick(queries), 0);
    expect(sum(({ estimate }) => estimate)).toBe(
      count(/(?:^|[ :])(?:qemu_savevm_query_pending exact=0, final=0|migrate_pending_estimate )/),
    );
    expect(sum(({ exact }) => exact)).toBe(
      count(/(?:^|[ :])(?:qemu_savevm_query_pending exact=1, final=0|migrate_pending_exact )/),
    );
    expect(sum(({ final }) => final)).toBe(count(/(?:^|[ :])qemu_savevm_query_pending exact=\d, final=1/));
    expect(sum(({ unspecified }) => unspecified)).toBe(count(/(?:^|[ :])migrate_pending /));
    expect(migrations.reduce((total, { syncs }) => total + syncs, 0)).toBe(
      count(/(?:^|[ :])migration_bitmap_sync_start /),
    );
  });

  test('migration_thread_low_pending is the total of the query before it', async () => {
    let seen = 0;
    for (const { name, inputs } of whole.filter((capture) => /^(?:real\/11\.1|patched)/.test(capture.name))) {
      let total: number | bigint | undefined;
      const sink: ReplaySink = {
        queryMade: (query) => {
          total = query.totalBytes;
        },
        event: ({ event }) => {
          if (event.name !== 'migration_thread_low_pending') return;
          seen += 1;
          expect(event.args.pending, name).toBe(total);
        },
      };
      const request = {
        paths: inputs,
        qmp: undefined,
        band: undefined,
        fullDigest: false,
        sinks: [sink],
        progress: () => undefined,
      };
      await replayInputs(request, planInputs(inputs, undefined));
    }
    expect(seen).toBe(31);
  });

  test('ram_save_complete counts the pages of the final total: 11.1, no postcopy, no bitmaps, no COLO', async () => {
    let seen = 0;
    for (const capture of whole.filter(
      ({ name }) => name.startsWith('real/11.1') && !/bitmap|colo|postcopy/.test(name),
    )) {
      const pages = Object.values(linesOf(capture))
        .flat()
        .flatMap((line) => /ram_save_complete dirty=(\d+), done=0/.exec(line)?.[1] ?? []);
      const totals = (await report(capture.inputs)).migrations.flatMap(({ finalTotalBytes }) => finalTotalBytes ?? []);
      if (totals.length === 0) continue;
      seen += 1;
      expect(totals.at(-1), capture.name).toBe(Number(pages.at(-1)) * 4096);
    }
    expect(seen).toBe(13);
  });
});

/** The last `downtime` that query-migrate of the source answered, in milliseconds. */
function answeredDowntimeMs({ folder }: Capture): number | undefined {
  const samples = join(folder, 'samples.jsonl');
  const path = existsSync(samples) ? samples : join(folder, 'qmp.jsonl');
  let last: number | undefined;
  for (const text of readLines(path)) {
    const entry = JSON.parse(text);
    if (entry.who === 'dst' || entry.side === 'dst') continue;
    const downtime = (entry.r ?? entry.return ?? entry.msg?.return)?.downtime;
    if (typeof downtime === 'number') last = downtime;
  }
  return last;
}

test.skipIf(TRACES_MISSING)(`the downtime is what query-migrate answered, to its rounding${SKIPPED}`, async () => {
  const compared: string[] = [];
  for (const capture of whole) {
    const answered = answeredDowntimeMs(capture);
    const { migrations } = await report(capture.inputs);
    const last = migrations.at(-1);
    if (answered === undefined || last?.downtimeNs == null || last.outcome !== 'completed') continue;
    compared.push(capture.name);
    // QEMU rounds both ends down to milliseconds.
    expect(Math.abs(Number(last.downtimeNs) / 1e6 - answered), `${capture.name}: ${last.downtimeNs} ns`).toBeLessThan(
      1,
    );
  }
  expect(compared.length).toBe(33);
});
