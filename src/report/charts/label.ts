/** Names in a chart, where there is little room. */

/** At most `limit` characters, the middle left out: device names differ at their ends. */
export function fitted(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = Math.ceil((limit - 1) / 2);
  return `${text.slice(0, limit - 1 - end)}\u2026${text.slice(-end)}`;
}
