/** How rules, migrations and versions are named in the text. */
import type { Report, Severity, VerdictReport } from '../../report.ts';
import { clean } from './layout.ts';

const MIGRATIONS_NAMED = 6;
const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

export function ruleName(rule: string): string {
  return clean(rule, 60);
}

/** Worst first; within a severity by migration, then as the rules were run. */
export function worstFirst(verdicts: readonly VerdictReport[]): readonly VerdictReport[] {
  return [...verdicts].sort((a, b) => RANK[a.severity] - RANK[b.severity] || a.migration - b.migration);
}

export function withVerdict(report: Report, verdict: VerdictReport['verdict']): readonly VerdictReport[] {
  return report.verdicts.filter((one) => one.verdict === verdict);
}

/** `final-missing`, or `final-missing (migration 1)` where not all migrations share it. */
export function ruleLabels(verdicts: readonly VerdictReport[], migrations: number): readonly string[] {
  const byRule = new Map<string, Set<number>>();
  for (const { rule, migration } of verdicts) byRule.set(rule, (byRule.get(rule) ?? new Set()).add(migration));
  return [...byRule].map(([rule, indexes]) => ruleName(rule) + migrationNote([...indexes], migrations));
}

function migrationNote(indexes: readonly number[], migrations: number): string {
  if (indexes.length >= migrations) return '';
  if (indexes.length > MIGRATIONS_NAMED) return ` (${indexes.length} of ${migrations} migrations)`;
  return ` (${indexes.length === 1 ? 'migration' : 'migrations'} ${indexes.join(', ')})`;
}

/** For a sentence: `1 migration of QEMU 11.1`. */
export function qemuName(qemu: Report['qemu']): string {
  if (qemu === null) return 'an unknown QEMU';
  return qemu === 'thread' ? 'QEMU with the posted patch' : `QEMU ${qemu}`;
}

const VERSIONS: Readonly<Record<NonNullable<Report['qemu']>, string>> = {
  '7.2': 'QEMU 7.2 (up to 7.2)',
  '10.0': 'QEMU 10.0 (8.0 to 11.0)',
  '11.1': 'QEMU 11.1',
  thread: 'the posted patch on its older QEMU',
};

/** For a heading: the version whose duties were judged; a trace names only a range. */
export function judgedAs(qemu: Report['qemu']): string {
  return qemu === null ? 'QEMU version not shown' : `judged as ${VERSIONS[qemu]}`;
}
