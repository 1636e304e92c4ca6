/** Names of a trace in a chart, where there is little room. */
import { visible } from '../../base/text.ts';

const LONGEST = 120;

/** What hides in a name is made visible, and an endless one is cut: for captions and tables. */
export function clean(name: string): string {
  return fitted(visible(name), LONGEST);
}

/** At most `limit` characters, the middle left out: device names differ at their ends. */
export function fitted(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const characters = [...text];
  const end = Math.ceil((limit - 1) / 2);
  return `${characters.slice(0, limit - 1 - end).join('')}\u2026${characters.slice(-end).join('')}`;
}
