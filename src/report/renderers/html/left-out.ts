/** What the page says of itself where it had to be cut. */
import { html, type Piece } from './markup.ts';
import { code, type Sheet, section } from './sheet.ts';

export function leftOutSection(sheet: Sheet, mail: boolean): Piece {
  const left = sheet.leftOut;
  if (left.length === 0) return undefined;
  const why = mail ? 'To fit a mailing list, this page leaves out' : 'To stay small enough, this page leaves out';
  const whole = mail
    ? html`The text report carries the whole case; ${code('qtrace analyze')} without ${code('--mail')} makes the full page.`
    : html`${code('qtrace analyze --format json')} lists all that was found.`;
  return section('left-out', 'Left out', html`<p>${why} ${left.join(', ')}. ${whole}</p>\n`);
}
