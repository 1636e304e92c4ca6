/**
 * How long the guest stood still, from its stop on the source to its run on the
 * destination. QEMU's own downtime ends on the source. Every time that spans the
 * two sides lies between two bounds, for so does the offset between the clocks.
 */
import type { ClockOffset } from './clock-offset.ts';
import type { TieMoment } from './moment-log.ts';
import type { TiedPair } from './pair-up.ts';

/** Bounds of a time; undefined where no pair of lines bounds it. */
export interface Span {
  readonly lowNs: number | undefined;
  readonly highNs: number | undefined;
}

export interface BlackoutStep extends Span {
  readonly from: string;
  readonly to: string;
}

export interface Blackout extends Span {
  readonly from: TieMoment;
  readonly to: TieMoment;
  /** From checkpoint to checkpoint across both sides; empty where they are not shown. */
  readonly steps: readonly BlackoutStep[];
}

interface Stage {
  readonly name: string;
  readonly ns: number;
}

/** The blackout, or why there is none. */
export function blackoutOf(pair: TiedPair): Blackout | string {
  const { source, incoming, ties } = pair;
  const { outcome } = pair.migration;
  if (outcome !== 'completed' && outcome !== 'running')
    return `the migration did not complete on its source (${outcome})`;
  if (incoming.colo) return 'under COLO every checkpoint stops the guest';
  if (source.pausedBefore) return 'the guest did not run before the migration';
  const { stop: from } = source;
  const { running: to } = incoming;
  if (from === undefined) return "the source's log does not show the guest being stopped";
  if (to === undefined) return "the destination's log does not show the guest running";
  if (from.ns === undefined || to.ns === undefined)
    return 'the logs have no time stamps (record with -msg timestamp=on)';
  if (ties.offset === undefined) return 'no pair of lines bounds the offset between the clocks';
  return { from, to, ...across(from.ns, to.ns, ties.offset), steps: stepsOf(pair, to, to.ns, ties.offset) };
}

/** From a time of the source to one of the destination that it causes. */
function across(sourceNs: number, destinationNs: number, { low, high }: ClockOffset): Span {
  const apart = destinationNs - sourceNs;
  return {
    lowNs: high === undefined ? undefined : Math.max(0, apart - high.ns),
    highNs: low === undefined ? undefined : Math.max(0, apart - low.ns),
  };
}

function stepsOf({ migration, source, incoming }: TiedPair, end: TieMoment, endNs: number, offset: ClockOffset) {
  const own = stages(migration.checkpoints);
  const start = own.findIndex(({ name }) => name === 'src-downtime-start');
  const saved = own.findIndex(({ name }) => name === 'src-non-iterable-saved');
  const other = stages(incoming.checkpoints).filter(({ ns }) => ns <= endNs);
  const [loaded] = other;
  const last = own[saved];
  if (start < 0 || saved <= start || last === undefined || loaded === undefined) return [];
  const started = other.find(({ ns }) => ns === endNs);
  const after = started === undefined ? [{ name: eventOf(end), ns: endNs }] : [];
  const steps = [
    ...consecutive(own.slice(start, saved + 1)),
    { from: last.name, to: loaded.name, ...across(last.ns, loaded.ns, offset) },
    ...consecutive([...other, ...after]),
  ];
  const downtimeEnd = own.find(({ name }) => name === 'src-downtime-end');
  const shut = source.moments.get('< shut')?.moments[0]?.ns;
  // With a return path the source waits for the destination's SHUT, which is sent after all this.
  if (started === undefined || downtimeEnd === undefined || shut === undefined || shut > downtimeEnd.ns) return steps;
  return [...steps, { from: started.name, to: downtimeEnd.name, ...back(endNs, downtimeEnd.ns, offset) }];
}

/** From a time of the destination to one of the source that it causes. */
function back(destinationNs: number, sourceNs: number, { low, high }: ClockOffset): Span {
  const apart = sourceNs - destinationNs;
  return {
    lowNs: low === undefined ? undefined : Math.max(0, apart + low.ns),
    highNs: high === undefined ? undefined : Math.max(0, apart + high.ns),
  };
}

function stages(checkpoints: readonly { readonly name: string; readonly at: { readonly ns: number | undefined } }[]) {
  return checkpoints.flatMap(({ name, at }): readonly Stage[] => (at.ns === undefined ? [] : [{ name, ns: at.ns }]));
}

function consecutive(list: readonly Stage[]): readonly BlackoutStep[] {
  return list.slice(1).map((stage, index) => {
    const from = list[index] ?? stage;
    const ns = stage.ns - from.ns;
    return { from: from.name, to: stage.name, lowNs: ns, highNs: ns };
  });
}

/** Of a line that is no checkpoint: the event that shows the guest running. */
function eventOf({ place }: TieMoment): string {
  return place.text.includes('vm_state_notify') ? 'vm_state_notify' : 'runstate_set';
}
