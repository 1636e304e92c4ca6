/** What holds and what does not apply: counted and named, with --verbose explained. */
import { plural } from '../../../base/text.ts';
import type { Report, VerdictReport } from '../../report.ts';
import { ruleLabels, withVerdict } from './labels.ts';
import { wrap } from './layout.ts';
import type { Page } from './page.ts';
import { reasonLines } from './undecided.ts';

export function settledSection(report: Report, page: Page): readonly string[] {
  const holding = withVerdict(report, 'pass');
  const idle = withVerdict(report, 'not-applicable');
  return [
    ...settledLines(`${plural(holding.length, 'duty holds', 'duties hold')}`, holding, report, page),
    ...settledLines(`${plural(idle.length, 'duty does', 'duties do')} not apply`, idle, report, page),
  ];
}

function settledLines(
  title: string,
  verdicts: readonly VerdictReport[],
  report: Report,
  page: Page,
): readonly string[] {
  if (verdicts.length === 0) return [];
  const migrations = report.migrations.length;
  if (page.verbose) return [page.heading(title), ...reasonLines(verdicts, migrations)];
  return wrap(`${title}: ${ruleLabels(verdicts, migrations).join(', ')}`, '', '  ');
}
