/**
 * Takes lines out of captures of correct runs: an event that was not switched
 * on, a line that was lost, a log that starts late or ends early. No rule may
 * become `violated` by that; from captures of faults no other rule may.
 *
 * Three reductions keep the runs short, all deterministic. Mutex lines of other
 * mutexes than the BQL, most lines of the @mutex captures, are taken out
 * beforehand: only a release in cpus.c tells which mutex is the BQL. Of the
 * lines that only keep the loop going (sections of RAM, transfers, waits) every
 * 5th is removed, in logs above BIG lines every 20th. Small logs are cut at
 * every 5th line, big ones at about CUTS places.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Capture,
  eventOf,
  linesOf,
  metaOf,
  patchedCaptures,
  readLines,
  realCaptures,
  SKIPPED,
  TRACES_MISSING,
} from './captures.ts';
import { FINISH_TO_RUNNING } from './runs.ts';
import { quickVerdicts } from './support.ts';

type Files = Readonly<Record<string, readonly string[]>>;

const BIG = 3000;
const CUTS = 15;
const NEAR_FINAL = 30;

/** Of a guest that dirties as fast as the link sends: where the log is cut, the migration goes on so. */
const STANDSTILL = ['migration-not-converging of migration 0'];

/** Postcopy with a downtime-limit of 1 ms: the VM stood still for 2.080 and 8.664 ms. */
const OVER_LIMIT = ['patched/no-bql-postcopy-tid', 'patched/skip-dirty-bytes-postcopy'];

/** Lines that come with every device or channel and that no rule reads. */
const DETAIL =
  /^(?:vmstate_downtime_save|savevm_section_skip|multifd_|send_bitmap_|source_return_path_thread_loop_top)/;

const FAULTY = /^patched\/(?!clean-|ftrace-clean|simple-clean)/;
const captures = [...realCaptures(), ...patchedCaptures()];
const clean = captures.filter(({ name }) => !FAULTY.test(name));
const faulty = captures.filter(({ name }) => FAULTY.test(name));
const named = (list: readonly Capture[]) => list.map((capture) => [capture.name, capture] as const);

