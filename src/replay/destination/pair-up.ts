/**
 * Which incoming migration belongs to which migration of a source. Never by
 * time: the two must have exchanged the same things, and the order of cause and
 * effect must hold for some offset between their clocks.
 */
import { plural } from '../../base/text.ts';
import type { Migration } from '../run.ts';
import { type Completeness, type Ties, tieTogether } from './clock-offset.ts';
import type { Incoming } from './incoming.ts';
import type { MomentLog, TieMoment } from './moment-log.ts';
import type { SourceMoments, SourceRecorder } from './source-recorder.ts';
import { sourceLineOf } from './tie-keys.ts';

export interface TiedPair {
  readonly migration: Migration;
  readonly source: SourceMoments;
  readonly incoming: Incoming;
  readonly ties: Ties;
}

/** An incoming migration that is not tied to any, and why. */
export interface Untied {
  readonly incoming: Incoming;
  readonly reason: string;
  /** The lines that show it. */
  readonly lines: readonly TieMoment[];
}

export interface Pairing {
  readonly tied: readonly TiedPair[];
  readonly untied: readonly Untied[];
}

interface Refusal {
  readonly reason: string;
  readonly lines: readonly TieMoment[];
}

interface Candidate {
  readonly pair: TiedPair;
  readonly refusal: Refusal | undefined;
}

export function pairUp(
  migrations: readonly Migration[],
  incomings: readonly Incoming[],
  recorder: SourceRecorder,
): Pairing {
  const candidates = incomings.map((incoming) => ({ incoming, of: candidatesOf(incoming, migrations, recorder) }));
  const tied: TiedPair[] = [];
  let open = candidates;
  // What fits one migration only takes it, and the others may then fit one only, too.
  for (let progress = true; progress; ) {
    const taken = new Set(tied.map(({ migration }) => migration));
    const fitting = open.map(({ of }) => of.filter((one) => fits(one) && !taken.has(one.pair.migration)));
    const sure = fitting.filter((own) => own.length === 1).flat();
    const only = sure.filter(({ pair }) => sure.filter((one) => one.pair.migration === pair.migration).length === 1);
    tied.push(...only.map(({ pair }) => pair));
    open = open.filter(({ incoming }) => !tied.some((pair) => pair.incoming === incoming));
    progress = only.length > 0;
  }
  return { tied, untied: open.map(({ incoming, of }) => ({ incoming, ...whyNot(of) })) };
}

function fits({ refusal }: Candidate): boolean {
  return refusal === undefined;
}

function candidatesOf(
  incoming: Incoming,
  migrations: readonly Migration[],
  recorder: SourceRecorder,
): readonly Candidate[] {
  return migrations.flatMap((migration) => {
    const source = recorder.momentsOf(migration);
    const apart = migration.stream !== incoming.stream;
    const leaves = migration.kind !== 'snapshot' && migration.kind !== 'background-snapshot';
    if (source === undefined || !apart || !leaves) return [];
    const how = completeness(migration, source, incoming);
    const ties = tieTogether(source, incoming, how);
    const refusal = refusalOf({ migration, source, incoming, ties }, how);
    return [{ pair: { migration, source, incoming, ties }, refusal }];
  });
}

function completeness(migration: Migration, source: SourceMoments, incoming: Incoming): Completeness {
  const completed = migration.outcome === 'completed' && incoming.outcome === 'completed';
  return {
    whole: migration.startSeen && migration.hole === undefined && incoming.startSeen && !incoming.hole,
    through: completed && !source.moments.frozen && !incoming.moments.frozen,
  };
}

function refusalOf(pair: TiedPair, how: Completeness): Refusal | undefined {
  return (
    differentEnd(pair) ??
    (how.whole ? differentContent(pair, how) : undefined) ??
    contradiction(pair.ties) ??
    tooLittle(pair, how)
  );
}

/** A destination that has loaded everything had a source that saved everything. */
function differentEnd({ migration, source, incoming }: TiedPair): Refusal | undefined {
  const { outcome } = migration;
  const gaveUp = (outcome === 'cancelled' || outcome === 'failed') && source.stop === undefined;
  if (gaveUp && incoming.outcome === 'completed') {
    return { reason: `the source's migration was ${outcome} before the switchover, and this one completed`, lines: [] };
  }
  const postcopy = incoming.states.some(({ state }) => state.startsWith('postcopy-'));
  if (postcopy && migration.kind === 'precopy') {
    return { reason: "the source's migration had no postcopy, and this one had", lines: [] };
  }
  if (!postcopy && incoming.startSeen && incoming.outcome === 'completed' && migration.kind === 'postcopy') {
    return { reason: "the source's migration went on in postcopy, and this one had none", lines: [] };
  }
  if (
    isPair(source.channel, incoming.channel, 'file', 'socket') ||
    isPair(source.channel, incoming.channel, 'socket', 'file')
  ) {
    return { reason: 'one side used a file, the other a socket', lines: [] };
  }
  return undefined;
}

