// What an emulated log costs from process start to exit, as a ratio to writing the same bytes from a prepared buffer.
// CPU time (user and system) of pairs taken in turn, starts of the process included on both sides; the median of their
// ratios is the figure to quote.
// `npm run bench:emulate`, or with a number of pairs and a size: `npm run bench:emulate -- 9 1G`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const pairs = Number(process.argv[2] ?? 5);
const size = process.argv[3] ?? '200M';
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'qtrace-bench-'));
const log = join(folder, 'src.log');
const plain = join(folder, 'plain.mjs');
writeFileSync(
  plain,
  `import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
const [from, to, bytes] = process.argv.slice(2);
const block = Buffer.alloc(1_048_576);
readSync(openSync(from, 'r'), block, 0, Math.min(block.length, Number(bytes)), 0);
const file = openSync(to, 'w');
for (let left = Number(bytes); left > 0; left -= block.length) writeSync(file, block, 0, Math.min(left, block.length));
closeSync(file);
`,
);

/** A migration that polls without end; the dirty bitmap may not be sent while the guest runs. */
const POLLING = ['dirty-bitmaps', '--set', 'downtime-limit=0', '--set', 'dirty-rate=0', '--set', `log-size=${size}`];
const CASES = {
  'queries, syncs and states (--events core)': [...POLLING, '--events', 'core'],
  'the same of 10.0, estimates only': [...POLLING, '--events', 'core', '--qemu', '10.0'],
  'the recommended events': POLLING,
  'with the mutexes (--events bql)': [...POLLING, '--events', 'bql'],
  'every event (--events all)': [...POLLING, '--events', 'all'],
};

/** CPU milliseconds of one run, as the shell counts them. */
function run(args) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1';
  const { stderr } = spawnSync('bash', ['-c', script, 'bench', process.execPath, ...args], { encoding: 'utf8' });
  const [user = Number.NaN, system = Number.NaN] = stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return (user + system) * 1000;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

try {
  console.log(`an emulated log of ${size} and a plain write of its bytes, ${pairs} pairs each, CPU:`);
  for (const [name, args] of Object.entries(CASES)) {
    const emulate = [join(root, 'dist/qtrace.js'), 'emulate', ...args, '-o', log];
    const taken = Array.from({ length: pairs }, () => {
      const emulated = run(emulate);
      const bytes = statSync(log).size;
      return { emulated, bytes, written: run([plain, log, join(folder, 'plain.log'), String(bytes)]) };
    });
    const ratios = taken.map((pair) => pair.emulated / pair.written);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(1));
    console.log(`  ${name}: ${(taken[0].bytes / 1e6).toFixed(0)} MB`);
    console.log(
      `    emulate ${median(taken.map((pair) => pair.emulated)).toFixed(0)} ms, plain write ${median(taken.map((pair) => pair.written)).toFixed(0)} ms, ratio ${median(ratios).toFixed(1)} (${low} to ${high})`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
