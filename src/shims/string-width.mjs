// Stands in for the package of that name, which yargs uses to lay out --help: that one compiles emoji tables and
// starts Intl.Segmenter when it is loaded, a fifth of the whole start-up. Here only text beyond ASCII costs anything.
import { stripVTControlCharacters } from 'node:util';

const ascii = /^[\x20-\x7e]*$/;
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/gu;

export default function stringWidth(text) {
  if (ascii.test(text)) return text.length;
  const visible = stripVTControlCharacters(text).replace(/[\p{Mark}\p{Default_Ignorable_Code_Point}]/gu, '');
  return Array.from(visible).length + (visible.match(wide)?.length ?? 0);
}
