/** What a path on a canvas is made of. */

export type Step =
  | { readonly kind: 'move' | 'line'; readonly x: number; readonly y: number }
  | {
      readonly kind: 'curve';
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
      readonly x: number;
      readonly y: number;
    }
  | { readonly kind: 'circle'; readonly x: number; readonly y: number; readonly r: number }
  | { readonly kind: 'arc'; readonly r: number; readonly sweep: boolean; readonly x: number; readonly y: number }
  | { readonly kind: 'close' };

/** Always the same way round, so that rectangles of one path never cut holes into each other. */
export function rectangle(x: number, y: number, width: number, height: number): readonly Step[] {
  const [left, right] = width < 0 ? [x + width, x] : [x, x + width];
  const [top, bottom] = height < 0 ? [y + height, y] : [y, y + height];
  return [
    { kind: 'move', x: left, y: top },
    { kind: 'line', x: right, y: top },
    { kind: 'line', x: right, y: bottom },
    { kind: 'line', x: left, y: bottom },
    { kind: 'close' },
  ];
}
