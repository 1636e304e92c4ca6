/**
 * Tells a migration step by step, as it is replayed: a line per iteration with
 * equal ones folded, every state, and the switchover in full. Nothing is kept
 * but the step in hand, so a log of any size can be told.
 */

import { shorten, visible } from '../base/text.ts';
import { formatDuration, formatSeconds } from '../base/units.ts';
import type { EventItem } from '../ingest/trace-item.ts';
import type { Migration, Moment, Query, StateChange, Switchover, Sync } from '../replay/run.ts';
import type { ReplaySink } from '../replay/sink.ts';
import type { RoundReport } from './report.ts';
import { RoundTable } from './rounds.ts';

/** Lines of a switchover that say nothing a reader of the sequence looks for. */
const LEFT_OUT =
  /^(?:savevm_section_|savevm_command_send$|savevm_state_iterate$|migration_rate_limit_|qmp_exit_|postcopy_discard_send_finish$)/;
const LONGEST = 160;

export class SequenceTeller implements ReplaySink {
  readonly listensTo = { inRounds: false };
  readonly #write: (line: string) => void;
  readonly #nameOf: (input: number) => string;
  #rounds: RoundTable | undefined;
  #inSwitchover = false;
  #stopNs: number | undefined;
  #beganRounds = false;

  constructor(write: (line: string) => void, nameOf: (input: number) => string) {
    this.#write = write;
    this.#nameOf = nameOf;
  }

  migrationBegins(migration: Migration): void {
    const { first, startSeen } = migration;
    const where = `${this.#nameOf(first.place.input)}:${first.place.line}`;
    this.#write(`Migration ${migration.index}, ${startSeen ? 'from' : 'seen from the middle on, at'} ${where}`);
    this.#beganRounds = false;
    this.#rounds = new RoundTable(this.#nameOf, (row) => this.#write(roundLine(row)));
  }

  migrationEnds(migration: Migration): void {
    this.#rounds?.finish();
    this.#leaveSwitchover();
    const { kind, outcome, counts, syncCount, downtime } = migration;
    const queries = Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []));
    const took = downtime === undefined ? '' : `; downtime ${formatDuration(downtime.durationNs)}`;
    this.#write(`  ${kind}, ${outcome}; queries: ${queries.join(', ') || 'none'}; ${syncCount} syncs${took}`);
    this.#write('');
  }

  queryMade(query: Query): void {
    this.#beganRounds = true;
    if (query.switchover === undefined && query.final !== true) this.#rounds?.add(query);
    else this.#step(query.at, queryText(query));
  }

  /** Who held the lock at a final query shows only later. */
  query(query: Query): void {
    if (query.final !== true) return;
    const { bql, bqlAtSync } = query;
    if (bqlAtSync !== undefined && bqlAtSync.holder !== bql.holder && bqlAtSync.holder !== 'not-shown')
      this.#step(query.at, `(BQL at its sync: ${bqlAtSync.holder}; ${bqlAtSync.how})`);
    if (bql.holder !== 'not-shown') this.#step(query.at, `(BQL at the final query: ${bql.holder}; ${bql.how})`);
  }

  /** In the rounds a sync is part of its query's line. */
  syncEnds(sync: Sync): void {
    if (!this.#beganRounds || this.#inSwitchover) this.#syncLine(sync);
  }

  state(change: StateChange): void {
    this.#rounds?.flush();
    const entering = change.state === 'device' || change.state === 'pre-switchover';
    if (!entering && change.state !== 'active') this.#leaveSwitchover();
    this.#step(change.at, `state ${change.state}`);
  }

  event(item: EventItem, migration: Migration | undefined, ns: number | undefined): void {
    if (migration === undefined || !this.#isToldHere(item)) return;
    this.#rounds?.flush();
    const at: Moment = { place: item.place, ns, thread: item.thread };
    if (stops(item)) {
      this.#inSwitchover = true;
      this.#stopNs = ns;
    }
    this.#step(at, eventText(item));
  }

  switchover(_switchover: Switchover): void {
    this.#leaveSwitchover();
  }

  #isToldHere({ event }: EventItem): boolean {
    if (LEFT_OUT.test(event.name)) return false;
    if (this.#inSwitchover) return true;
    return TOLD_ALWAYS.has(event.name);
  }

  #leaveSwitchover(): void {
    this.#inSwitchover = false;
    this.#stopNs = undefined;
  }

  #syncLine(sync: Sync): void {
    const at = sync.end ?? sync.start;
    if (at === undefined) return;
    const took =
      sync.start?.ns === undefined || sync.end?.ns === undefined
        ? ''
        : ` in ${formatDuration(sync.end.ns - sync.start.ns)}`;
    const stage = sync.stage === undefined ? '' : `, last_stage=${sync.stage.lastStage ? 1 : 0}`;
    this.#step(at, `sync${took}, dirty_pages ${sync.dirtyPages ?? '-'}${stage}`);
  }

  #step(at: Moment, text: string): void {
    const time = at.ns === undefined ? '-' : formatSeconds(at.ns);
    const since =
      this.#stopNs === undefined || at.ns === undefined ? '' : `+${Math.round((at.ns - this.#stopNs) / 1000)} us`;
    this.#write(`${time.padStart(14)} ${since.padStart(12)}  ${shorten(visible(text), LONGEST)}  :${at.place.line}`);
  }
}

