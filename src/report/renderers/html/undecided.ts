/** What could not be decided, by what would decide it: the next recording can have it. */
import { capital } from '../../../base/text.ts';
import { withVerdict } from '../text/labels.ts';
import { type Group, groupByRemedy, remedyText } from '../text/undecided.ts';
import { html, type Markup, type Piece } from './markup.ts';
import { code, ofMigration, omittedNote, type Sheet, section, verdictId } from './sheet.ts';

export function undecidedSection(sheet: Sheet): Piece {
  const undecided = withVerdict(sheet.report, 'undecidable');
  if (undecided.length === 0) return undefined;
  sheet.leaveOut(undecided.length - sheet.room.undecided, 'duties that could not be decided');
  let left = sheet.room.undecided;
  const blocks = groupByRemedy(undecided).map((group): Piece => {
    const shown = group.verdicts.slice(0, left);
    left -= shown.length;
    return shown.length === 0 ? undefined : groupBlock(group, shown, sheet);
  });
  return section(
    'undecided',
    'Not decided',
    blocks,
    omittedNote(undecided.length - sheet.room.undecided, 'more duty', 'more duties'),
  );
}

function groupBlock(group: Group, verdicts: Group['verdicts'], sheet: Sheet): Markup {
  const items = verdicts.map((verdict) => {
    const where = ofMigration(verdict, sheet);
    return html`<li id="${verdictId(verdict)}">${code(verdict.rule)}${where === '' ? '' : ` (${where})`}: ${sheet.prose(verdict.reason)}</li>\n`;
  });
  const remedy = remedyText(group);
  return html`<ul>
${items}</ul>
${remedy === undefined ? undefined : html`<p class="remedy">${sentence(remedy, sheet)}</p>\n`}`;
}

/** What stands between backquotes is a command. */
function sentence(text: string, sheet: Sheet): Markup {
  const parts = capital(text).split('`');
  return html`${parts.map((part, at) => (at % 2 === 1 ? code(part) : sheet.prose(part)))}.`;
}
