/**
 * Draws a chart of chart.js, on the canvas of chartjs-node-canvas, as SVG or
 * PNG. Everything is loaded when the first chart is drawn: a run without charts
 * pays nothing. The font comes along, so that a machine without any has texts.
 */
import { createRequire } from 'node:module';
import type { ChartConfiguration, Chart as ChartJs, Plugin } from 'chart.js';
import type { ChartJSNodeCanvas } from 'chartjs-node-canvas';
import { messageOf, UserError } from '../../base/errors.ts';
import { light } from './palette.ts';
import { type Inherited, SvgContext } from './svg-canvas.ts';

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

export const FONT = 'DejaVu Sans';

/** The elements of an `<svg>`, without itself. */
export async function drawSvg(
  configuration: ChartConfiguration,
  size: ChartSize,
  style: { readonly colors: 'themed' | 'fixed'; readonly inherited: Inherited },
): Promise<string> {
  const canvas = await open('svg');
  let context: SvgContext | undefined;
  const recorder: Plugin = {
    id: 'svg',
    // The first hook of all: the legend takes the context along in its own.
    install: (chart) => {
      resize(chart, size);
      context = new SvgContext(chart.ctx, style.colors, style.inherited);
      Object.defineProperty(chart, 'ctx', { value: context });
    },
  };
  canvas.renderToBufferSync(withPlugin(configuration, recorder, 1), 'image/svg+xml');
  return context?.markup() ?? '';
}

/** A PNG with two pixels for each of the chart's. */
export async function drawPng(configuration: ChartConfiguration, size: ChartSize): Promise<Buffer> {
  const canvas = await open('png');
  const surface: Plugin = {
    id: 'surface',
    install: (chart) => resize(chart, size),
    beforeDraw: ({ ctx }) => {
      ctx.fillStyle = light('--chart-surface');
      ctx.fillRect(0, 0, size.width, size.height);
    },
  };
  return canvas.renderToBufferSync(withPlugin(configuration, surface, 2), 'image/png');
}

/** One canvas serves all sizes: each instance of the library loads a chart.js of its own. */
function resize(chart: ChartJs, { width, height }: ChartSize): void {
  Object.assign(chart, { width, height });
}

function withPlugin(configuration: ChartConfiguration, plugin: Plugin, ratio: number): ChartConfiguration {
  const { plugins = [], options } = configuration;
  return { ...configuration, plugins: [plugin, ...plugins], options: { ...options, devicePixelRatio: ratio } };
}

type Kind = 'svg' | 'png';
const opened = new Map<Kind, Promise<ChartJSNodeCanvas>>();

function open(kind: Kind): Promise<ChartJSNodeCanvas> {
  let canvas = opened.get(kind);
  if (canvas === undefined) {
    canvas = start(kind);
    opened.set(kind, canvas);
  }
  return canvas;
}

/** @throws UserError where the canvas has no binary for this machine. */
async function start(kind: Kind): Promise<ChartJSNodeCanvas> {
  try {
    return await load(kind);
  } catch (thrown) {
    const [reason = ''] = messageOf(thrown).split('\n');
    throw new UserError(`the charts can't be drawn on this machine (${reason}); run without --charts, or install anew`);
  }
}

async function load(kind: Kind): Promise<ChartJSNodeCanvas> {
  const { ChartJSNodeCanvas } = await import('chartjs-node-canvas');
  const canvas = new ChartJSNodeCanvas({
    width: 100,
    height: 100,
    ...(kind === 'svg' ? { type: kind } : {}),
    chartCallback: ({ defaults }) => {
      defaults.font.family = FONT;
      defaults.color = light('--chart-muted');
      defaults.borderColor = light('--chart-grid');
    },
  });
  const { resolve } = createRequire(import.meta.url);
  for (const file of ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']) {
    canvas.registerFont(resolve(`dejavu-fonts-ttf/ttf/${file}`), { family: FONT });
  }
  return canvas;
}
