/** What every rule owes: nobody correct is accused, neither of the typical runs nor of the captures. */
import { describe, expect, test } from 'vitest';
import { patchedCaptures, readLines, realCaptures, SKIPPED, TRACES_MISSING } from './captures.ts';
import { CORRECT_RUNS } from './correct-runs.ts';
import { judge, quickVerdicts } from './support.ts';

/** `allowed`: captures in which the rule is violated indeed. */
export function accusesNobody(rule: string, allowed: readonly string[] = []): void {
  test.each(CORRECT_RUNS)('nobody is accused: %s', async (_name, lines) => {
    const { verdicts } = await judge(lines);
    const violated = verdicts.filter(({ rule: id, verdict }) => id === rule && verdict === 'violated');
    expect(violated).toEqual([]);
  });

  describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
    test('nobody is accused but where it is so', async () => {
      const found: string[] = [];
      for (const { name, inputs } of [...realCaptures(), ...patchedCaptures()]) {
        const files = Object.fromEntries(inputs.map((path) => [path.split('/').at(-1) ?? '', textOf(path)]));
        const verdicts = await quickVerdicts(files);
        if (verdicts.some((one) => one.rule === rule && one.verdict === 'violated')) found.push(name);
      }
      expect(found).toEqual(allowed);
    });
  });
}

function textOf(path: string): Buffer {
  return Buffer.from(`${readLines(path).join('\n')}\n`, 'latin1');
}
