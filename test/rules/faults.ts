/**
 * Faults put into correct runs: the lines that QEMU would have printed, had its
 * code the fault. They work on captures and on inline runs alike, with or
 * without prefixes, probes and mutex events.
 */
type Lines = readonly string[];

/** A switchover by its final query; indices of lines, counted from 0. */
export interface Spot {
  /** The first line of the stop: src-downtime-start, or the VM's new run state. */
  readonly begin: number;
  readonly stop: number;
  /** Probes and syncs of the final query, in order. */
  readonly own: readonly number[];
  readonly final: number;
  readonly end: number;
  readonly checkpoint: boolean;
  readonly postcopy: boolean;
}

/** Undefined: the run never comes to it. */
export type Fault = (lines: Lines) => Lines | undefined;

const PREFIX = /^(?:\d{4}-\d\d-\d\dT[\d:.]+Z |\d+@\d+\.\d+:|.* tracing_mark_write: )/;
const OWN =
  /^(?:qemu_savevm_query_pending_bql|ram_state_pending_sync|migration_bitmap_sync_\w+|mig_dirty_bytes_total_update) /;
const QUERY = /^qemu_savevm_query_pending exact=(\d), final=(\d), precopy=(\d+), stopcopy=(\d+), postcopy=(\d+)/;
const STOPS = /^runstate_set current_run_state \d+ \(\S+\) new_state \d+ \((?:finish-migrate|colo)\)/;
const ENDS =
  /^(?:vmstate_downtime_checkpoint src-downtime-end|qemu_savevm_send_packaged|migrate_set_state new state (?!device|pre-switchover)|runstate_set .*new_state \d+ \((?:running|postmigrate)\))/;

export const textOf = (line: string): string => line.replace(PREFIX, '');
const prefixOf = (line: string | undefined): string => PREFIX.exec(line ?? '')?.[0] ?? '';

/** Lines put in, with the prefix of the line before them: a log's clock does not go back. */
function inserted(lines: Lines, at: number, texts: Lines): Lines {
  const prefix = prefixOf(lines[at - 1]);
  return lines.toSpliced(at, 0, ...texts.map((text) => prefix + textOf(text)));
}

const isFinal = (text: string): boolean => QUERY.exec(text)?.[2] === '1';
const isQuery = (text: string): boolean => QUERY.test(text);

export function spotsOf(lines: Lines): readonly Spot[] {
  const texts = lines.map(textOf);
  return texts.flatMap((text, final) => (isFinal(text) ? [spotAt(texts, final)] : []));
}

function spotAt(texts: Lines, final: number): Spot {
  const previous = texts.findLastIndex((text, at) => at < final && isQuery(text));
  const stop = texts.findLastIndex((text, at) => at < final && STOPS.test(text));
  const own = texts.flatMap((text, at) => (at > Math.max(previous, stop) && at < final && OWN.test(text) ? [at] : []));
  const found = texts.findIndex((text, at) => at > final && ENDS.test(text));
  const end = found < 0 ? texts.length - 1 : found;
  const started = texts[stop - 1] === 'vmstate_downtime_checkpoint src-downtime-start';
  return {
    begin: started ? stop - 1 : stop,
    stop,
    own,
    final,
    end,
    checkpoint: / \(colo\)$/.test(texts[stop] ?? ''),
    postcopy: texts.slice(final, end).some((text) => text.startsWith('ram_postcopy_send_discard_bitmap')),
  };
}

/** Does it to every switchover, the last one first: the indices before stay true. */
const everySwitchover =
  (change: (lines: Lines, spot: Spot) => Lines | undefined, which = (_spot: Spot): boolean => true): Fault =>
  (lines) => {
    const spots = spotsOf(lines).filter(which);
    let changed = lines;
    let done = false;
    for (const spot of spots.toReversed()) {
      const next = change(changed, spot);
      if (next === undefined) continue;
      changed = next;
      done = true;
    }
    return done ? changed : undefined;
  };

/** migration_switchover_start() alone: COLO's checkpoints do not go through it. */
const ownSwitchover = (change: (lines: Lines, spot: Spot) => Lines | undefined): Fault =>
  everySwitchover(change, ({ checkpoint }) => !checkpoint);

function dropped(lines: Lines, out: readonly number[]): Lines {
  return lines.filter((_, at) => !out.includes(at));
}

function edited(lines: Lines, at: readonly number[], edit: (line: string) => string): Lines {
  return lines.map((line, index) => (at.includes(index) ? edit(line) : line));
}

