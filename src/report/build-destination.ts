/** The destination's part of the report: its own downtime blocks, and what ties them to the source's. */
import { normalise, toJsonNumber } from '../base/uint64.ts';
import type { Place } from '../ingest/trace-item.ts';
import type { Blackout } from '../replay/destination/blackout.ts';
import type { Bound } from '../replay/destination/clock-offset.ts';
import type { Incoming } from '../replay/destination/incoming.ts';
import type { TiedPair, Untied } from '../replay/destination/pair-up.ts';
import { deviceBlock } from './device-block.ts';
import type {
  BlackoutReport,
  DestinationBlocks,
  DestinationReport,
  JsonNumber,
  LineReport,
  TieReport,
  UntiedDestination,
} from './report.ts';

export interface DestinationParts {
  readonly pair: TiedPair;
  /** The blackout, or why there is none. */
  readonly blackout: Blackout | string;
}

export interface DestinationsParts {
  readonly tied: readonly DestinationParts[];
  readonly untied: readonly Untied[];
  /** Per stream, the second since 1970 that its times count from. */
  readonly clockBases: readonly (number | undefined)[];
}

type Line = (place: Place) => LineReport;

export function buildDestination(
  { pair, blackout }: DestinationParts,
  parts: DestinationsParts,
  line: Line,
): DestinationReport {
  const { incoming, ties } = pair;
  const { low, high } = ties.offset ?? {};
  return {
    ...buildBlocks(incoming, line),
    clock:
      ties.offset === undefined
        ? null
        : { lowNs: absolute(low, pair, parts), highNs: absolute(high, pair, parts), pairs: ties.pairs },
    ties: [...tieReport('low', low, line), ...tieReport('high', high, line)],
    blackout: typeof blackout === 'string' ? null : buildBlackout(blackout, line),
    noBlackout: typeof blackout === 'string' ? blackout : null,
  };
}

export function buildUntied({ incoming, reason, lines }: Untied, line: Line): UntiedDestination {
  return { ...buildBlocks(incoming, line), reason, lines: lines.map(({ place }) => line(place)) };
}

function buildBlocks(incoming: Incoming, line: Line): DestinationBlocks {
  const { first, outcome, states, checkpoints, loads } = incoming;
  return {
    file: line(first.place).file,
    outcome,
    states: states.map(({ state, at }) => ({
      state,
      file: line(at.place).file,
      line: at.place.line,
      ns: at.ns === undefined || first.ns === undefined ? null : at.ns - first.ns,
    })),
    checkpoints: checkpoints.slice(1).map(({ name, at }, index) => {
      const from = checkpoints[index];
      const known = at.ns !== undefined && from?.at.ns !== undefined;
      return { from: from?.name ?? name, to: name, durationNs: known ? at.ns - from.at.ns : null };
    }),
    iterable: deviceBlock(loads.filter(({ iterable }) => iterable)),
    nonIterable: deviceBlock(loads.filter(({ iterable }) => !iterable)),
  };
}

/** A bound counts from the beginnings of the two logs; those may lie years apart. */
function absolute(
  bound: Bound | undefined,
  { migration, incoming, source }: TiedPair,
  parts: DestinationsParts,
): JsonNumber | null {
  const own = parts.clockBases[migration.stream];
  const other = parts.clockBases[incoming.stream];
  if (bound === undefined || own === undefined || other === undefined) return null;
  const between = BigInt(other - own) * 1_000_000_000n;
  return toJsonNumber(normalise(between + BigInt(bound.ns) - BigInt(Math.round(source.startNs ?? 0))));
}

function tieReport(bound: 'low' | 'high', found: Bound | undefined, line: Line): readonly TieReport[] {
  if (found === undefined) return [];
  const { first, source, destination } = found.tie;
  return [{ bound, first, source: line(source.place), destination: line(destination.place) }];
}

function buildBlackout({ from, to, lowNs, highNs, steps }: Blackout, line: Line): BlackoutReport {
  return {
    lowNs: lowNs ?? null,
    highNs: highNs ?? null,
    from: line(from.place),
    to: line(to.place),
    steps: steps.map((step) => ({ ...step, lowNs: step.lowNs ?? null, highNs: step.highNs ?? null })),
  };
}