function isPair(source: string | undefined, destination: string | undefined, one: string, other: string): boolean {
  return source === `qio-channel-${one}` && destination === `qio-channel-${other}`;
}

function contradiction({ offset, contradiction: contradicts }: Ties): Refusal | undefined {
  const { low, high } = offset ?? {};
  if (!contradicts || low === undefined || high === undefined) return undefined;
  const reason =
    'the order of cause and effect holds for no offset between the clocks: ' +
    'a clock was set meanwhile, or the two logs are not of the same migration';
  return { reason, lines: [low.tie.destination, low.tie.source, high.tie.source, high.tie.destination] };
}

/**
 * Any two migrations begin alike. They are one only if something that differs
 * from run to run agrees: how often the same was sent, or the time between the pairs.
 */
function tooLittle({ source, incoming, ties }: TiedPair, how: Completeness): Refusal | undefined {
  const { pairs, countedPairs, offset, sharpness } = ties;
  // Where neither side shows anything of the stream, nothing of it was there to differ.
  const silent = !showsContent(source.moments) && !showsContent(incoming.moments);
  if (sharpness >= SHARP && (pairs >= MIN_PAIRS || silent)) return undefined;
  const bothBounds = offset?.low !== undefined && offset.high !== undefined;
  const counted = how.whole && how.through ? countedPairs : 0;
  if (counted >= (bothBounds ? MIN_COUNTED : MIN_PAIRS) && (!bothBounds || sharpness >= BLUNT)) return undefined;
  const shown =
    pairs === 0
      ? 'no line of it has its counterpart'
      : `only ${plural(pairs, 'line')} of it ${pairs === 1 ? 'has its' : 'have their'} counterpart`;
  return {
    reason: `${shown} in the source's log, which shows too little to tell this migration from another; ${ENABLE}`,
    lines: [],
  };
}

/** Of several migrations, how many are named with why they don't fit. */
const MAX_REASONS = 3;
const MIN_PAIRS = 5;
const MIN_COUNTED = 2;
const SHARP = 20;
const BLUNT = 3;
const ENABLE =
  'enable on both sides savevm_send_ping, savevm_command_send, savevm_section_start, source_return_path_thread_*, ' +
  'loadvm_process_command* and qemu_loadvm_state_section*';

function showsContent({ keys }: MomentLog): boolean {
  return keys.some((key) => FAMILIES.some((family) => key.startsWith(family)));
}

/** What was received was sent before; and when both are through, all that was sent was received. */
function differentContent(
  { migration, source, incoming }: TiedPair,
  { through: all }: Completeness,
): Refusal | undefined {
  const { moments: sent } = source;
  const { moments: received } = incoming;
  // Without a return path a source completes though the destination fails; then it has sent everything.
  const sentAll = migration.outcome === 'completed' && incoming.outcome === 'failed' && !sent.frozen;
  for (const family of FAMILIES) {
    const own = sent.keys.filter((key) => key.startsWith(family));
    const other = received.keys.filter((key) => key.startsWith(family));
    if (own.length === 0 || other.length === 0) continue;
    const typed = family !== '> section' || incoming.sectionsTyped;
    for (const key of new Set([...other, ...(all && typed ? own : [])])) {
      const sentCount = sent.get(key)?.count ?? 0;
      const receivedCount = received.get(key)?.count ?? 0;
      const equal = all || (sentAll && received.get(key)?.counted === true);
      const agree = equal ? sentCount === receivedCount : receivedCount <= sentCount;
      if (!agree) return differs(key, sentCount, receivedCount, source, incoming);
    }
  }
  return undefined;
}

/** Kinds of content; one whose event is off on a side says nothing. */
const FAMILIES = ['> command', '> ping', '> section'] as const;

function differs(key: string, sent: number, received: number, source: SourceMoments, incoming: Incoming): Refusal {
  const lines = [incoming.moments.get(key)?.moments.at(-1), source.moments.get(key)?.moments.at(-1)];
  const reason =
    `"${sourceLineOf(key)}" is shown ${plural(sent, 'time')} by the source and received ${plural(received, 'time')} ` +
    'by the destination: the two logs are not of the same migration, or lines are lost';
  return {
    reason,
    lines: lines.filter((line) => line !== undefined),
  };
}

function whyNot(candidates: readonly Candidate[]): Refusal {
  const [only, ...others] = candidates;
  if (only === undefined) return { reason: 'there is no log of a migration that left its source', lines: [] };
  const fitting = candidates.filter(fits);
  if (fitting.length > 0) {
    const which = fitting.map(({ pair }) => pair.migration.index).join(', ');
    return { reason: `which migration it belongs to is ambiguous (it fits migration ${which})`, lines: [] };
  }
  if (others.length === 0 && only.refusal !== undefined) return only.refusal;
  const shown = candidates.slice(0, MAX_REASONS);
  const reasons = shown.map(({ pair, refusal }) => `${pair.migration.index}: ${refusal?.reason ?? ''}`).join('; ');
  return {
    reason: `it fits none of the migrations (${reasons})`,
    lines: shown.flatMap(({ refusal }) => refusal?.lines ?? []),
  };
}
