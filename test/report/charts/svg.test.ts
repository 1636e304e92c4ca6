/** The context that writes SVG: few bytes, nothing lost, and texts of a trace that do no harm. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visible } from '../../../src/base/text.ts';
import { SvgContext } from '../../../src/report/charts/svg-canvas.ts';
import { PathData } from '../../../src/report/charts/svg-path.ts';
import { escapeXml } from '../../../src/report/charts/xml.ts';
import { unescapeXml } from './support.ts';
import { xmlFault } from './xml.ts';

const MEASURE = { canvas: undefined, font: '', measureText: (text: string) => ({ width: text.length }) };
const INK = '#1b1f24';

function context(): SvgContext {
  return new SvgContext(MEASURE, 'themed', { fill: `var(--chart-ink,${INK})`, fontSize: 12 });
}

/** The points that a path of `M`, `m`, `l`, `h`, `v` and `z` goes through. */
function pointsOf(data: string): readonly (readonly [number, number])[] {
  const points: [number, number][] = [];
  let [x, y] = [0, 0];
  for (const [, command = '', args = ''] of data.matchAll(/([Mmlhvz])([^Mmlhvz]*)/g)) {
    const values = [...args.matchAll(/-?(?:\d+\.?\d*|\.\d+)/g)].map(([value]) => Number(value));
    const size = command === 'h' || command === 'v' ? 1 : 2;
    for (let at = 0; at < values.length; at += size) {
      const [a = 0, b = 0] = values.slice(at, at + size);
      x += command === 'v' ? 0 : a;
      y += command === 'v' ? a : command === 'h' ? 0 : b;
      points.push([x, y]);
    }
  }
  return points;
}

describe('PathData', () => {
  test('is short', () => {
    const path = new PathData();
    path.move(10, 20);
    path.line(15.5, 20);
    path.line(15.5, 10.25);
    path.line(16, 10);
    path.line(16.2, 9.5);
    path.close();
    path.move(30, 30);
    path.line(29, 31);
    expect(path.text).toBe('M10 20h5.5v-9.7l.5-.3.2-.5zm20 10l-1 1');
  });

  test('rounding never adds up', () => {
    const coordinate = fc.double({ min: -1000, max: 1000, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 2, maxLength: 60 }), (points) => {
        const path = new PathData();
        const [[startX, startY] = [0, 0], ...rest] = points;
        path.move(startX, startY);
        for (const [x, y] of rest) path.line(x, y);
        const drawn = pointsOf(path.text);
        const [lastX, lastY] = points.at(-1) ?? [0, 0];
        const [x, y] = drawn.at(-1) ?? [Number.NaN, Number.NaN];
        expect(Math.abs(x - lastX)).toBeLessThan(0.06);
        expect(Math.abs(y - lastY)).toBeLessThan(0.06);
      }),
    );
  });
});

describe('SvgContext', () => {
  test('what follows in one style is one path, a dot is a round end, ink is inherited', () => {
    const ctx = context();
    ctx.fillStyle = '#183a78';
    ctx.fillRect(0, 0, 10, 5);
    ctx.fillRect(20, 5, -5, -5);
    for (const x of [3, 9]) {
      ctx.beginPath();
      ctx.arc(x, 4, 2, 0, 2 * Math.PI);
      ctx.closePath();
      ctx.fill();
    }
    ctx.fillStyle = INK;
    ctx.fillRect(1, 1, 1, 1);
    expect(ctx.markup()).toBe(
      '<path fill="var(--chart-1,#183a78)" d="M0 0h10v5h-10zm15 0h5v5h-5z"/>' +
        '<path stroke="var(--chart-1,#183a78)" stroke-width="4" stroke-linecap="round" d="M3 4h0m6 0h0"/>' +
        '<path d="M1 1h1v1h-1z"/>',
    );
  });

  test('moves, turns and takes them back', () => {
    const ctx = context();
    ctx.strokeStyle = '#010203';
    ctx.save();
    ctx.translate(10, 20);
    ctx.rotate(Math.PI / 2);
    ctx.setLineDash([4, 2]);
    ctx.beginPath();
    ctx.moveTo(0, 0);
    ctx.lineTo(5, 0);
    ctx.stroke();
    ctx.fillText('up', 0, 0);
    ctx.restore();
    ctx.strokeRect(1, 1, 2, 2);
    expect(ctx.markup()).toBe(
      '<path fill="none" stroke="#010203" stroke-dasharray="4 2" d="M10 20v5"/>' +
        '<path fill="none" stroke="#010203" d="M1 1h2v2h-2z"/>' +
        '<text fill="#000" font-size="10" transform="matrix(0 1 -1 0 10 20)" x="0" y="0">up</text>',
    );
  });

  test('what can’t be seen costs nothing', () => {
    const ctx = context();
    ctx.fillStyle = 'transparent';
    ctx.fillRect(0, 0, 9, 9);
    ctx.fillStyle = 'rgba(0,0,0,0)';
    ctx.fillRect(0, 0, 9, 9);
    ctx.lineWidth = 0;
    ctx.strokeRect(0, 0, 9, 9);
    ctx.fillStyle = INK;
    ctx.fillText(' ', 0, 0);
    expect(ctx.markup()).toBe('');
  });
});

describe('texts of a trace', () => {
  test.each([
    ['</script><script>alert(1)</script>', '&#60;/script&#62;&#60;script&#62;alert(1)&#60;/script&#62;'],
    ['" onload="x', '&#34; onload=&#34;x'],
    ['a & b', 'a &#38; b'],
    ['\ufffe', '\\ufffe'],
    ['\ud800', '\\ud800'],
    ['\u0007', '\\u0007'],
  ])('%j', (text, expected) => {
    expect(escapeXml(text)).toBe(expected);
  });

  test('any text is well-formed, and can be read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeXml(visible(text));
        expect(xmlFault(`<svg a="${escaped}">${escaped}</svg>`)).toBeUndefined();
        if (!/[\ufffe\uffff]/.test(text)) expect(unescapeXml(escaped)).toBe(visible(text));
      }),
    );
  });
});

test.each([
  ['<a><b></a></b>', /closes nothing/],
  ['<a>x & y</a>', /text/],
  ['<a b=c></a>', /attributes/],
  ['<a/><b/>', /2 roots/],
  ['<a id="x"><b id="x"/></a>', /twice/],
  ['<a>\u0007</a>', /character 7/],
])('the check itself finds what is wrong with %j', (text, fault) => {
  expect(xmlFault(text)).toMatch(fault);
});
