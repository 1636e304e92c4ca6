// What a small log costs from process start to exit, as a ratio to an empty node script.
// CPU time (user and system) of pairs taken in turn; the median of their ratios is the figure to quote.
// `npm run bench`, or with a number of pairs: `npm run bench -- 31`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const pairs = Number(process.argv[2] ?? 21);
const root = resolve(import.meta.dirname, '../..');
const log = join(root, 'fixtures/traces/11.1-precopy/src.log');
const folder = mkdtempSync(join(tmpdir(), 'qtrace-bench-'));
const empty = join(folder, 'empty.mjs');
writeFileSync(empty, '');

// Certificates that Node reads at every start would double what the empty script costs, and flatter the ratio.
const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env;

/** CPU milliseconds of one run, as the shell's `time` counts them. */
function cpuMs(args) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1';
  const run = spawnSync('bash', ['-c', script, 'bench', process.execPath, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  const times = run.stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return ((times[0] ?? Number.NaN) + (times[1] ?? Number.NaN)) * 1000;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

try {
  const page = [join(root, 'dist/qtrace.js'), 'analyze', log];
  const analyze = [...page, '--no-html'];
  cpuMs([empty]);
  cpuMs(analyze);
  const taken = Array.from({ length: pairs }, () => ({
    empty: cpuMs([empty]),
    analyze: cpuMs(analyze),
    page: cpuMs(page),
  }));
  const ratio = (of) => {
    const ratios = taken.map((pair) => pair[of] / pair.empty);
    return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
  };
  console.log(`small log to text report and database, ${pairs} pairs, CPU:`);
  console.log(`  empty node script  ${median(taken.map((pair) => pair.empty)).toFixed(0)} ms`);
  console.log(`  qtrace analyze     ${median(taken.map((pair) => pair.analyze)).toFixed(0)} ms`);
  console.log(`  ratio              ${ratio('analyze')}`);
  console.log(`  with the page      ${median(taken.map((pair) => pair.page)).toFixed(0)} ms, ${ratio('page')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
