/** Values of metrics as text, in ASCII. */
import { formatBytes, formatDuration } from '../../../base/units.ts';
import type { MetricDiff, MetricSide } from '../../diff.ts';

export function amount(value: number | null, unit: MetricDiff['unit']): string {
  if (value === null) return '-';
  switch (unit) {
    case 'ns':
      return formatDuration(value);
    case 'bytes':
      return formatBytes(Math.round(value));
    case 'bytes/s':
      return `${formatBytes(Math.round(value))}/s`;
    case '%':
      return `${value} %`;
    case 'count':
      return String(value);
  }
}

/** `4.412 ms +-3 %`: half of the wider arm of the interval; `+-inf` where the runs are too few for one. */
export function sideAmount({ n, median, low, high }: MetricSide, unit: MetricDiff['unit']): string {
  const value = amount(median, unit);
  if (median === null || n < 2) return value;
  if (low === null || high === null) return `${value} +-inf`;
  const arm = Math.max(high - median, median - low);
  return median === 0 ? `${value} +-${amount(arm, unit)}` : `${value} +-${Math.round((arm / Math.abs(median)) * 100)}%`;
}

/** `+12.3 %`, or the difference itself where there is nothing to divide by. */
export function percentOf({ ratio, delta, unit }: MetricDiff): string {
  if (delta === null) return '-';
  if (delta === 0) return '0 %';
  const sign = delta > 0 ? '+' : '';
  if (ratio === null) return `${sign}${amount(delta, unit)}`;
  const percent = (ratio - 1) * 100;
  return Math.abs(percent) > 999
    ? `x${ratio.toPrecision(3)}`
    : `${sign}${percent.toFixed(1)} %`.replace(/^[+-]0\.0 /, '0.0 ');
}

export function deltaOf({ delta, unit }: MetricDiff): string {
  if (delta === null) return '-';
  return `${delta > 0 ? '+' : ''}${amount(delta, unit)}`;
}

export function pText({ adjustedP }: MetricDiff): string {
  if (adjustedP === null) return '';
  return adjustedP < 0.001 ? 'p<0.001' : `p=${adjustedP.toFixed(3)}`;
}

/** For a table whose rows are tested or not: `~` is noise, `=` no difference. */
export function changeText(metric: MetricDiff): string {
  if (metric.p === null) return metric.delta === 0 ? '=' : deltaOf(metric);
  return `${metric.significant ? percentOf(metric) : '~'} (${pText(metric)})`;
}
