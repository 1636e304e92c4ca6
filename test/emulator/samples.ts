/** What query-migrate answered, held against the log: the relations that held in the samples of real processes. */
import type { Band } from '../../src/catalog/vocabulary.ts';
import type { Tally } from './invariants.ts';
import { type Attempt, type Entry, numberIn, type ProtocolLog } from './protocol-log.ts';

/** One answer, and when it was asked for and came. */
export interface Sample {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly status: string;
  readonly answer: Readonly<Record<string, unknown>>;
  readonly ram: Readonly<Record<string, unknown>>;
}

export interface SampledLog extends ProtocolLog {
  readonly samples: readonly Sample[];
}

export function readSamples(lines: readonly string[]): readonly Sample[] {
  return lines.flatMap((text) => {
    const { t0, t1, r }: { t0: number; t1: number; r?: Record<string, unknown> } = JSON.parse(text);
    const status = r?.['status'];
    if (r === undefined || typeof status !== 'string') return [];
    const ram = r['ram'];
    const shown = typeof ram === 'object' && ram !== null ? { ...ram } : {};
    return [{ fromSeconds: t0, toSeconds: t1, status, answer: r, ram: shown }];
  });
}

export interface Relation {
  readonly id: string;
  readonly words: string;
  check(log: SampledLog, tally: Tally): void;
}

/** Stamps are cut off to microseconds, and host and QEMU read their clocks one after another. */
const SLACK = 0.000_002;

const isBefore = ({ seconds = 0 }: Entry, time: number): boolean => seconds <= time + SLACK;

/** The attempt that a sample speaks of. */
function attemptAt({ attempts }: ProtocolLog, { toSeconds }: Sample): Attempt | undefined {
  return attempts.filter(({ entries: [first] }) => first !== undefined && isBefore(first, toSeconds)).at(-1);
}

function eachSample(log: SampledLog, check: (sample: Sample, attempt: Attempt, entry: Entry) => void): void {
  for (const sample of log.samples) {
    const attempt = attemptAt(log, sample);
    const entry = attempt?.entries.filter((one) => isBefore(one, sample.toSeconds)).at(-1);
    if (attempt !== undefined && entry !== undefined) check(sample, attempt, entry);
  }
}

/** The last one before the question, and those that came until the answer. */
function around<T extends { readonly entry: Entry }>(list: readonly T[], { fromSeconds, toSeconds }: Sample) {
  const before = list.filter(({ entry }) => (entry.seconds ?? 0) < fromSeconds - SLACK).at(-1);
  const during = list.filter(
    ({ entry: { seconds = 0 } }) => seconds >= fromSeconds - SLACK && seconds <= toSeconds + SLACK,
  );
  return [...(before === undefined ? [] : [before]), ...during];
}

function syncedBehind({ entries }: Attempt, query: Entry | undefined, { toSeconds }: Sample): boolean {
  return entries.some(
    (one) => one.event === 'migration_bitmap_sync_start' && one.line > (query?.line ?? 0) && isBefore(one, toSeconds),
  );
}

const FIELD: Readonly<Partial<Record<Band, string>>> = { '11.1': 'remaining', thread: 'dirty-bytes-total' };

const bandwidthsIn = ({ entries }: Attempt) =>
  entries.flatMap((entry) => {
    if (entry.event !== 'migrate_transferred') return [];
    const sent = numberIn(entry.args, /transferred (\d+)/) ?? 0;
    return [{ entry, perMs: sent / (numberIn(entry.args, /time_spent (\d+)/) ?? 1) }];
  });

function completedMs(attempt: Attempt, from: (entry: Entry) => boolean, to: (entry: Entry) => boolean) {
  const [start, end] = [attempt.entries.find(from)?.seconds, attempt.entries.find(to)?.seconds];
  return start === undefined || end === undefined ? undefined : (end - start) * 1000;
}

