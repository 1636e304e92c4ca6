// chartjs-node-canvas requires 'canvas' (node-canvas), which must be compiled against cairo and pango.
// This package stands in for it with the same calls on @napi-rs/canvas, which ships ready-made binaries.
// It names no dependency of its own: it is bundled into qtrace's package, and a dependency would take the binaries
// of the packing machine's platform along. qtrace itself depends on @napi-rs/canvas.
'use strict';
// Only the fonts that are registered: the same picture on every machine, and no search for those of the system.
const WITHOUT = 'DISABLE_SYSTEM_FONTS_LOAD';
const before = process.env[WITHOUT];
process.env[WITHOUT] = '1';
const nodeCanvas = require('@napi-rs/canvas/node-canvas');
const { createCanvas, SvgExportFlag } = require('@napi-rs/canvas');
if (before === undefined) delete process.env[WITHOUT];
else process.env[WITHOUT] = before;

exports.createCanvas = (width, height, type) => {
  if (type !== 'svg') return nodeCanvas.createCanvas(width, height);
  const canvas = createCanvas(width, height, SvgExportFlag.RelativePathEncoding);
  // node-canvas hands out SVG through toBuffer, with or without a callback.
  canvas.toBuffer = (callback) => {
    const content = canvas.getContent();
    if (typeof callback !== 'function') return content;
    setImmediate(callback, null, content);
    return undefined;
  };
  return canvas;
};
exports.registerFont = nodeCanvas.registerFont;
exports.Image = nodeCanvas.Image;
exports.loadImage = nodeCanvas.loadImage;
