/**
 * A canvas context that writes SVG: chart.js draws on it as on any other.
 *
 * The SVG of the canvas library itself can't be used in a page: a circle takes
 * it 2 KB, a dashed line becomes hundreds of outlines, each letter of a text
 * gets a place of its own, and colours are fixed. Here strokes and fills of one
 * style that follow each other become one path, text stays text, above all
 * paths, and colours refer to the page's properties.
 *
 * Clipping is left out: the axes of the charts hold all that is drawn.
 */
import { themed } from './palette.ts';
import { PathData, short } from './svg-path.ts';
import { rectangle, type Step } from './svg-steps.ts';
import { escapeXml } from './xml.ts';

/** Of a 2D context, what chart.js uses of it. */
interface TextMeasure {
  font: string;
  measureText(text: string): unknown;
}

interface State {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  lineCap: string;
  lineJoin: string;
  lineDashOffset: number;
  dash: readonly number[];
  font: string;
  textAlign: string;
  textBaseline: string;
  globalAlpha: number;
  matrix: Matrix;
}

/** As in the 2D context: x' = a x + c y + e, y' = b x + d y + f. */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];
/** Letters above the middle of the line, as a share of the size. */
const BASELINE: Readonly<Record<string, number>> = { middle: 0.36, top: 0.8, hanging: 0.8, bottom: -0.2 };
const ANCHOR: Readonly<Record<string, string>> = { center: 'middle', right: 'end', end: 'end' };

/** What a text or a filled path has when it says nothing: it stands at the root. */
export interface Inherited {
  readonly fill: string;
  readonly fontSize: number;
}

/** Strokes or fills that follow each other and have the same attributes. */
interface Path {
  readonly attributes: string;
  readonly data: PathData;
}

interface Text {
  readonly place: string;
  readonly text: string;
}

export class SvgContext {
  fillStyle: unknown = '#000';
  strokeStyle: unknown = '#000';
  lineWidth = 1;
  lineCap = 'butt';
  lineJoin = 'miter';
  lineDashOffset = 0;
  font = '10px sans-serif';
  textAlign = 'start';
  textBaseline = 'alphabetic';
  globalAlpha = 1;
  readonly canvas: unknown;

  readonly #measure: TextMeasure;
  readonly #colors: 'themed' | 'fixed';
  readonly #inherited: Inherited;
  readonly #paths: Path[] = [];
  /** By their attributes: no text covers another one, so their order is free. */
  readonly #texts = new Map<string, Text[]>();
  readonly #saved: State[] = [];
  #dash: readonly number[] = [];
  #matrix = IDENTITY;
  #path: Step[] = [];

  /** `measure` is a context of the same fonts, for the widths of texts. */
  constructor(measure: TextMeasure & { readonly canvas: unknown }, colors: 'themed' | 'fixed', inherited: Inherited) {
    this.canvas = measure.canvas;
    this.#measure = measure;
    this.#colors = colors;
    this.#inherited = inherited;
  }