export const RELATIONS: readonly Relation[] = [
  {
    id: 'remaining',
    words: 'remaining (of the patched QEMU dirty-bytes-total) is the total of the last query before or during the poll',
    check: (log, tally) =>
      eachSample(log, (sample, { queries }, entry) => {
        const value = sample.answer[FIELD[log.version] ?? ''];
        if (value === undefined || sample.status === 'completed') return;
        const totals = around(queries, sample).map(({ total }) => total);
        tally.expect(totals.length === 0 ? value === 0 : totals.includes(Number(value)), log, entry, `${value}`);
      }),
  },
  {
    id: 'ram-remaining',
    words: 'ram.remaining is live: never above the last total',
    check: (log, tally) =>
      eachSample(log, (sample, attempt, entry) => {
        const value = sample.ram['remaining'];
        const known = around(attempt.queries, sample);
        // A recovery may bring pages back, and up to 10.x a switchover syncs without a query.
        const isFresh = /recover|paused|device/.test(sample.status) || log.version === '7.2' || log.version === '10.0';
        // A module that takes its time leaves RAM synced before the query has its total.
        const isSyncing = syncedBehind(attempt, known.at(-1)?.entry, sample);
        if (typeof value !== 'number' || known.length === 0 || isFresh || isSyncing) return;
        tally.expect(value <= Math.max(...known.map(({ total }) => total)), log, entry, `${value}`);
      }),
  },
  {
    id: 'expected-downtime',
    words:
      'expected-downtime (11.1) is floor(total of the last exact query / current bandwidth), before the first one the downtime-limit',
    check: (log, tally) =>
      eachSample(log, (sample, attempt, entry) => {
        const value = sample.answer['expected-downtime'];
        if (log.version !== '11.1' || typeof value !== 'number') return;
        const exact = around(
          attempt.queries.filter(({ kind }) => kind !== 'estimate'),
          sample,
        );
        const speeds = around(bandwidthsIn(attempt), sample);
        const allowed = exact.flatMap(({ total }) =>
          speeds.length === 0 ? [2 ** 63] : speeds.map(({ perMs }) => Math.floor(total / perMs)),
        );
        // Nothing to go by yet, or only just.
        if (exact.length < 2 || speeds.length === 0) allowed.push(value < 2000 ? value : -1, 2 ** 63);
        tally.expect(allowed.includes(value), log, entry, `${value}, not one of ${allowed}`);
      }),
  },
  {
    id: 'dirty-sync-count',
    words: 'dirty-sync-count is the number of syncs, in 11.1 without those of final queries',
    check: (log, tally) => {
      const last = log.samples.filter(({ status }) => status === 'completed').at(-1);
      const attempt = last === undefined ? undefined : attemptAt(log, last);
      const end = attempt?.entries.at(-1);
      if (last === undefined || attempt === undefined || end === undefined || attempt.queries.length === 0) return;
      const syncs = attempt.entries.filter(({ event }) => event === 'migration_bitmap_sync_end').length;
      const finals = log.version === '11.1' ? attempt.queries.filter(({ kind }) => kind === 'final').length : 0;
      tally.expect(last.ram['dirty-sync-count'] === syncs - finals, log, end, `${last.ram['dirty-sync-count']}`);
    },
  },
  {
    id: 'downtime',
    words:
      'downtime is src-downtime-start to src-downtime-end within 1 ms, in precopy also finish-migrate to completed; COLO has 0, a failure none',
    check: (log, tally) =>
      eachSample(log, (sample, attempt, entry) => {
        const { status, answer } = sample;
        if (/^(?:failed|cancelled)$/.test(status))
          tally.expect(answer['downtime'] === undefined, log, entry, 'a downtime');
        if (status !== 'completed') return;
        const has = (text: string) => (one: Entry) => one.args.includes(text);
        if (attempt.entries.some(has('new state colo'))) {
          tally.expect(answer['downtime'] === 0, log, entry, 'a downtime of COLO');
          return;
        }
        const isPostcopy = attempt.entries.some(({ event }) => event === 'qemu_savevm_send_packaged');
        const shown = completedMs(attempt, has('src-downtime-start'), has('src-downtime-end'));
        const states = completedMs(attempt, has('(finish-migrate)'), has('new state completed'));
        const ms = shown ?? (isPostcopy ? undefined : states);
        if (ms === undefined) return;
        tally.expect(
          Math.abs(Number(answer['downtime']) - ms) <= 1.1,
          log,
          entry,
          `${answer['downtime']} for ${ms} ms`,
        );
      }),
  },
];

/** The fields of each state, in their order: `active: expected-downtime remaining ...`. */
export function fieldsOf(samples: readonly Sample[]): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, Set<string>>();
  for (const { status, answer, ram } of samples) {
    const inner = Object.keys(ram);
    const fields = [...Object.keys(answer), ...(inner.length === 0 ? [] : [`ram: ${inner.join(' ')}`])].join(' ');
    known.set(status, (known.get(status) ?? new Set()).add(fields));
  }
  return known;
}
