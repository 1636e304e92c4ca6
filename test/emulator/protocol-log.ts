/** A log as the invariants read it: its queries, each with what stands between it and the one before. Reads text only, as any reader of QEMU's logs does. */
import type { Band } from '../../src/catalog/vocabulary.ts';

export interface Entry {
  /** Counted from 1. */
  readonly line: number;
  readonly event: string;
  readonly args: string;
  /** Since 1970; undefined where lines have no time. */
  readonly seconds: number | undefined;
}

export interface Query {
  readonly entry: Entry;
  /** 7.2 has one kind. */
  readonly kind: 'estimate' | 'exact' | 'final' | 'any';
  readonly precopy: number;
  readonly stopcopy: number;
  readonly postcopy: number;
  readonly total: number;
  /** exact=, as it is printed. */
  readonly isExact: boolean;
  readonly acks: number;
  /** In the same attempt. */
  readonly previous: Query | undefined;
  /** Between the one before, or the attempt's beginning, and this. */
  readonly between: readonly Entry[];
  /** dirty_pages of the syncs between. */
  readonly syncs: readonly number[];
  /** max_size of the last migrate_transferred of the attempt. */
  readonly threshold: number | undefined;
  readonly hasPostcopyBegun: boolean;
  readonly isInColo: boolean;
}

export interface Attempt {
  readonly entries: readonly Entry[];
  readonly queries: readonly Query[];
}

export interface ProtocolLog {
  readonly name: string;
  readonly version: Band;
  readonly entries: readonly Entry[];
  readonly attempts: readonly Attempt[];
  /** Modules whose bytes are not pages. */
  readonly hasDevices: boolean;
  readonly hasBitmaps: boolean;
}

const LINE =
  /^(?:(?<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)Z |\d+@(?<unix>\d+\.\d+):)?(?<event>[a-z][a-z0-9]*_[a-z0-9_]*) (?<args>.*)$/;

export function readLog(name: string, version: Band, lines: readonly string[], hasDevices = false): ProtocolLog {
  const entries = lines.flatMap((text, index) => entryOf(text, index + 1));
  return {
    name,
    version,
    entries,
    attempts: split(entries).map((part) => ({ entries: part, queries: queriesOf(part) })),
    hasDevices,
    hasBitmaps: entries.some(({ event }) => /^dirty_bitmap_(?:state|save)_pending$/.test(event)),
  };
}

function entryOf(text: string, line: number): readonly Entry[] {
  const { iso, unix, event, args = '' } = LINE.exec(text)?.groups ?? {};
  if (event === undefined) return [];
  const seconds = iso === undefined ? unix : secondsOf(iso);
  return [{ line, event, args: args.trimEnd(), seconds: seconds === undefined ? undefined : Number(seconds) }];
}

/** Date knows no microseconds. */
function secondsOf(iso: string): number {
  const [whole = '', fraction = '0'] = iso.split('.');
  return Date.parse(`${whole}Z`) / 1000 + Number(`0.${fraction}`);
}

function split(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const starts = entries.flatMap(({ event, args }, index) =>
    event === 'migrate_set_state' && args === 'new state setup' ? [index] : [],
  );
  return starts.map((start, index) => entries.slice(start, starts[index + 1]));
}

function queriesOf(entries: readonly Entry[]): readonly Query[] {
  const queries: Query[] = [];
  let between: Entry[] = [];
  let threshold: number | undefined;
  let hasPostcopyBegun = false;
  let isInColo = false;
  for (const entry of entries) {
    const found = numbersOf(entry);
    if (found === undefined) {
      between.push(entry);
      if (entry.event === 'migrate_transferred') threshold = numberIn(entry.args, /max_size (\d+)/);
      if (entry.event === 'qemu_savevm_send_packaged') hasPostcopyBegun = true;
      if (entry.args === 'new state colo') isInColo = true;
      continue;
    }
    const syncs = between.flatMap(({ event, args }) =>
      event === 'migration_bitmap_sync_end' ? [numberIn(args, /dirty_pages (\d+)/) ?? 0] : [],
    );
    const context = { entry, previous: queries.at(-1), between, syncs, threshold, hasPostcopyBegun, isInColo };
    queries.push({ ...found, ...context });
    between = [];
  }
  return queries;
}

type Numbers = Pick<Query, 'kind' | 'precopy' | 'stopcopy' | 'postcopy' | 'total' | 'isExact' | 'acks'>;

function numbersOf({ event, args }: Entry): Numbers | undefined {
  const all = [...args.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  switch (event) {
    case 'migrate_pending': {
      const [total = 0, , pre = 0, compat = 0, post = 0] = all;
      return { kind: 'any', precopy: pre, stopcopy: 0, postcopy: compat + post, total, isExact: false, acks: 0 };
    }
    case 'migrate_pending_estimate':
    case 'migrate_pending_exact': {
      const [total = 0, precopy = 0, postcopy = 0] = all;
      const isExact = event === 'migrate_pending_exact';
      return { kind: isExact ? 'exact' : 'estimate', precopy, stopcopy: 0, postcopy, total, isExact, acks: 0 };
    }
    case 'qemu_savevm_query_pending': {
      const [exact = 0, final = 0, precopy = 0, stopcopy = 0, postcopy = 0, total = 0, collected = 0, left = 0] = all;
      const kind = final === 1 ? 'final' : exact === 1 ? 'exact' : 'estimate';
      return { kind, precopy, stopcopy, postcopy, total, isExact: exact === 1, acks: collected + left };
    }
    default:
      return undefined;
  }
}

export function numberIn(text: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
