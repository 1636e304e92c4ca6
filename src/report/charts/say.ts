/** How the charts' captions and tables say figures. */

import { formatBytes, formatDuration } from '../../base/units.ts';
import { clean } from './label.ts';
import { grouped } from './scales.ts';
import type { Timeline } from './timeline.ts';
import type { Violation } from './violations.ts';

/** `1.516 ms`, `394 \u00b5s`. */
export function sayDuration(ns: number): string {
  return formatDuration(ns).replace(/us$/, '\u00b5s');
}

/** `100.2 MiB/s` */
export function sayRate(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`;
}

/** `13 652` */
export function sayCount(count: number): string {
  return count >= 10_000 ? grouped(count) : String(count);
}

/** `12 exact queries` */
export function sayQueries(count: number, kind: string): string {
  return `${sayCount(count)} ${kind}${kind === '' ? '' : ' '}${count === 1 ? 'query' : 'queries'}`;
}

const NAMED = 3;

/** A sentence that names the violated rules and their lines, empty without any. */
export function sayViolations(violations: readonly Violation[], where: (violation: Violation) => string): string {
  if (violations.length === 0) return '';
  const named = violations.slice(0, NAMED).map((one) => {
    return `${clean(one.rule)} at ${clean(one.file)}:${one.line} (${where(one)})`;
  });
  const more = violations.length > NAMED ? ` and at ${violations.length - NAMED} more places` : '';
  return `Violated: ${named.join(', ')}${more}.`;
}

/** `2.447863 s`, or `line 120`. */
export function sayPlace({ axis }: Pick<Timeline, 'axis'>, x: number): string {
  return axis === 'line' ? `line ${Math.round(x)}` : `${(x / 1e9).toFixed(6)} s`;
}

/** Sentences, those that are empty left out. */
export function sentences(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}
