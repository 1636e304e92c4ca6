/** The destination's part: its clock, how long the guest stood still, and the blocks of its own downtime. */
import { capital } from '../../../base/text.ts';
import type {
  BlackoutReport,
  DestinationBlocks,
  DestinationReport,
  JsonNumber,
  MigrationReport,
} from '../../report.ts';
import { between } from '../text/destination.ts';
import { exactNumber } from '../text/numbers.ts';
import { deviceTables } from './downtime.ts';
import { html, type Markup, type Piece } from './markup.ts';
import { plainLines } from './raw-lines.ts';
import { code, omittedNote, placeOf, type Sheet, section, shortened } from './sheet.ts';
import { dataTable } from './table.ts';

export function destinationPart({ destination }: MigrationReport, sheet: Sheet): Piece {
  if (destination === null) return undefined;
  const { blackout, noBlackout } = destination;
  return html`${title(destination)}${clockLine(destination, sheet)}${
    blackout === null
      ? html`<p>No blackout of the guest: ${sheet.prose(noBlackout ?? 'not shown')}.</p>\n${ownSteps(destination, sheet)}`
      : blackoutPart(blackout, sheet)
  }<div class="side">
${deviceTables('loaded', destination, sheet)}</div>
`;
}

/** What has no place in any migration. */
export function untiedSection(sheet: Sheet): Piece {
  const { untiedDestinations } = sheet.report;
  const shown = sheet.first(untiedDestinations, Math.ceil(sheet.room.inputs / 4), 'logs of other destinations');
  if (shown.length === 0) return undefined;
  return section(
    'destinations',
    'Destinations of no migration here',
    shown.map((untied) => {
      const lines = untied.lines.length === 0 ? undefined : plainLines(untied.lines, sheet);
      return html`${title(untied)}<p>${sheet.prose(capital(untied.reason))}.</p>\n${lines}${ownSteps(untied, sheet)}<div class="side">
${deviceTables('loaded', untied, sheet)}</div>
`;
    }),
    omittedNote(untiedDestinations.length - shown.length, 'more destination'),
  );
}

function title({ file, outcome }: DestinationBlocks): Markup {
  return html`<h4>Destination ${code(file)}: ${outcome === 'running' ? 'its log ends before it does' : outcome}</h4>\n`;
}

function clockLine({ clock, ties }: DestinationReport, sheet: Sheet): Markup {
  if (clock === null)
    return html`<p class="muted">The clocks are not tied: the logs have no time stamps in common.</p>\n`;
  const { lowNs, highNs, pairs } = clock;
  const bounds = ties.map(({ bound, first, source, destination }) => {
    const lines = first === 'source' ? [source, destination] : [destination, source];
    const label =
      bound === 'low' ? 'No less, for the first of these lines comes before the second' : 'No more, likewise';
    return html`<p>${label} (${lines.map((line, at) => [at === 0 ? '' : ', ', placeOf(line)])}):</p>\n${plainLines(lines, sheet)}`;
  });
  const text = `The destination’s clock less the source’s: ${between(lowNs, highNs)} (from ${pairs} pairs of lines).`;
  return html`<p>${text}</p>
${sheet.room.steps === 0 ? undefined : html`<details>\n<summary>The lines that bound it</summary>\n${bounds}</details>\n`}`;
}

function blackoutPart(blackout: BlackoutReport, sheet: Sheet): Markup {
  return html`<p><b>Blackout of the guest ${between(blackout.lowNs, blackout.highNs)}</b></p>
${plainLines([blackout.from, blackout.to], sheet)}${stepTable('Blackout from checkpoint to checkpoint, both sides', blackout.steps, sheet)}`;
}

function ownSteps({ checkpoints }: DestinationBlocks, sheet: Sheet): Piece {
  const steps = checkpoints.map(({ from, to, durationNs }) => ({ from, to, lowNs: durationNs, highNs: durationNs }));
  return stepTable('The destination from checkpoint to checkpoint', steps, sheet);
}

function stepTable(caption: string, steps: BlackoutReport['steps'], sheet: Sheet): Piece {
  const shown = sheet.first(steps, sheet.room.steps, 'steps of the destination');
  if (shown.length === 0) return undefined;
  return dataTable({
    caption,
    columns: [{ title: 'from' }, { title: 'to' }, { title: 'us', numeric: true }],
    rows: shown.map(({ from, to, lowNs, highNs }) => [shortened(from, 60), shortened(to, 60), range(lowNs, highNs)]),
    omitted: steps.length - shown.length,
  });
}

/** A time of one clock, or the two bounds of one that spans both; never rounded inwards. */
function range(lowNs: JsonNumber | null, highNs: JsonNumber | null): string {
  if (lowNs === highNs) return lowNs === null ? exactNumber(null) : String(Number(lowNs) / 1000);
  const low = lowNs === null ? '' : Math.floor(Number(lowNs) / 1000);
  const high = highNs === null ? '' : Math.ceil(Number(highNs) / 1000);
  return `${low}..${high}`;
}
