/**
 * The destination's part: how it ended, how its clock stands to the source's,
 * how long the guest stood still, and the blocks of the downtime on its side.
 */
import { plural } from '../../../base/text.ts';
import type {
  BlackoutReport,
  DestinationBlocks,
  DestinationReport,
  JsonNumber,
  MigrationReport,
  Report,
  TieReport,
} from '../../report.ts';
import { deviceLines } from './downtime.ts';
import { COLUMNS, clean, clip, flow, paragraphs, rawLine, separated, wrap } from './layout.ts';
import { duration, microseconds } from './numbers.ts';
import { ALL_IN_JSON, LIMITS, type Page } from './page.ts';

const INDENT = '    ';
const DEEPER = '      ';
/** dst-postcopy-bh-cache-invalidated has 33 letters. */
const STAGE_WIDTH = 33;
const FILE_WIDTH = 60;

interface Step {
  readonly from: string;
  readonly to: string;
  readonly lowNs: JsonNumber | null;
  readonly highNs: JsonNumber | null;
}

export function destinationSection({ destination }: MigrationReport, page: Page): readonly string[] {
  if (destination === null) return [];
  const { blackout } = destination;
  return paragraphs([
    [...titleLines(destination, '  ', page), ...clockLines(destination)],
    blackoutLines(destination, page),
    blackout === null || blackout.steps.length === 0
      ? ownSteps(destination, page)
      : stepLines('Checkpoints analysis, both sides', blackout.steps, blackout, page),
    ...deviceBlocks(destination, page),
  ]);
}

/** What has no place in any migration. */
export function untiedSections(report: Report, page: Page): readonly (readonly string[])[] {
  const shown = report.untiedDestinations.slice(0, LIMITS.destinations);
  const omitted = report.untiedDestinations.length - shown.length;
  const rest = omitted > 0 ? [[`${plural(omitted, 'more destination')} omitted; ${ALL_IN_JSON}`]] : [];
  const sections = shown.map((untied) =>
    paragraphs([
      [
        ...titleLines(untied, '', page),
        ...wrap(`not tied to a migration: ${clean(untied.reason)}`, '  ', INDENT),
        ...untied.lines.map((line) => rawLine(line, INDENT)),
      ],
      ownSteps(untied, page),
      ...deviceBlocks(untied, page),
    ]),
  );
  return [...sections, ...rest];
}

function titleLines({ file, outcome, states }: DestinationBlocks, indent: string, page: Page): readonly string[] {
  const how = outcome === 'running' ? 'its log ends before it does' : outcome;
  const title = wrap(`Destination ${clip(file, FILE_WIDTH)}: ${how}`, indent).map(page.heading);
  if (states.length === 0) return title;
  const shown = states.slice(0, LIMITS.states).map(({ state, line }) => `${clean(state, 40)} :${line}`);
  const omitted = states.length > shown.length ? [`(${states.length - shown.length} omitted)`] : [];
  const items = separated([...shown, ...omitted], ' ->');
  return [...title, ...flow(['states (line):', ...items], `${indent}  `, `${indent}    `)];
}

function clockLines({ clock, ties }: DestinationReport): readonly string[] {
  if (clock === null) return [`${INDENT}the clocks are not tied: the logs have no time stamps in common`];
  const { lowNs, highNs, pairs } = clock;
  const text = `the destination's clock less the source's: ${between(lowNs, highNs)} (from ${pairs} pairs of lines)`;
  return [...wrap(text, INDENT, DEEPER), ...ties.flatMap(tieLines)];
}

/** The cause above its effect. */
function tieLines({ bound, first, source, destination }: TieReport): readonly string[] {
  const lines = first === 'source' ? [source, destination] : [destination, source];
  const label =
    bound === 'low' ? 'no less, for the first of these lines comes before the second:' : 'no more, likewise:';
  return [`${INDENT}${label}`, ...lines.map((line) => rawLine(line, DEEPER))];
}