/** Told wherever they come. */
const TOLD_ALWAYS: ReadonlySet<string> = new Set([
  'runstate_set',
  'migration_thread_low_pending',
  'postcopy_start',
  'qemu_savevm_send_packaged',
  'ram_postcopy_send_discard_bitmap',
  'vmstate_downtime_checkpoint',
  'migrate_error',
  'migrate_fd_error',
  'migration_cancel',
  'migrate_fd_cancel',
  'qmp_enter_migrate_start_postcopy',
  'qmp_enter_migrate_continue',
  'qmp_enter_migrate_cancel',
  'qmp_enter_migrate_pause',
  'qmp_enter_migrate_recover',
  'cpu_throttle_set',
  'colo_vm_state_change',
  'colo_failover_set_state',
]);

function stops({ event }: EventItem): boolean {
  if (event.name !== 'runstate_set') return false;
  return event.args.new_state_str === 'finish-migrate' || event.args.new_state_str === 'colo';
}

function eventText({ event }: EventItem): string {
  if (event.name === 'vmstate_downtime_save') {
    const { type, idstr, instance_id: instance, downtime } = event.args;
    return `saved ${idstr}:${instance} (${type}) in ${downtime} us`;
  }
  const args = Object.entries(event.args).map(([name, value]) => `${name}=${value}`);
  return [event.name, ...args].join(' ');
}

function queryText(query: Query): string {
  const { kind, precopyBytes, stopcopyBytes, postcopyBytes, totalBytes } = query;
  return `${kind.toUpperCase()} query: total ${totalBytes} (precopy ${precopyBytes}, stopcopy ${stopcopyBytes}, postcopy ${postcopyBytes})`;
}

function roundLine(row: RoundReport): string {
  const time = row.ns === null ? '-' : formatSeconds(Number(row.ns));
  const parts = [
    row.count > 1 ? `${row.count} polls` : '',
    row.estimateBytes === null ? '' : `estimate ${row.estimateBytes}`,
    row.exactBytes === null ? '' : `exact ${row.exactBytes}`,
    row.dirtyPages === null ? '' : `dirty_pages ${row.dirtyPages}`,
    row.exactNs === null ? '' : `sync and query ${formatDuration(Number(row.exactNs))}`,
    row.thresholdBytes === null ? '' : `threshold ${row.thresholdBytes}`,
  ];
  return `${time.padStart(14)} ${''.padStart(12)}  ${parts.filter((part) => part !== '').join(', ')}  :${row.line}`;
}
