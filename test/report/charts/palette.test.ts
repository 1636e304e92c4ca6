/** The colours keep their promises: contrast on the surface and on every shade, and apart for the colour blind. */
import { describe, expect, test } from 'vitest';
import { PALETTE, type Paint, themed } from '../../../src/report/charts/palette.ts';

type Rgb = readonly [number, number, number];

/** Linear light, 0 to 1. */
function linear(hex: string): Rgb {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** WCAG 2. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string): number => {
    const [r, g, b] = linear(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [luminance(one) + 0.05, luminance(other) + 0.05];
  return Math.max(a, b) / Math.min(a, b);
}

/** Machado, Oliveira and Fernandes (2009), severity 1. */
const SIGHT: Readonly<Record<string, readonly [Rgb, Rgb, Rgb]>> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const dot = ([a, b, c]: Rgb, [x, y, z]: Rgb): number => a * x + b * y + c * z;

/** A point of OKLab. */
function seen(hex: string, sight: readonly [Rgb, Rgb, Rgb]): Rgb {
  const rgb = linear(hex);
  const light = sight.map((row) => Math.max(0, dot(row, rgb)));
  const channels: Rgb = [light[0] ?? 0, light[1] ?? 0, light[2] ?? 0];
  const cone: Rgb = [
    Math.cbrt(dot([0.4122214708, 0.5363325363, 0.0514459929], channels)),
    Math.cbrt(dot([0.2119034982, 0.6806995451, 0.1073969566], channels)),
    Math.cbrt(dot([0.0883024619, 0.2817188376, 0.6299787005], channels)),
  ];
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], cone),
    dot([1.9779984951, -2.428592205, 0.4505937099], cone),
    dot([0.0259040371, 0.7827717662, -0.808675766], cone),
  ];
}

const THEMES = ['light', 'dark'] as const;
const BACKGROUNDS: readonly Paint[] = [
  '--chart-surface',
  '--chart-shade-1',
  '--chart-shade-2',
  '--chart-shade-3',
  '--chart-shade-4',
];
const TEXTS: readonly Paint[] = ['--chart-ink', '--chart-muted', '--chart-alarm'];
const SERIES: readonly Paint[] = ['--chart-1', '--chart-2', '--chart-3', '--chart-4', '--chart-5', '--chart-alarm'];

describe.each(THEMES)('%s', (theme) => {
  const worst = (paint: Paint): number =>
    Math.min(...BACKGROUNDS.map((ground) => contrast(PALETTE[paint][theme], PALETTE[ground][theme])));

  test.each(TEXTS)('%s can be read', (paint) => {
    expect(worst(paint)).toBeGreaterThanOrEqual(4.5);
  });

  test.each([...SERIES, '--chart-6' as const])('%s can be seen', (paint) => {
    expect(worst(paint)).toBeGreaterThanOrEqual(3);
  });

  test.each(Object.entries(SIGHT))('the series keep apart for %s', (_, sight) => {
    const points = SERIES.map((paint) => seen(PALETTE[paint][theme], sight));
    for (const [index, one] of points.entries()) {
      for (const other of points.slice(index + 1)) {
        expect(Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2])).toBeGreaterThan(0.1);
      }
    }
  });
});

test.each(THEMES)('names that stand on bars, in the colour of the surface, can be read: %s', (theme) => {
  for (const paint of [...SERIES, '--chart-6', '--chart-ink'] as const) {
    const ratio = contrast(PALETTE[paint][theme], PALETTE['--chart-surface'][theme]);
    expect(ratio, paint).toBeGreaterThanOrEqual(4.5);
  }
});

test('each light value stands for one property', () => {
  const values = Object.values(PALETTE).map(({ light }) => light);
  expect(new Set(values).size).toBe(values.length);
  expect(themed('#183a78')).toBe('var(--chart-1,#183a78)');
  expect(themed('#010203')).toBe('#010203');
});
