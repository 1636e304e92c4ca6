/** What of a report can be compared with another run's. A stored report gives the same facts as the trace did. */
import type { InputReport, MigrationReport, Report, VerdictReport } from './report.ts';

export interface RunFacts extends Pick<Report, 'qtrace' | 'ruleset' | 'qemu'> {
  readonly inputs: readonly Pick<InputReport, 'name' | 'problems'>[];
  readonly migrations: readonly MigrationFacts[];
  readonly verdicts: readonly VerdictReport[];
}

export type MigrationFacts = Pick<MigrationReport, 'index' | 'kind' | 'outcome' | 'steps' | 'measures'>;