const isSync = (line: string | undefined): boolean => textOf(line ?? '').startsWith('migration_bitmap_sync_');

/** The query's probes, as without a sync. */
const unsynced = (line: string): string => line.replace(/(ram_state_pending_sync .*)sync=1/, '$1sync=0');

function withoutSync(lines: Lines, { own }: { readonly own: readonly number[] }): Lines | undefined {
  const syncs = own.filter((at) => isSync(lines[at]));
  return syncs.length === 0 ? undefined : dropped(edited(lines, own, unsynced), syncs);
}

export const noFinal: Fault = everySwitchover((lines, { own, final }) => dropped(lines, [...own, final]));

export const noSync: Fault = everySwitchover(withoutSync);

export const finalEstimate: Fault = everySwitchover((lines, { own, final }) => {
  const asked = edited(lines, [...own, final], (line) => line.replace('exact=1, final=1', 'exact=0, final=1'));
  return withoutSync(asked, { own });
});

export const doubleFinal = (where: (spot: Spot) => number): Fault =>
  everySwitchover((lines, spot) => {
    const again = [...spot.own, spot.final].map((at) => unchanged(lines[at] ?? ''));
    return inserted(lines, where(spot), again);
  });

/** What is stored a second time was there already. */
const unchanged = (line: string): string =>
  line.replace(/(mig_dirty_bytes_total_update) old=\d+, new=(\d+)/, '$1 old=$2, new=$2');

export const finalBeforeStop: Fault = ownSwitchover((lines, { begin, own, final }) => {
  const moved = [...own, final].map((at) => lines[at] ?? '');
  return inserted(dropped(lines, [...own, final]), begin, moved);
});

/** In the middle of the devices: half way between the final query and the end. */
const middle = ({ final, end }: Spot): number => Math.floor((final + end) / 2) + 1;
export const PLACES: Readonly<Record<string, (spot: Spot) => number>> = {
  'right behind it': ({ final }) => final + 1,
  'among the devices': middle,
  'before the end': ({ end }) => end,
};

/** An estimate, or an exact query that RAM does not sync for. */
export const queryAfterFinal = (where: (spot: Spot) => number, exact = 0): Fault =>
  everySwitchover((lines, spot) => {
    const { own, final } = spot;
    const probes = own
      .map((at) => unsynced(unchanged(lines[at] ?? '')).replace(/exact=\d, final=1/, `exact=${exact}, final=0`))
      .filter((line) => !isSync(line));
    const query = (lines[final] ?? '').replace('exact=1, final=1', `exact=${exact}, final=0`);
    return inserted(lines, where(spot), [...probes, query]);
  });

export const syncAfterFinal = (where: (spot: Spot) => number): Fault =>
  everySwitchover((lines, spot) => {
    const syncs = spot.own.map((at) => lines[at] ?? '').filter(isSync);
    return syncs.length === 0 ? undefined : inserted(lines, where(spot), syncs);
  });

/** Behind a line of postcopy. */
export const syncInPostcopy = (behind: RegExp): Fault =>
  everySwitchover((lines, { own, end, postcopy }) => {
    const at = lines.findIndex((line, index) => index >= end && behind.test(textOf(line)));
    const syncs = own.map((index) => lines[index] ?? '').filter(isSync);
    if (!postcopy || at < 0 || syncs.length === 0) return undefined;
    return inserted(lines, at + 1, syncs);
  });

export const lastStageFalse: Fault = everySwitchover((lines, { own }) => {
  const stages = own.filter((at) => textOf(lines[at] ?? '').startsWith('migration_bitmap_sync_stage'));
  return stages.length === 0
    ? undefined
    : edited(lines, stages, (line) => line.replace('last_stage=1', 'last_stage=0'));
});

export const ackIgnored: Fault = ownSwitchover((lines, { final }) =>
  /ack pending=0/.test(lines[final] ?? '')
    ? edited(lines, [final], (line) => line.replaceAll('ack pending=0', 'ack pending=1'))
    : undefined,
);

/** Half of what RAM has is not counted. */
export const finalSkipsModule: Fault = ownSwitchover((lines, { own, final }) =>
  edited(lines, [...own, final], (line) =>
    line.replace(
      /( precopy| postcopy| total| new)=([1-9]\d*)/g,
      (_, name, bytes) => `${name}=${Math.floor(Number(bytes) / 8192) * 4096}`,
    ),
  ),
);