  /** The elements drawn so far. */
  markup(): string {
    const paths = this.#paths.map(({ attributes, data }) => `<path${attributes} d="${data.text}"/>`);
    const texts = [...this.#texts].map(([attributes, all]) => {
      const [one, ...more] = all;
      if (one !== undefined && more.length === 0) return `<text${attributes}${one.place}>${one.text}</text>`;
      const inner = all.map(({ place, text }) => `<text${place}>${text}</text>`).join('');
      return attributes === '' ? inner : `<g${attributes}>${inner}</g>`;
    });
    return paths.join('') + texts.join('');
  }

  save(): void {
    const { fillStyle, strokeStyle, lineWidth, lineCap, lineJoin, lineDashOffset, font, textAlign, textBaseline } =
      this;
    const { globalAlpha } = this;
    this.#saved.push({
      fillStyle,
      strokeStyle,
      lineWidth,
      lineCap,
      lineJoin,
      lineDashOffset,
      font,
      textAlign,
      textBaseline,
      globalAlpha,
      dash: this.#dash,
      matrix: this.#matrix,
    });
  }

  restore(): void {
    const state = this.#saved.pop();
    if (state === undefined) return;
    const { dash, matrix, ...rest } = state;
    Object.assign(this, rest);
    this.#dash = dash;
    this.#matrix = matrix;
  }

  translate(x: number, y: number): void {
    const [a, b, c, d, e, f] = this.#matrix;
    this.#matrix = [a, b, c, d, a * x + c * y + e, b * x + d * y + f];
  }

  rotate(angle: number): void {
    const [a, b, c, d, e, f] = this.#matrix;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.#matrix = [a * cos + c * sin, b * cos + d * sin, c * cos - a * sin, d * cos - b * sin, e, f];
  }

  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void {
    this.#matrix = [a, b, c, d, e, f];
  }

  resetTransform(): void {
    this.#matrix = IDENTITY;
  }

  setLineDash(dash: readonly number[]): void {
    this.#dash = [...dash];
  }

  getLineDash(): readonly number[] {
    return [...this.#dash];
  }

  measureText(text: string): unknown {
    if (this.#measure.font !== this.font) this.#measure.font = this.font;
    return this.#measure.measureText(text);
  }

  beginPath(): void {
    this.#path = [];
  }

  moveTo(x: number, y: number): void {
    this.#path.push({ kind: 'move', x, y });
  }

  lineTo(x: number, y: number): void {
    this.#path.push({ kind: this.#path.length === 0 ? 'move' : 'line', x, y });
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#path.push({ kind: 'curve', x1, y1, x2, y2, x, y });
  }

  closePath(): void {
    this.#path.push({ kind: 'close' });
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#path.push(...rectangle(x, y, width, height));
  }

  /** Whole circles, and the corners of rounded rectangles. */
  arc(x: number, y: number, r: number, from: number, to: number, back = false): void {
    if (Math.abs(to - from) >= 2 * Math.PI - 1e-6) {
      this.#path.push({ kind: 'circle', x, y, r });
      return;
    }
    const at = (angle: number) => ({ x: x + r * Math.cos(angle), y: y + r * Math.sin(angle) });
    this.lineTo(at(from).x, at(from).y);
    if (r > 0) this.#path.push({ kind: 'arc', r, sweep: !back, ...at(to) });
  }

  fill(): void {
    const color = this.#color(this.fillStyle);
    if (color === undefined) return;
    const [first, ...more] = this.#path;
    // A dot costs a tenth of a circle.
    if (first?.kind === 'circle' && more.every(({ kind }) => kind === 'close')) {
      const [x, y] = this.#map(first.x, first.y);
      this.#open(` stroke="${color}" stroke-width="${short(first.r * 2)}" stroke-linecap="round"`).dot(x, y);
      return;
    }
    this.#draw(this.#path, this.#fillOf(color));
  }

  stroke(): void {
    this.#strokeSteps(this.#path);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    const color = this.#color(this.fillStyle);
    if (color !== undefined) this.#draw(rectangle(x, y, width, height), this.#fillOf(color));
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#strokeSteps(rectangle(x, y, width, height));
  }

  fillText(text: string, x: number, y: number): void {
    const color = this.#color(this.fillStyle);
    const { size, bold } = parseFont(this.font);
    if (color === undefined || text.trim() === '') return;
    const anchor = ANCHOR[this.textAlign];
    const attributes =
      this.#fillOf(color) +
      (size === this.#inherited.fontSize ? '' : ` font-size="${short(size)}"`) +
      (bold ? ' font-weight="bold"' : '') +
      (anchor === undefined ? '' : ` text-anchor="${anchor}"`);
    const below = y + size * (BASELINE[this.textBaseline] ?? 0);
    const group = this.#texts.get(attributes) ?? [];
    group.push({ place: this.#place(x, below), text: escapeXml(text) });
    this.#texts.set(attributes, group);
  }

  clearRect(): void {}
  clip(): void {}

  #strokeSteps(steps: readonly Step[]): void {
    const color = this.#color(this.strokeStyle);
    if (color === undefined || this.lineWidth <= 0) return;
    const dash = this.#dash.some((length) => length > 0)
      ? ` stroke-dasharray="${this.#dash.map(short).join(' ')}"`
      : '';
    const cap = this.lineCap === 'butt' ? '' : ` stroke-linecap="${this.lineCap}"`;
    const width = this.lineWidth === 1 ? '' : ` stroke-width="${short(this.lineWidth)}"`;
    this.#draw(steps, ` fill="none" stroke="${color}"${width}${dash}${cap}${this.#alpha('stroke')}`);
  }

  #draw(steps: readonly Step[], attributes: string): void {
    if (steps.length === 0) return;
    const path = this.#open(attributes);
    for (const step of steps) this.#step(path, step);
  }

  #step(path: PathData, step: Step): void {
    if (step.kind === 'close') {
      path.close();
      return;
    }
    const [x, y] = this.#map(step.x, step.y);
    switch (step.kind) {
      case 'move':
        path.move(x, y);
        return;
      case 'line':
        path.line(x, y);
        return;
      case 'curve':
        path.curve(...this.#map(step.x1, step.y1), ...this.#map(step.x2, step.y2), x, y);
        return;
      case 'circle':
        path.circle(x, y, step.r);
        return;
      case 'arc':
        path.arc(step.r, step.sweep, x, y);
        return;
    }
  }

  #map(x: number, y: number): [number, number] {
    const [a, b, c, d, e, f] = this.#matrix;
    return [a * x + c * y + e, b * x + d * y + f];
  }

  #place(x: number, y: number): string {
    const [a, b, c, d, e, f] = this.#matrix;
    const upright = a === 1 && b === 0 && c === 0 && d === 1;
    if (upright) return ` x="${short(x + e)}" y="${short(y + f)}"`;
    const matrix = [a, b, c, d].map((value) => Math.round(value * 1000) / 1000).join(' ');
    return ` transform="matrix(${matrix} ${short(e)} ${short(f)})" x="${short(x)}" y="${short(y)}"`;
  }

  #open(attributes: string): PathData {
    const last = this.#paths.at(-1);
    if (last?.attributes === attributes) return last.data;
    const data = new PathData();
    this.#paths.push({ attributes, data });
    return data;
  }

  #fillOf(color: string): string {
    return (color === this.#inherited.fill ? '' : ` fill="${color}"`) + this.#alpha('fill');
  }

  #alpha(what: 'fill' | 'stroke'): string {
    return this.globalAlpha >= 1 ? '' : ` ${what}-opacity="${short(this.globalAlpha)}"`;
  }

  /** undefined for what can't be seen. */
  #color(style: unknown): string | undefined {
    if (typeof style !== 'string' || style === 'transparent' || /^rgba\(.*, ?0\)$/.test(style)) return undefined;
    return escapeXml(this.#colors === 'themed' ? themed(style) : style);
  }
}

/** `bold 12px "DejaVu Sans"` as chart.js writes it. */
function parseFont(font: string): { readonly size: number; readonly bold: boolean } {
  return { size: Number(/([\d.]+)px/.exec(font)?.[1] ?? 10), bold: /\b(?:bold|[6-9]00)\b/.test(font) };
}