/** Without the lines of other mutexes than the BQL. */
function withBqlOnly(files: Files): Files {
  const bql = new Set(
    Object.values(files)
      .flat()
      .flatMap((line) => /released mutex (0x\w+) \(\S*(?:system|softmmu)\/cpus\.c/.exec(line)?.[1] ?? []),
  );
  return mapLines(files, (line) => {
    const mutex = /(?:waiting on|taken|released) mutex (0x\w+) \(/.exec(line)?.[1];
    return mutex === undefined || bql.has(mutex);
  });
}

function mapLines(files: Files, keep: (line: string) => boolean): Files {
  return Object.fromEntries(Object.entries(files).map(([name, lines]) => [name, lines.filter(keep)]));
}

const sizeOf = (files: Files): number => Object.values(files).reduce((sum, lines) => sum + lines.length, 0);

function eventsIn(files: Files): readonly string[] {
  return [
    ...new Set(
      Object.values(files)
        .flat()
        .flatMap((line) => eventOf(line) ?? []),
    ),
  ].sort();
}

/** What is violated, `RULE of migration N`. */
async function violatedIn(files: Files, qmp?: readonly string[]): Promise<readonly string[]> {
  const bytes = Object.fromEntries(
    Object.entries(files).map(([name, lines]) => [name, Buffer.from(`${lines.join('\n')}\n`, 'latin1')]),
  );
  const verdicts = await quickVerdicts(bytes, qmp === undefined ? {} : { qmp });
  return verdicts
    .filter(({ verdict }) => verdict === 'violated')
    .map(({ rule, migration }) => `${rule} of migration ${migration}`);
}

/** What is wrong with it by construction, and what its parameters make of it. */
function expectedOf(capture: Capture): readonly string[] {
  const rules = [...metaOf(capture).rules, ...(OVER_LIMIT.includes(capture.name) ? ['downtime-over-limit'] : [])];
  return rules.map((rule) => `${rule} of migration 0`);
}

/** Collects false accusations, so that one run shows them all. */
class Accusations {
  readonly list: string[] = [];

  add(what: string, violated: readonly string[], allowed: readonly string[] = []): void {
    const unexpected = violated.filter((rule) => !allowed.includes(rule));
    if (unexpected.length > 0) this.list.push(`${what}: ${unexpected.join(', ')}`);
  }
}

/** A line that a rule may read: not a device's, a channel's or a lock's. */
function isProtocol(line: string): boolean {
  const event = eventOf(line);
  if (event === undefined || DETAIL.test(event) || event.startsWith('qemu_mutex_')) return false;
  return !event.startsWith('savevm_section_') || / ram,/.test(line);
}

/**
 * The one line whose loss looks exactly like the fault: the final query's own
 * store. Nothing comes after it that would show the old value, and the fault
 * `skip-dirty-bytes` leaves out this very line and nothing else.
 */
function looksLikeTheFault(line: string, next: string | undefined): readonly string[] {
  const isFinalStore = eventOf(line) === 'mig_dirty_bytes_total_update' && next?.includes('final=1, precopy=') === true;
  return isFinalStore ? ['dirty-bytes-not-updated of migration 0'] : [];
}

describe.skipIf(TRACES_MISSING)(`a correct run of which something is missing${SKIPPED}`, () => {
  test.each(named(clean))('%s: one event type', async (_name, capture) => {
    const files = withBqlOnly(linesOf(capture));
    const found = new Accusations();
    for (const event of eventsIn(files)) {
      found.add(`without ${event}`, await violatedIn(mapLines(files, (line) => eventOf(line) !== event)));
    }
    expect(found.list).toEqual([]);
  });

  test.each(named(clean))('%s: one line of the protocol', async (_name, capture) => {
    const files = withBqlOnly(linesOf(capture));
    const stride = sizeOf(files) > BIG ? 20 : 5;
    const found = new Accusations();
    let count = 0;
    for (const [name, lines] of Object.entries(files)) {
      for (const [index, line] of lines.entries()) {
        const rare = !/^(?:savevm_|migrate_transferred|migration_rate_limit|ram_save_iterate)/.test(
          eventOf(line) ?? '',
        );
        if (!isProtocol(line)) continue;
        count += 1;
        if (!rare && count % stride !== 0) continue;
        const violated = await violatedIn({ ...files, [name]: lines.toSpliced(index, 1) });
        found.add(`without ${name}:${index + 1} ${line}`, violated, looksLikeTheFault(line, lines[index + 1]));
      }
    }
    expect(found.list).toEqual([]);
  });

  test.each(
    named(clean.filter(({ name }) => /mutex|precopy-x|ftrace/.test(name))),
  )('%s: one line of the BQL', async (_name, capture) => {
    const files = withBqlOnly(linesOf(capture));
    const found = new Accusations();
    for (const [name, lines] of Object.entries(files)) {
      const finals = lines.flatMap((line, index) => (line.includes('final=1, precopy=') ? [index] : []));
      const locks = lines.flatMap((line, index) => (eventOf(line)?.startsWith('qemu_mutex_') === true ? [index] : []));
      const chosen = locks.filter(
        (index, at) =>
          at % Math.ceil(locks.length / 25) === 0 || finals.some((final) => Math.abs(final - index) <= NEAR_FINAL),
      );
      for (const index of chosen) {
        found.add(
          `without ${name}:${index + 1} ${lines[index]}`,
          await violatedIn({ ...files, [name]: lines.toSpliced(index, 1) }),
        );
      }
    }
    expect(found.list).toEqual([]);
  });

  test.each(named(clean))('%s: the log starts later or ends earlier', async (_name, capture) => {
    const files = withBqlOnly(linesOf(capture));
    const stride = sizeOf(files) > BIG ? sizeOf(files) / CUTS : 5;
    const found = new Accusations();
    for (const [name, lines] of Object.entries(files)) {
      for (let at = 1; at < lines.length; at += Math.ceil(stride)) {
        found.add(`from ${name}:${at + 1} on`, await violatedIn({ ...files, [name]: lines.slice(at) }));
        found.add(`up to ${name}:${at}`, await violatedIn({ ...files, [name]: lines.slice(0, at) }), STANDSTILL);
      }
    }
    expect(found.list).toEqual([]);
  });
});

/** mulberry32: the same choices on every machine. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Events that a rule or the replay reads: what a user may have left out of the events file. */
const READ = [
  'migrate_set_state',
  'runstate_set',
  'vm_state_notify',
  'vmstate_downtime_checkpoint',
  'migration_completion_vm_stop',
  'colo_vm_state_change',
  'postcopy_start',
  'migration_thread_low_pending',
  'qemu_savevm_send_packaged',
  'qemu_savevm_send_postcopy_advise',
  'qemu_savevm_send_postcopy_ram_discard',
  'ram_postcopy_send_discard_bitmap',
  'migration_block_activation',
  'migration_precopy_complete',
  'savevm_send_switchover_start',
  'savevm_section_start',
  'savevm_section_end',
  'ram_save_complete',
  'migration_bitmap_sync_start',
  'migration_bitmap_sync_end',
  'qmp_enter_migrate',
  'qmp_enter_snapshot_save',
  'ram_write_tracking_ramblock_start',
  'savevm_state_header',
  'savevm_state_setup',
  'migrate_transferred',
];

async function withSubsets(files: Files, seed: number, runs: number): Promise<readonly string[]> {
  const random = generator(seed);
  const present = eventsIn(files);
  const candidates = READ.filter((event) => present.includes(event));
  const found = new Accusations();
  for (let run = 0; run < runs; run += 1) {
    const share = [0.15, 0.3, 0.5, 0.75][run % 4] ?? 0.5;
    const off = new Set(candidates.filter(() => random() < share));
    const on = candidates.filter((event) => !off.has(event));
    const violated = await violatedIn(mapLines(files, (line) => !off.has(eventOf(line) ?? '')));
    found.add(`of ${candidates.length} events only ${on.join(' ')}`, violated);
  }
  return found.list;
}

const small = clean.filter((capture) => sizeOf(linesOf(capture)) <= BIG);

describe.skipIf(TRACES_MISSING)(`a correct run recorded with fewer events${SKIPPED}`, () => {
  test.each(named(small))('%s', async (name, capture) => {
    expect(await withSubsets(linesOf(capture), name.length, 40)).toEqual([]);
  });
});

/** The second run of a process, its commands and what follows, a day later. */
function secondRun(name: string): readonly string[] {
  const lines = soleLog(name);
  const begin = lines.findIndex((line) => / qmp_enter_migrate \{/.test(line));
  return lines.slice(begin).map((line) => line.replace(/^2026-11-23/, '2026-11-24'));
}

function soleLog(name: string): readonly string[] {
  const capture = captures.find((one) => one.name === `real/11.1/${name}`);
  return readLines(capture?.inputs[0] ?? '');
}

describe.skipIf(TRACES_MISSING)(`two correct runs of one process, recorded with fewer events${SKIPPED}`, () => {
  // Only runs after which the guest runs again: from postmigrate no migration starts.
  const firsts = ['switchover-fail@ts', 'cancel@ts', 'colo@ts', 'background-snapshot@ts'];
  const seconds = ['precopy-iter@ts', 'postcopy@ts', 'colo@ts', 'switchover-pause@ts'];

  test.each(
    firsts.flatMap((first) => seconds.map((second) => [first, second] as const)),
  )('%s, then %s', async (first, second) => {
    const files = { 'src.log': [...soleLog(first), ...secondRun(second)] };
    expect(
      soleLog(first).some((line) => line.endsWith(FINISH_TO_RUNNING)) || !first.startsWith('switchover-fail'),
    ).toBe(true);
    expect(await violatedIn(files)).toEqual([]);
    const found = new Accusations();
    for (const event of READ) {
      found.add(`without ${event}`, await violatedIn(mapLines(files, (line) => eventOf(line) !== event)));
    }
    expect([...found.list, ...(await withSubsets(files, first.length * second.length, 30))]).toEqual([]);
  });
});

describe.skipIf(TRACES_MISSING)(`a correct run with samples of query-migrate, one query line lost${SKIPPED}`, () => {
  const sampled = small.flatMap((capture) => {
    const path = ['samples.jsonl', 'qmp.jsonl']
      .map((file) => join(capture.folder, file))
      .find((file) => existsSync(file));
    return path === undefined || !/^(?:real\/11\.1|patched)/.test(capture.name)
      ? []
      : [[capture.name, capture, path] as const];
  });

  test.each(sampled)('%s', async (_name, capture, path) => {
    const qmp = readLines(path);
    const files = linesOf(capture);
    const found = new Accusations();
    found.add('whole', await violatedIn(files, qmp));
    for (const [name, lines] of Object.entries(files)) {
      for (const [index, line] of lines.entries()) {
        if (eventOf(line) !== 'qemu_savevm_query_pending') continue;
        found.add(
          `without ${name}:${index + 1} ${line}`,
          await violatedIn({ ...files, [name]: lines.toSpliced(index, 1) }, qmp),
        );
      }
    }
    expect(found.list).toEqual([]);
  });
});

/**
 * Two lines of faulty runs whose loss leaves exactly the log of another fault:
 * the final query that did not sync, or not in its place, is then not there at
 * all, and nothing else of it ever was.
 */
const OTHER_FAULT: Readonly<Record<string, readonly string[]>> = {
  'patched/postcopy-no-sync-postcopy': ['final-missing of migration 0'],
  'patched/simple-final-before-stop-precopy': ['final-missing of migration 0'],
};

describe.skipIf(TRACES_MISSING)(`a faulty run of which something is missing${SKIPPED}`, () => {
  test.each(named(faulty))('%s: one event type', async (_name, capture) => {
    const files = withBqlOnly(linesOf(capture));
    const expected = expectedOf(capture);
    const found = new Accusations();
    found.add('whole', await violatedIn(files), expected);
    for (const event of eventsIn(files)) {
      found.add(`without ${event}`, await violatedIn(mapLines(files, (line) => eventOf(line) !== event)), expected);
    }
    expect(found.list).toEqual([]);
  });

  test.each(named(faulty))('%s: one line of the protocol', async (name, capture) => {
    const files = withBqlOnly(linesOf(capture));
    const expected = expectedOf(capture);
    const found = new Accusations();
    for (const [file, lines] of Object.entries(files)) {
      for (const [index, line] of lines.entries()) {
        if (!isProtocol(line)) continue;
        const other = line.includes('final=1, precopy=') ? (OTHER_FAULT[name] ?? []) : [];
        const allowed = [...expected, ...other, ...looksLikeTheFault(line, lines[index + 1])];
        const violated = await violatedIn({ ...files, [file]: lines.toSpliced(index, 1) });
        found.add(`without ${file}:${index + 1} ${line}`, violated, allowed);
      }
    }
    expect(found.list).toEqual([]);
  });
});
