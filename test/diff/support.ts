/** Runs for a diff: emulated ones, and traces read in this process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRun } from '../../src/cli/diff-runs.ts';
import { compareRuns } from '../../src/diff/compare.ts';
import type { Diff, DiffRun } from '../../src/diff/diff.ts';
import { judge as gateOf } from '../../src/diff/gate.ts';
import { RULES } from '../../src/rules/registry.ts';
import { type EmulationRequest, emulate } from '../emulator/emulated.ts';
import { type JudgeOptions, reportOn } from '../rules/support.ts';

export async function runOf(lines: readonly string[], name = 'src.log', options: JudgeOptions = {}): Promise<DiffRun> {
  return { name, source: 'trace', facts: await reportOn({ 'src.log': lines }, options) };
}

export function emulatedRun(scenario: string, request: EmulationRequest = {}): Promise<DiffRun> {
  const { lines, samples } = emulate(scenario, request);
  return runOf(lines, `${scenario}-${request.seed ?? 1}.log`, { qmp: samples });
}

/** With what its chart is drawn of. */
export async function drawnRun(request: EmulationRequest): Promise<DiffRun> {
  const folder = mkdtempSync(join(tmpdir(), 'qtrace-diff-run-'));
  try {
    const path = join(folder, 'src.log');
    writeFileSync(path, `${emulate('precopy', request).lines.join('\n')}\n`);
    const progress = (): void => undefined;
    return await loadRun({
      argument: path,
      name: 'src.log',
      qmp: undefined,
      band: undefined,
      chosen: RULES,
      charts: true,
      progress,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export type Compared = Omit<Diff, 'gate'>;

export function compare(base: readonly DiffRun[], head: readonly DiffRun[]): Compared {
  return compareRuns({ base, head, baseMigration: undefined, headMigration: undefined });
}

export function whole(compared: Compared): Diff {
  return { ...compared, gate: gateOf(compared, 'error', []) };
}

/** What changed of the rules, without those that stayed as they were. */
export function ruleChanges({ rules }: Compared): readonly string[] {
  return rules.filter(({ change }) => change !== 'unchanged').map(({ rule, change }) => `${rule} ${change}`);
}
