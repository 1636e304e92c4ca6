/**
 * The axes: which numbers stand at them and where. chart.js gets a linear scale
 * in any case; what is stretched or left out is reckoned here, and is said in
 * the chart.
 */

export interface Tick {
  /** Where it stands on chart.js's scale. */
  readonly value: number;
  readonly label: string;
}

export interface Axis {
  /** A value's place on chart.js's scale. */
  readonly at: (value: number) => number;
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly Tick[];
}

export interface ByteAxis extends Axis {
  readonly kind: 'linear' | 'log';
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
/** Beyond it, the small values of a linear axis can't be told from 0. */
const LOG_FROM_RATIO = 40;

/**
 * From 0 on. A logarithmic axis has no 0: there it stands below the smallest
 * power, with a gap between, and what is 0 is drawn on it.
 */
export function byteAxis(values: readonly number[], maxTicks: number): ByteAxis {
  const positive = values.filter((value) => value > 0);
  const largest = positive.reduce((a, b) => Math.max(a, b), 0);
  const smallest = positive.reduce((a, b) => Math.min(a, b), largest);
  if (largest === 0) return { kind: 'linear', at: (v) => v, min: 0, max: 1, ticks: [{ value: 0, label: '0' }] };
  return largest / smallest > LOG_FROM_RATIO ? logAxis(smallest, largest, maxTicks) : linearAxis(largest, maxTicks);
}

function linearAxis(largest: number, maxTicks: number): ByteAxis {
  const step = byteStep(largest / Math.max(1, maxTicks - 1));
  const count = Math.ceil(largest / step);
  const ticks = Array.from({ length: count + 1 }, (_, n) => ({ value: n * step, label: tickBytes(n * step) }));
  return { kind: 'linear', at: (value) => value, min: 0, max: count * step, ticks };
}

/** The smallest round number of bytes that is not below it. */
function byteStep(least: number): number {
  let unit = 1;
  while (unit * 1024 <= least) unit *= 1024;
  const factor = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1024].find((one) => one * unit >= least) ?? 1024;
  return factor * unit;
}

function logAxis(smallest: number, largest: number, maxTicks: number): ByteAxis {
  const low = Math.floor(Math.log2(smallest));
  const high = Math.ceil(Math.log2(largest));
  const gap = Math.max(1, (high - low) / 8);
  const at = (value: number): number => (value <= 0 ? 0 : gap + Math.log2(value) - low);
  const stride = [1, 2, 4, 5, 10, 20].find((one) => (high - low) / one <= maxTicks - 2) ?? 20;
  const ticks: Tick[] = [{ value: 0, label: '0' }];
  for (let power = Math.ceil(low / stride) * stride; power <= high; power += stride) {
    ticks.push({ value: gap + power - low, label: tickBytes(2 ** power) });
  }
  return { kind: 'log', at, min: 0, max: gap + high - low, ticks };
}

/** `4194304` to `4 MiB`. */
export function tickBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return value === 0 ? '0' : `${Number(value.toFixed(1))} ${BYTE_UNITS[unit] ?? 'B'}`;
}

/** From 0 on, with round decimal steps. */
export function numberAxis(largest: number, maxTicks: number, label: (value: number) => string): Axis {
  if (largest <= 0) return { at: (v) => v, min: 0, max: 1, ticks: [{ value: 0, label: label(0) }] };
  const step = roundStep(largest / Math.max(1, maxTicks - 1));
  const count = Math.ceil(largest / step - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, n) => ({ value: n * step, label: label(n * step) }));
  return { at: (value) => value, min: 0, max: count * step, ticks };
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5].find((one) => one * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Round numbers from `from` to `to`. */
export function roundTicks(from: number, to: number, maxTicks: number): readonly number[] {
  if (!(to > from)) return [from];
  const step = roundStep((to - from) / Math.max(1, maxTicks));
  const ticks: number[] = [];
  for (let n = Math.ceil(from / step - 1e-9); n * step <= to + step * 1e-9; n += 1) ticks.push(n * step);
  return ticks;
}

export interface TimeAxis extends Axis {
  /** `time since the first event, ms`. */
  readonly title: string;
}

/** On both sides, so that no mark stands half outside. */
const MARGIN = 0.012;

/** A run from its first event on, or, without time stamps, by the numbers of its lines. */
export function runAxis(kind: 'time' | 'line', from: number, to: number, maxTicks: number): TimeAxis {
  const end = to > from ? to : from + 1;
  const margin = (end - from) * MARGIN;
  if (kind === 'line') {
    const ticks = roundTicks(from, end, maxTicks).map((value) => ({ value, label: grouped(value) }));
    return {
      at: (x) => x,
      min: from,
      max: end,
      ticks: ticks.filter(({ value }) => Number.isInteger(value)),
      title: 'line of the log (it has no time stamps)',
    };
  }
  const [unit, ns] =
    end - from >= 2e9
      ? (['s', 1e9] as const)
      : end - from >= 2e6
        ? (['ms', 1e6] as const)
        : (['\u00b5s', 1e3] as const);
  const ticks = roundTicks(from / ns, end / ns, maxTicks).map((value) => ({ value, label: decimal(value) }));
  return {
    at: (x) => x / ns,
    min: (from - margin) / ns,
    max: (end + margin) / ns,
    ticks,
    title: `time since the first event, ${unit}`,
  };
}

/** Without the tail that floating point leaves. */
export function decimal(value: number): string {
  const rounded = Number(value.toPrecision(10));
  return Math.abs(rounded) >= 10_000 ? grouped(rounded) : String(rounded).replace('-', '\u2212');
}

/** `1234567` to `1 234 567`, with narrow blanks. */
export function grouped(value: number): string {
  return String(value)
    .replace(/\B(?=(?:\d{3})+$)/g, '\u202f')
    .replace('-', '\u2212');
}
