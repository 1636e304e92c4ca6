/**
 * What could not be decided, grouped by what would decide it: rules that lack
 * the same events stand together, with one line that says what to enable.
 */
import { isInternalFault, type Report, type VerdictReport } from '../../report.ts';
import { ruleLabels, ruleName, withVerdict } from './labels.ts';
import { clean, wrap } from './layout.ts';
import { ALL_IN_JSON, LIMITS, type Page } from './page.ts';

/** A reason that begins so is a fault of qtrace, not a lack of the log. */
/** `enable` names this beside events: samples of query-migrate. */
const SAMPLES = '--qmp';
/** The same: QEMU's assertion failures stand there. */
const STDERR = 'stderr';
/** Not in QEMU: a reviewer adds them to the QEMU under test. */
const PROBES: ReadonlySet<string> = new Set([
  'qemu_savevm_query_pending_bql',
  'ram_state_pending_sync',
  'migration_bitmap_sync_stage',
  'mig_dirty_bytes_total_update',
]);
const RULES_NAMED = 3;

/** Verdicts that lack the same. */
export interface Group {
  readonly fault: boolean;
  readonly enable: readonly string[];
  readonly verdicts: VerdictReport[];
}

export function undecidedSection(report: Report, page: Page): readonly string[] {
  const undecided = withVerdict(report, 'undecidable');
  if (undecided.length === 0) return [];
  const groups = groupByRemedy(undecided);
  const omitted = groups.slice(LIMITS.groups).reduce((sum, group) => sum + group.verdicts.length, 0);
  return [
    page.heading(`Not decided (${undecided.length})`),
    ...groups.slice(0, LIMITS.groups).flatMap((group) => groupLines(group, report.migrations.length)),
    ...(omitted > 0 ? [`  ${omitted} more omitted; ${ALL_IN_JSON}`] : []),
  ];
}

export function groupByRemedy(undecided: readonly VerdictReport[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const verdict of undecided) {
    const fault = isInternalFault(verdict);
    const key = JSON.stringify([fault, [...new Set(verdict.enable.map((name) => name.slice(0, 80)))].sort()]);
    const group = groups.get(key) ?? { fault, enable: [...new Set(verdict.enable)], verdicts: [] };
    group.verdicts.push(verdict);
    groups.set(key, group);
  }
  // A fault of qtrace first: it is the one thing that the reader cannot mend.
  return [...groups.values()].sort((a, b) => Number(b.fault) - Number(a.fault));
}

function groupLines(group: Group, migrations: number): readonly string[] {
  const remedy = remedyText(group);
  const lines = remedy === undefined ? [] : wrap(remedy, '    ', '      ');
  return [...reasonLines(group.verdicts, migrations), ...lines];
}

/** `RULE, RULE: why`, one line per reason; also used for what holds and what does not apply. */
export function reasonLines(verdicts: readonly VerdictReport[], migrations: number): readonly string[] {
  const byReason = new Map<string, VerdictReport[]>();
  for (const verdict of verdicts) {
    const same = byReason.get(verdict.reason);
    if (same === undefined) byReason.set(verdict.reason, [verdict]);
    else same.push(verdict);
  }
  const reasons = [...byReason];
  const omitted = reasons.slice(LIMITS.groups).reduce((sum, [, same]) => sum + same.length, 0);
  return [
    ...reasons.slice(0, LIMITS.groups).flatMap(([reason, same]) => {
      return wrap(`${ruleLabels(same, migrations).join(', ')}: ${clean(reason)}`, '  ', '    ');
    }),
    ...(omitted > 0 ? [`  ${omitted} more omitted; ${ALL_IN_JSON}`] : []),
  ];
}

/** Under one line the rules need not be named again. */
function purpose({ verdicts }: Group): string {
  if (new Set(verdicts.map((verdict) => verdict.reason)).size === 1) return 'to decide';
  const rules = [...new Set(verdicts.map((verdict) => ruleName(verdict.rule)))];
  return `to decide ${rules.length <= RULES_NAMED ? rules.join(', ') : `these ${rules.length} rules`}`;
}

/** The same for verdicts that are told one by one. */
export function remedyFor(verdicts: readonly [VerdictReport, ...VerdictReport[]]): string | undefined {
  const [group] = groupByRemedy(verdicts);
  return group === undefined ? undefined : remedyText(group);
}

/** What would decide them, in one sentence; undefined where nothing would. */
export function remedyText(group: Group): string | undefined {
  if (group.fault) return 'this is a fault of qtrace itself; please report it with the log';
  const probes = group.enable.filter((name) => PROBES.has(name));
  const events = group.enable.filter((name) => name !== SAMPLES && name !== STDERR && !PROBES.has(name));
  const parts = [
    ...(events.length > 0 ? [enableText(events)] : []),
    ...(probes.length > 0
      ? [`add the probe ${probes.length === 1 ? 'event' : 'events'} ${names(probes)} to QEMU`]
      : []),
    ...(group.enable.includes(STDERR) ? ['give what QEMU printed on stderr beside the log'] : []),
    ...(group.enable.includes(SAMPLES) ? ['give samples of query-migrate with --qmp FILE'] : []),
  ];
  return parts.length > 0 ? `${purpose(group)}: ${parts.join('; ')}` : undefined;
}

function enableText(events: readonly string[]): string {
  const mutex = events.some((name) => name.startsWith('qemu_mutex_'));
  return `enable ${names(events)}${mutex ? ' (-d tid -D LOG.%d); `qtrace events --bql` lists them' : ''}`;
}

function names(events: readonly string[]): string {
  return events.map((name) => clean(name, 80)).join(', ');
}
