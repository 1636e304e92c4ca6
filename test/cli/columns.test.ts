/** The text report of every log fits 100 columns; only the raw lines of the trace, which are the proof, are longer. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, sharedPath, useWorkplace } from './program.ts';

const place = useWorkplace();

const COLUMNS = 100;

function logsBeneath(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?:^|[\\/])(?:src|both|stderr)[^\\/]*\.(?:log|txt|stderr)(?:\.\w+)?$/.test(name))
    .filter((name) => !/ftrace/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Reports of all logs, each with and without --verbose. */
function checkAll(folder: string): number {
  let checked = 0;
  for (const log of logsBeneath(folder)) {
    // Next to it may lie the logs of other threads, whose lines are shown too.
    const raw = new Set(readFileSync(log, 'utf8').split(/\r?\n/));
    for (const options of [[], ['--verbose']]) {
      const { code, stdout, stderr } = place.run(['analyze', '--no-db', '--no-html', ...options, log]);
      expect([0, 1, 2], `${log}: ${stderr}`).toContain(code);
      expect(stderr).not.toMatch(/fault of qtrace|internal fault/);
      if (code === 2) continue;
      checked += 1;
      for (const line of stdout.split('\n')) {
        if (line.length <= COLUMNS) continue;
        const [, shown = ''] = /^ *[^ ]+?:\d+: (.*)$/.exec(line) ?? [];
        expect(raw.has(shown) || shown.includes('\\x'), `${dirname(log)}: ${line}`).toBe(true);
      }
    }
  }
  return checked;
}

test('the fixtures', () => {
  expect(checkAll(join(ROOT, 'fixtures', 'traces'))).toBeGreaterThan(12);
});

const shared = sharedPath('traces');

test.skipIf(shared === undefined)('all traces of the lab', { timeout: 300_000 }, () => {
  expect(checkAll(shared ?? '')).toBeGreaterThan(80);
});
