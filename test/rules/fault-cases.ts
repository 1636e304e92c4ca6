/** The faults of the contract's last table, the rules they show under, and correct runs to put them into. */
import { join } from 'node:path';
import { linesOf, patchedCaptures, readLines, realCaptures, TRACES, TRACES_MISSING } from './captures.ts';
import {
  ackIgnored,
  bqlOnly,
  decideOnEstimate,
  doubleFinal,
  estimateSync,
  exactNoSync,
  type Fault,
  finalBeforeStop,
  finalEstimate,
  finalSkipsModule,
  lastStageFalse,
  noBql,
  noFinal,
  noSync,
  PLACES,
  probed,
  queryAfterFinal,
  skipDirtyBytes,
  syncAfterFinal,
  syncInPostcopy,
  wrongTotal,
} from './faults.ts';
import { LOCKED_END, LOCKED_FINAL, LOCKED_STOP } from './locks.ts';
import { CANCELLED, checkpoint, coloRun, postcopyRun, precopyRun } from './runs.ts';

type Lines = readonly string[];
export type Files = Readonly<Record<string, Lines>>;

export interface Base {
  readonly name: string;
  readonly files: Files;
  /** The file with the queries. */
  readonly log: string;
}

const inline = (name: string, lines: Lines): Base => ({ name, files: { 'src.log': lines }, log: 'src.log' });
const ROUNDS = [...LOCKED_STOP, ...LOCKED_FINAL, ...LOCKED_END];
export const INLINE: readonly Base[] = [
  inline('precopy', precopyRun()),
  inline('precopy, the posted patch, probes', probed(precopyRun({}, 'thread'))),
  inline('precopy with mutex events', ROUNDS),
  inline('postcopy', postcopyRun()),
  inline('postcopy, the posted patch, probes', probed(postcopyRun({}, 'thread'))),
  inline('COLO', coloRun(checkpoint(), checkpoint())),
  inline('COLO with probes', probed(coloRun(checkpoint(), checkpoint()))),
  inline('cancelled, then completed', [...CANCELLED, ...precopyRun()]),
];

/** The kernel's trace buffer: every line has its thread. */
const FTRACE: readonly Base[] = TRACES_MISSING
  ? []
  : [
      {
        name: 'patched/ftrace-clean-precopy, the trace buffer',
        files: bqlOnly({ 'src.txt': readLines(join(TRACES, 'patched/ftrace-clean-precopy/src.ftrace.txt')) }),
        log: 'src.txt',
      },
    ];

const LOGS: readonly Base[] = [...realCaptures(), ...patchedCaptures()]
  .filter(({ name }) =>
    /^patched\/(?:\w+-)?clean-|^real\/11\.1\/(?:precopy-|postcopy|colo|switchover-|dirty-bitmaps|cancel-then-ok|mapped-ram)/.test(
      name,
    ),
  )
  .filter(({ name }) => !/shared/.test(name))
  .map((capture) => {
    const { 'stderr.txt': _, ...files } = bqlOnly(linesOf(capture));
    const log = Object.keys(files).find((file) => files[file]?.some((line) => /query_pending exact/.test(line)));
    return { name: capture.name, files, log: log ?? '' };
  });

export const CAPTURES: readonly Base[] = [...LOGS, ...FTRACE];

export interface Case {
  readonly name: string;
  readonly fault: Fault;
  /** The rules that it shows under, each with its decisive line. */
  readonly rules: (lines: Lines) => Readonly<Record<string, RegExp>>;
}

const FINAL = /query_pending exact=1, final=1/;
const UNLOCKED = /query_pending(?: exact=1, final=1|_bql locked=0)/;
const SYNC = /^migration_bitmap_sync_start/;
const STOP = /^(?:runstate_set|vm_state_notify|vmstate_downtime_checkpoint)/;
const ESTIMATE = /query_pending exact=0, final=0/;
const EXACT = /query_pending exact=1, final=0/;
const hasPostcopy = (lines: Lines): boolean => lines.some((line) => /ram_postcopy_send_discard_bitmap/.test(line));
const DISCARD = { 'postcopy-switchover-without-sync': /^ram_postcopy_send_discard_bitmap/ };
const inPostcopy = (lines: Lines) => (hasPostcopy(lines) ? DISCARD : {});
const one = (rule: string, decisive: RegExp) => () => ({ [rule]: decisive });

