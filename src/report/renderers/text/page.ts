/** What every section of the text is given besides the report. */
import picocolors from 'picocolors';
import type { Severity } from '../../report.ts';
import type { RenderOptions } from '../renderer.ts';

type Painter = (text: string) => string;

export interface Page {
  readonly verbose: boolean;
  readonly heading: Painter;
  /** Only where every duty holds: an undecided one is never painted as good. */
  readonly good: Painter;
  readonly severity: Readonly<Record<Severity, Painter>>;
}

export function pageFor(options: RenderOptions): Page {
  const colors = picocolors.createColors(options.color);
  return {
    verbose: options.verbose,
    heading: colors.bold,
    good: colors.green,
    severity: { error: colors.red, warning: colors.yellow, info: colors.cyan },
  };
}

/** A report stays readable, and fits a mail, however large the log was. */
export const LIMITS = {
  inputs: 30,
  problems: 15,
  violations: 30,
  findings: 5,
  evidence: 12,
  groups: 40,
  /** Migrations shown in full; the ones after them get a line each. */
  migrations: 20,
  migrationLines: 50,
  states: 40,
  rounds: 100,
  checkpoints: 20,
  devices: 10,
  /** Logs of destinations that belong to none of the migrations. */
  destinations: 10,
} as const;

/** Says where the omitted rest stands. */
export const ALL_IN_JSON = '--format json lists all';
