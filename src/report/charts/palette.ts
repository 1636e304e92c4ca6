/**
 * The colours of the charts, as CSS custom properties with a light and a dark
 * value. Text has a contrast of 4.5:1 at least on its surface, lines and marks
 * 3:1 on the surface and on every shade; the series keep apart under the three
 * kinds of colour blindness, and no chart tells things apart by colour alone.
 */
export const PALETTE = {
  /** Titles and values. */
  '--chart-ink': { light: '#1b1f24', dark: '#e6edf3' },
  /** Ticks, axis titles, what stands in the background. */
  '--chart-muted': { light: '#57606a', dark: '#9da7b1' },
  /** Grid lines: decoration only. */
  '--chart-grid': { light: '#d5dbe1', dark: '#3a424c' },
  '--chart-surface': { light: '#ffffff', dark: '#14181d' },
  /** Precopy bytes, dirty pages, stages: blue. */
  '--chart-1': { light: '#183a78', dark: '#178cfe' },
  /** Postcopy bytes, bandwidth, iterable devices: orange. */
  '--chart-2': { light: '#ad5f03', dark: '#fcb83b' },
  /** Stopcopy bytes, the destination: green. */
  '--chart-3': { light: '#018470', dark: '#61d2ad' },
  /** The final query: purple. */
  '--chart-4': { light: '#8c4fc4', dark: '#c471ae' },
  /** The threshold in force, limits: grey. */
  '--chart-5': { light: '#594d54', dark: '#e9f0e9' },
  /** Other threads, unnamed devices: grey. */
  '--chart-6': { light: '#6e7781', dark: '#8b949e' },
  /** Where a duty is violated: red, and never without a label. */
  '--chart-alarm': { light: '#a01603', dark: '#f9624b' },
  /** Behind the setup. */
  '--chart-shade-1': { light: '#eceff2', dark: '#22282f' },
  /** Behind the iterations. */
  '--chart-shade-2': { light: '#f2f8fe', dark: '#13202d' },
  /** Behind the switchover. */
  '--chart-shade-3': { light: '#fdebd3', dark: '#382711' },
  /** Behind postcopy, and COLO. */
  '--chart-shade-4': { light: '#f3eaf9', dark: '#291c35' },
} as const;

export type Paint = keyof typeof PALETTE;

/** The light value: what is drawn with, and what stands as fallback. */
export function light(paint: Paint): string {
  return PALETTE[paint].light;
}

const PROPERTIES: ReadonlyMap<string, string> = new Map(
  Object.entries(PALETTE).map(([name, { light: value }]) => [value, `var(${name},${value})`]),
);

/** A colour of the palette as a reference to its property; another colour as it is. */
export function themed(color: string): string {
  return PROPERTIES.get(color) ?? color;
}