function blackoutLines({ blackout, noBlackout }: DestinationReport, page: Page): readonly string[] {
  if (blackout === null) return wrap(`no blackout of the guest: ${clean(noBlackout ?? 'not shown')}`, '  ', INDENT);
  return [
    page.heading(`  Blackout of the guest ${between(blackout.lowNs, blackout.highNs)}, from and to`),
    rawLine(blackout.from, INDENT),
    rawLine(blackout.to, INDENT),
  ];
}

export function between(lowNs: JsonNumber | null, highNs: JsonNumber | null): string {
  const low = lowNs === null ? undefined : boundText(Math.floor(Number(lowNs) / 1000));
  const high = highNs === null ? undefined : boundText(Math.ceil(Number(highNs) / 1000));
  if (low === undefined) return high === undefined ? 'not shown' : `at most ${high}`;
  return high === undefined ? `at least ${low}` : `between ${low} and ${high}`;
}

/** A bound is never rounded inwards, and clocks that lie hours apart are still told to the microsecond. */
function boundText(us: number): string {
  return Math.abs(us) < 1e7 ? duration(us * 1000) : `${(us / 1e6).toFixed(6)} s`;
}

function ownSteps({ checkpoints }: DestinationBlocks, page: Page): readonly string[] {
  const steps = checkpoints.map(({ from, to, durationNs }) => ({ from, to, lowNs: durationNs, highNs: durationNs }));
  return stepLines('Checkpoints analysis, destination', steps, undefined, page);
}

function stepLines(
  title: string,
  steps: readonly Step[],
  total: Pick<BlackoutReport, 'lowNs' | 'highNs'> | undefined,
  page: Page,
): readonly string[] {
  const shown = steps.slice(0, LIMITS.checkpoints);
  if (shown.length === 0) return [];
  const omitted = steps.length - shown.length;
  const cells = rangeCells([...shown, ...(total === undefined ? [] : [total])]);
  const width = longest(cells);
  const room = Math.floor((COLUMNS - `${INDENT} -> :  (us)`.length - width) / 2);
  const from = shown.map((step) => clip(step.from, Math.min(STAGE_WIDTH, room)));
  const to = shown.map((step) => clip(step.to, Math.min(STAGE_WIDTH, room)));
  const [fromWidth, toWidth] = [longest(from), longest(to)];
  const line = (label: string, at: number): string => `${INDENT}${label}: ${(cells[at] ?? '').padStart(width)} (us)`;
  return [
    page.heading(`  ${title}`),
    ...shown.map((_, at) => line(`${(from[at] ?? '').padStart(fromWidth)} -> ${(to[at] ?? '').padStart(toWidth)}`, at)),
    ...(omitted > 0 ? [`${INDENT}(${omitted} omitted)`] : []),
    ...(total === undefined ? [] : [line('blackout'.padStart(fromWidth + toWidth + 4), shown.length)]),
  ];
}

/** A time of one clock, or the two bounds of one that spans both: `2305..2420`. */
function rangeCells(spans: readonly Pick<Step, 'lowNs' | 'highNs'>[]): readonly string[] {
  const exact = microseconds(spans.map(({ lowNs, highNs }) => (lowNs === highNs ? lowNs : null)));
  return spans.map(({ lowNs, highNs }, at) => {
    if (lowNs === highNs) return exact[at] ?? '';
    const low = lowNs === null ? '' : Math.floor(Number(lowNs) / 1000);
    const high = highNs === null ? '' : Math.ceil(Number(highNs) / 1000);
    return `${low}..${high}`;
  });
}

function deviceBlocks({ iterable, nonIterable }: DestinationBlocks, page: Page): readonly (readonly string[])[] {
  return [
    deviceLines('Iterable device analysis', 'LOAD', iterable, page),
    deviceLines('Non-iterable device analysis', 'LOAD', nonIterable, page),
  ];
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length));
}