/** `sum`: what is stored is the right one, only the line is wrong. */
export const wrongTotal =
  (which: 'all' | 'final', stored: 'sum' | 'line' = 'line'): Fault =>
  (lines) => {
    let done = false;
    const changed = lines.map((line, at) => {
      const text = textOf(line);
      const query = QUERY.exec(text) ?? QUERY.exec(textOf(lines[at + 1] ?? ''));
      if (query === null || (which === 'final' && query[2] !== '1')) return line;
      const wrong = Number(query[3]) + Number(query[4]) + Number(query[5]) + 4096;
      if (isQuery(text)) {
        done = true;
        return line.replace(/ total=\d+/, ` total=${wrong}`);
      }
      return stored === 'line' ? line.replace(/(mig_dirty_bytes_total_update old=\d+, new=)\d+/, `$1${wrong}`) : line;
    });
    return done ? changed : undefined;
  };

/** The final query leaves dirty_bytes_total as it was. */
export const skipDirtyBytes: Fault = everySwitchover((lines, { own, final }) => {
  const update = own.find((at) => textOf(lines[at] ?? '').startsWith('mig_dirty_bytes_total_update'));
  const kept = /old=(\d+)/.exec(lines[update ?? -1] ?? '')?.[1];
  if (update === undefined || kept === undefined) return undefined;
  const next = lines.findIndex((line, at) => at > final && textOf(line).startsWith('mig_dirty_bytes_total_update'));
  const told = edited(lines, [next], (line) => line.replace(/old=\d+/, `old=${kept}`));
  return dropped(told, [update]);
});

interface Asked {
  readonly own: readonly number[];
  readonly query: number;
}

/** Queries before any postcopy, with the VM running. */
function iterationQueries(lines: Lines, exact: '0' | '1'): readonly Asked[] {
  const texts = lines.map(textOf);
  const found: Asked[] = [];
  let own: number[] = [];
  let counts = false;
  for (const [at, text] of texts.entries()) {
    if (text === 'migrate_set_state new state active') counts = true;
    if (STOPS.test(text)) counts = false;
    if (/new_state \d+ \(running\)/.test(text) || text === 'migrate_set_state new state active') own = [];
    if (OWN.test(text)) own.push(at);
    const query = QUERY.exec(text);
    if (query === null) continue;
    if (counts && query[1] === exact && query[2] === '0') found.push({ own, query: at });
    own = [];
  }
  return found;
}

export const exactNoSync =
  (which: 'all' | 'one'): Fault =>
  (lines) => {
    const queries = iterationQueries(lines, '1');
    const chosen = which === 'all' ? queries : queries.slice(Math.floor(queries.length / 2)).slice(0, 1);
    let changed: Lines | undefined;
    for (const { own } of chosen.toReversed()) changed = withoutSync(changed ?? lines, { own }) ?? changed;
    return changed;
  };

export const estimateSync =
  (every: number): Fault =>
  (lines) => {
    const queries = iterationQueries(lines, '0');
    if (queries.length <= every) return undefined;
    let changed = lines;
    for (const [index, { own, query }] of [...queries.entries()].toReversed()) {
      if (index % every !== 0) continue;
      const probe = own.find((at) => textOf(lines[at] ?? '').startsWith('ram_state_pending_sync'));
      const told = edited(changed, own, (line) => line.replace(/(ram_state_pending_sync .*)sync=0/, '$1sync=1'));
      const sync = [
        'migration_bitmap_sync_start ',
        ...(probe === undefined ? [] : ['migration_bitmap_sync_stage last_stage=0, bql=0']),
        'migration_bitmap_sync_end dirty_pages 7000',
      ];
      const at = probe === undefined ? query : probe + 1;
      changed = inserted(told, at, sync);
    }
    return changed;
  };

/** The exact query before the decision was never made. */
export const decideOnEstimate: Fault = (lines) => {
  const texts = lines.map(textOf);
  const decision = texts.findIndex((text) => /^(?:migration_thread_low_pending|postcopy_start) /.test(text));
  const last = iterationQueries(lines, '1').findLast(({ query }) => query < decision);
  const query = texts[last?.query ?? -1];
  if (last === undefined || query === undefined || texts.slice(last.query + 1, decision).some(isQuery))
    return undefined;
  const before = texts.findLast((text, at) => at < last.query && isQuery(text)) ?? '';
  const total = / total=(\d+)/.exec(before)?.[1] ?? '0';
  const decided = edited(lines, [decision], (line) => line.replace(/(low_pending )\d+/, `$1${total}`));
  return dropped(decided, [...last.own, last.query]);
};

