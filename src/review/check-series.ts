/** All checks over a series. */
import { CHECKS } from './checks/registry.ts';
import { modelOf, type SourceTree } from './model/model.ts';
import { doubted } from './model/stand-ins.ts';
import type { Remark, Series } from './series.ts';

const SEVERITIES = ['info', 'warning', 'error'] as const;
const CONFIDENCES = ['possible', 'likely', 'certain'] as const;

/** Of two that say the same the graver and surer one is told. */
const rank = ({ severity, confidence }: Remark): number =>
  3 * SEVERITIES.indexOf(severity) + CONFIDENCES.indexOf(confidence);

/** The remarks in the order of the patch; one per rule and line. */
export function checkSeries(series: Series, tree?: SourceTree): readonly Remark[] {
  const model = modelOf(series, tree);
  const found = new Map<string, Remark>();
  const remarks = CHECKS.flatMap((check) => check.run(model));
  for (const remark of doubted(model, remarks)) {
    const key = [remark.rule, remark.patch, remark.path, remark.hunk, remark.hunkLine].join(' ');
    const other = found.get(key);
    if (other === undefined || rank(remark) > rank(other)) found.set(key, remark);
  }
  const fileOf = ({ patch, path }: Remark): number =>
    series.patches[patch]?.files.findIndex((file) => file.path === path) ?? 0;
  return [...found.values()].sort(
    (a, b) => a.patch - b.patch || fileOf(a) - fileOf(b) || a.hunk - b.hunk || a.hunkLine - b.hunkLine,
  );
}
