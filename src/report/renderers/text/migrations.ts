/** Each migration: what it was, the states it went through, what QEMU said, its rounds and its downtime. */
import { plural } from '../../../base/text.ts';
import type { MigrationReport, Report } from '../../report.ts';
import { destinationSection } from './destination.ts';
import { downtimeSection } from './downtime.ts';
import { judgedAs, withVerdict } from './labels.ts';
import { clean, flow, paragraphs, place, rawLine, separated, wrap } from './layout.ts';
import { bytesWithUnit, duration, seconds } from './numbers.ts';
import { ALL_IN_JSON, LIMITS, type Page } from './page.ts';
import { roundsSection } from './rounds.ts';

/** One section per migration; of very many the violated ones in full and a line for each other. */
export function migrationSections(report: Report, page: Page): readonly (readonly string[])[] {
  const full = chosen(report);
  const rest = report.migrations.filter((migration) => !full.includes(migration));
  return [
    ...full.map((migration) => migrationLines(migration, report.qemu, page)),
    rest.length === 0 ? [] : shortLines(rest, page),
  ];
}

function chosen(report: Report): readonly MigrationReport[] {
  const violated = new Set(withVerdict(report, 'violated').map((verdict) => verdict.migration));
  const first = report.migrations.filter((migration) => violated.has(migration.index));
  const others = report.migrations.filter((migration) => !violated.has(migration.index));
  return [...first, ...others].slice(0, LIMITS.migrations).sort((a, b) => a.index - b.index);
}

function shortLines(rest: readonly MigrationReport[], page: Page): readonly string[] {
  const omitted = rest.length - LIMITS.migrationLines;
  return [
    page.heading('Other migrations'),
    ...rest.slice(0, LIMITS.migrationLines).map((migration) => {
      const { index, kind, outcome, downtimeNs, syncs } = migration;
      return `  ${index}: ${kind}, ${outcome}; ${plural(syncs, 'sync')}; downtime ${duration(downtimeNs)}`;
    }),
    ...(omitted > 0 ? [`  ${plural(omitted, 'more migration')} omitted; ${ALL_IN_JSON}`] : []),
  ];
}

function migrationLines(migration: MigrationReport, qemu: Report['qemu'], page: Page): readonly string[] {
  return paragraphs([
    [
      ...titleLines(migration, qemu).map(page.heading),
      ...factLines(migration),
      ...(page.verbose ? phaseLines(migration) : []),
    ],
    messageLines(migration, page),
    roundsSection(migration, qemu, page),
    downtimeSection(migration, page),
    destinationSection(migration, page),
  ]);
}

function titleLines({ index, kind, outcome }: MigrationReport, qemu: Report['qemu']): readonly string[] {
  const name = kind === 'unknown' ? 'kind not shown' : kind;
  return wrap(`Migration ${index}: ${name}, ${outcomeText(outcome)}; ${judgedAs(qemu)}`, '', '  ');
}

function factLines(migration: MigrationReport): readonly string[] {
  const { syncs, iterations, downtimeNs, finalTotalBytes } = migration;
  const work = `${queries(migration)}; ${plural(syncs, 'sync')}; ${plural(iterations, 'iteration')}`;
  const end = `downtime ${duration(downtimeNs)}; final total ${bytesWithUnit(finalTotalBytes)}`;
  return [...wrap(work, '  ', '    '), ...wrap(end, '  ', '    '), ...stateLines(migration.states)];
}

function outcomeText(outcome: MigrationReport['outcome']): string {
  if (outcome === 'running') return 'running (the log ends before the migration does)';
  return outcome === 'aborted' ? 'aborted (QEMU died)' : outcome;
}

function queries({ queries: { estimate, exact, final, unspecified } }: MigrationReport): string {
  if (unspecified > 0 && estimate + exact + final === 0) return `queries: ${unspecified} of one kind`;
  const one = `queries: ${estimate} estimate, ${exact} exact, ${final} final`;
  return unspecified > 0 ? `${one}, ${unspecified} of no kind` : one;
}

/** `setup 0.000000 src.log:12 -> active 0.003205 :19`: a file is named where it changes. */
function stateLines(states: MigrationReport['states']): readonly string[] {
  if (states.length === 0) return [];
  const timed = states.some((state) => state.ns !== null);
  const items = states.map((state, at) => {
    const where = states[at - 1]?.file === state.file ? `:${state.line}` : place(state);
    return [clean(state.state, 40), ...(timed ? [seconds(state.ns)] : []), where].join(' ');
  });
  const title = `  states (${timed ? 's since the first event, ' : ''}line):`;
  return [title, ...flow(separated(boundedItems(items), ' ->'), '    ', '    ')];
}

function boundedItems(items: readonly string[]): readonly string[] {
  if (items.length <= LIMITS.states) return items;
  const half = LIMITS.states / 2;
  return [...items.slice(0, half), `(${items.length - LIMITS.states} omitted)`, ...items.slice(-half)];
}

function phaseLines({ phases }: MigrationReport): readonly string[] {
  if (phases.length === 0) return [];
  const items = phases.map(({ name, startNs, endNs, lines }) => {
    return `${clean(name, 40)} ${seconds(startNs)}..${seconds(endNs)} :${lines[0]}-${lines[1]}`;
  });
  return ['  phases (s since the first event, lines):', ...flow(separated(boundedItems(items), ','), '    ', '    ')];
}

function messageLines({ messages }: MigrationReport, page: Page): readonly string[] {
  if (messages.lines.length === 0) return [];
  return [
    page.heading('  Messages of QEMU'),
    ...messages.lines.map((line) => rawLine(line, '    ')),
    ...(messages.omitted > 0 ? [`    (${plural(messages.omitted, 'message')} omitted)`] : []),
  ];
}