export const CASES: readonly Case[] = [
  { name: 'no-bql', fault: noBql(false), rules: one('final-without-bql', UNLOCKED) },
  { name: 'no-bql-other-owner', fault: noBql(true), rules: one('final-without-bql', UNLOCKED) },
  { name: 'no-final', fault: noFinal, rules: (lines) => ({ 'final-missing': STOP, ...inPostcopy(lines) }) },
  ...Object.entries(PLACES).flatMap(([place, where]): readonly Case[] => [
    { name: `double-final, ${place}`, fault: doubleFinal(where), rules: one('final-repeated', FINAL) },
    { name: `query-after-final, ${place}`, fault: queryAfterFinal(where), rules: one('query-after-final', ESTIMATE) },
    {
      name: `exact query-after-final, ${place}`,
      fault: queryAfterFinal(where, 1),
      rules: one('query-after-final', EXACT),
    },
    { name: `sync-after-final, ${place}`, fault: syncAfterFinal(where), rules: one('sync-after-final', SYNC) },
  ]),
  {
    name: 'final-before-stop',
    fault: finalBeforeStop,
    rules: (lines) => ({ 'final-before-stop': FINAL, ...inPostcopy(lines) }),
  },
  {
    name: 'final-estimate',
    fault: finalEstimate,
    rules: (lines) => ({
      'final-not-exact': /exact=0, final=1/,
      ...(hasPostcopy(lines) ? DISCARD : { 'final-without-sync': /exact=0, final=1/ }),
    }),
  },
  {
    name: 'precopy-no-sync, postcopy-no-sync',
    fault: noSync,
    rules: (lines) => (hasPostcopy(lines) ? DISCARD : { 'final-without-sync': FINAL }),
  },
  { name: 'exact-no-sync', fault: exactNoSync('all'), rules: one('exact-without-sync', EXACT) },
  { name: 'exact-no-sync in one', fault: exactNoSync('one'), rules: one('exact-without-sync', EXACT) },
  { name: 'estimate-sync', fault: estimateSync(1), rules: one('estimate-with-sync', ESTIMATE) },
  {
    name: 'estimate-sync in every other',
    fault: estimateSync(2),
    rules: (lines): Readonly<Record<string, RegExp>> =>
      lines.some((line) => /ram_state_pending_sync/.test(line)) ? { 'estimate-with-sync': ESTIMATE } : {},
  },
  { name: 'skip-dirty-bytes', fault: skipDirtyBytes, rules: one('dirty-bytes-not-updated', FINAL) },
  { name: 'wrong-total', fault: wrongTotal('all'), rules: one('total-not-sum', /query_pending/) },
  { name: 'wrong-total in the final query', fault: wrongTotal('final'), rules: one('total-not-sum', FINAL) },
  { name: 'wrong-total, stored right', fault: wrongTotal('all', 'sum'), rules: one('total-not-sum', /query_pending/) },
  { name: 'last-stage-false', fault: lastStageFalse, rules: one('last-sync-not-marked', /sync_stage last_stage=0/) },
  { name: 'postcopy-sync-again', fault: syncInPostcopy(/^/), rules: one('sync-in-postcopy', SYNC) },
  {
    name: 'postcopy-sync-again in postcopy-active',
    fault: syncInPostcopy(/state postcopy-active/),
    rules: one('sync-in-postcopy', SYNC),
  },
  {
    name: 'postcopy-sync-again before a query',
    fault: syncInPostcopy(/state postcopy-device/),
    rules: one('sync-in-postcopy', SYNC),
  },
  { name: 'final-skips-module', fault: finalSkipsModule, rules: () => ({}) },
  { name: 'ack-ignored', fault: ackIgnored, rules: one('ack-pending-at-switchover', FINAL) },
  {
    name: 'decide-on-estimate',
    fault: decideOnEstimate,
    rules: (lines): Readonly<Record<string, RegExp>> =>
      lines.some((line) => /switchover ack/.test(line))
        ? { 'switchover-without-exact': /^(?:migration_thread_low_pending|postcopy_start) / }
        : {},
  },
];

/** A guest that failed in its devices, or runs again, completed no switchover. */
const NOT_CARRIED_THROUGH: Readonly<Record<string, readonly string[]>> = {
  // A final query behind RAM's end may be that of another attempt.
  'real/11.1/switchover-fail@ts': ['no-final', 'ack-ignored', 'double-final, before the end'],
};

/** Undefined: the run never comes to it, or it cannot show there. */
export function faulty({ files, log }: Base, { name, fault }: Case): Files | undefined {
  // Another thread's lines have another thread id, or stand in a file of their own.
  const threads = Object.keys(files).length > 1 || log === 'src.txt';
  if (name === 'no-bql-other-owner' && threads) return undefined;
  const lines = fault(files[log] ?? []);
  return lines === undefined ? undefined : { ...files, [log]: lines };
}

/** The rules that it shows under in this run, each with its decisive line. */
export function expectedOf({ name, files, log }: Base, one: Case): Readonly<Record<string, RegExp>> {
  return NOT_CARRIED_THROUGH[name]?.includes(one.name) === true ? {} : one.rules(files[log] ?? []);
}