/** The BQL and the place of bql_unlock(), of all in cpus.c the one where most is released. */
function bqlOf(lines: Lines): { readonly mutex: string; readonly unlock: string } | undefined {
  const places = new Map<string, number>();
  let mutex: string | undefined;
  for (const line of lines) {
    const released = /released mutex (0x\w+) \((\S*(?:system|softmmu)\/cpus\.c:\d+)\)/.exec(line);
    if (released === null) continue;
    mutex ??= released[1];
    const place = released[2] ?? '';
    places.set(place, (places.get(place) ?? 0) + 1);
  }
  const [unlock] = [...places].sort(([, a], [, b]) => b - a)[0] ?? [];
  return mutex === undefined || unlock === undefined ? undefined : { mutex, unlock };
}

/** Given back before the final query, and taken again behind it; `other`: the main loop takes it meanwhile. */
export const noBql = (other: boolean): Fault =>
  everySwitchover((lines, { own, final }) => {
    const bql = bqlOf(lines);
    const told = edited(lines, own, (line) => line.replace('locked=1', 'locked=0').replace('bql=1', 'bql=0'));
    if (bql === undefined) return told.some((line, at) => line !== lines[at]) ? told : undefined;
    const folder = bql.unlock.replace(/(?:system|softmmu)\/cpus\.c:\d+$/, '');
    const waits = (site: string): string => `qemu_mutex_lock waiting on mutex ${bql.mutex} (${folder}${site})`;
    const takes = (site: string): string => `qemu_mutex_locked taken mutex ${bql.mutex} (${folder}${site})`;
    const releases = `qemu_mutex_unlock released mutex ${bql.mutex} (${bql.unlock})`;
    const main = 'util/main-loop.c:311';
    const again = 'migration/migration.c:3006';
    const before = [releases, ...(other ? [waits(main), takes(main)] : [])];
    const behind = [waits(again), ...(other ? [releases] : []), takes(again)];
    return inserted(inserted(told, final + 1, behind), own[0] ?? final, before);
  });

/** QEMU dies in the first final query: before its probes, or behind RAM's handler. */
export const aborted =
  (where: 'begin' | 'handlers'): Fault =>
  (lines) => {
    const [spot] = spotsOf(lines);
    if (spot === undefined) return undefined;
    const synced = spot.own.findLast((at) => isSync(lines[at]));
    if (where === 'handlers' && synced === undefined) return undefined;
    return lines.slice(0, where === 'begin' ? (spot.own[0] ?? spot.final) : (synced ?? 0) + 1);
  };

/** Without the lines of other mutexes than the BQL. */
export function bqlOnly(files: Readonly<Record<string, Lines>>): Readonly<Record<string, Lines>> {
  const bql = bqlOf(Object.values(files).flat())?.mutex;
  const keep = (line: string): boolean => {
    const mutex = / mutex (0x\w+) \(/.exec(line)?.[1];
    return mutex === undefined || mutex === bql;
  };
  return Object.fromEntries(Object.entries(files).map(([name, lines]) => [name, lines.filter(keep)]));
}

/** A run with the probe events of every query. */
export function probed(lines: Lines): Lines {
  let stored = '0';
  const syncs: string[] = [];
  let postcopy = 0;
  let setup = true;
  return lines.flatMap((text) => {
    if (text === 'migrate_set_state new state active') setup = false;
    if (text.startsWith('qemu_savevm_send_packaged')) postcopy = 1;
    if (isSync(text) && !setup) {
      syncs.push(text);
      return [];
    }
    const query = QUERY.exec(text);
    if (query === null) return [...syncs.splice(0), text];
    const [, exact, final] = query;
    const [start, end] = syncs.splice(0);
    const bql = final === '1' ? 1 : 0;
    const total = / total=(\d+)/.exec(text)?.[1] ?? '0';
    const probes = [
      `qemu_savevm_query_pending_bql locked=${bql}`,
      `ram_state_pending_sync exact=${exact}, final=${final}, in_postcopy=${postcopy}, sync=${start === undefined ? 0 : 1}`,
      ...(start === undefined || end === undefined
        ? []
        : [start, `migration_bitmap_sync_stage last_stage=${bql}, bql=1`, end]),
      `mig_dirty_bytes_total_update old=${stored}, new=${total}`,
    ];
    stored = total;
    return [...probes, text];
  });
}
