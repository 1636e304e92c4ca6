// What large logs cost, as ratios of CPU time (user and system) to what else reads them; medians of pairs taken in turn.
// `npm run bench:large`, or with the size of the inputs in MB and the number of pairs: `npm run bench:large -- 200 5`.
//
// Inputs: what the emulator writes, over and over; a protocol-only log, one whose lines are mutex events but for one in
// a thousand, and a mutex log of rounds. As real logs of a spinning migration are: one that polls for minutes, with the
// mutexes and with the events of the protocol alone. Peers: Node.js that reads and looks at nothing, grep | mawk | sqlite3 for
// the query lines alone, and DuckDB with all rows where @duckdb/node-api is installed in the folder that NODE_DIR names.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const megabytes = Number(process.argv[2] ?? 200);
const pairs = Number(process.argv[3] ?? 3);
const root = resolve(import.meta.dirname, '../..');
const qtrace = join(root, 'dist/qtrace.js');
const folder = mkdtempSync(join(tmpdir(), 'qtrace-bench-'));

/** What the emulator prints. */
function emulated(scenario, ...options) {
  const run = spawnSync(process.execPath, [qtrace, 'emulate', scenario, ...options], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stdout.split('\n').filter((line) => line !== '');
}

/** Writes lines with time stamps two microseconds apart, until the file is as long as it shall be. */
function writeLog(name, linesOfRound) {
  const path = join(folder, name);
  const file = openSync(path, 'w');
  let micros = Date.UTC(2026, 10, 23) * 1000;
  let size = 0;
  for (let round = 0; size < megabytes * 1e6; round += 1) {
    const lines = linesOfRound(round).map((line) => {
      micros += 2;
      const seconds = new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19);
      const fraction = micros % 1_000_000 === 0 ? '' : `.${String(micros % 1_000_000).padStart(6, '0')}`;
      return `${seconds}${fraction}Z ${line}\n`;
    });
    size += writeSync(file, lines.join(''));
  }
  closeSync(file);
  return path;
}

/** The lines of one round, from an estimate to the line before the next one. */
function roundsOf(lines) {
  const starts = lines.flatMap((line, at) => (/query_pending exact=0/.test(line) ? [at] : []));
  return starts.slice(0, -1).map((start, index) => lines.slice(start, starts[index + 1]));
}

/** A migration that polls until its log is large; its dirty bitmap may not be sent while the guest runs. */
function polled(name, events) {
  const path = join(folder, name);
  const settings = ['downtime-limit=0', 'dirty-rate=0', `log-size=${megabytes}M`].flatMap((one) => ['--set', one]);
  emulated('dirty-bitmaps', '--prefix', 'iso', ...settings, '--events', events, '-o', path);
  return path;
}

function inputs() {
  const locked = emulated('non-converging', '--prefix', 'none', '--events', 'bql');
  const first = locked.findIndex((line) => /query_pending/.test(line));
  const setup = locked.slice(0, first);
  const rounds = roundsOf(locked);
  const protocol = rounds.map((round) => round.filter((line) => !line.startsWith('qemu_mutex_')));
  const mutexes = locked.filter((line) => line.startsWith('qemu_mutex_')).slice(0, 3000);
  const at = (all, round) => (round === 0 ? setup : (all[round % all.length] ?? []));
  return [
    ['mutex log', writeLog('mutex.log', (round) => at(rounds, round))],
    ['protocol-only log', writeLog('protocol.log', (round) => at(protocol, round))],
    ['0.1 % protocol', writeLog('rare.log', (round) => [...at(protocol, round), ...mutexes])],
    ['polling, mutexes', polled('polling-mutex.log', 'bql')],
    ['polling, protocol', polled('polling.log', 'core')],
  ];
}

const installed = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

function peers(path) {
  const database = join(folder, 'peer.db');
  const rows = join(folder, 'rows.csv');
  const read = join(folder, 'read.mjs');
  writeFileSync(
    read,
    `import fs from 'node:fs';
const fd = fs.openSync(process.argv[2], 'r'), buffer = Buffer.allocUnsafeSlow(262144);
while (fs.readSync(fd, buffer, 0, buffer.length, null) > 0);`,
  );
  const awk = `{ n = index($0, ":"); l = substr($0, 1, n - 1); $0 = substr($0, n + 1); split($0, p, /[=, ]+/);
    for (i = 1; i in p; i++) if (p[i] == "exact") break;
    print l "," $1 "," p[i+1] "," p[i+3] "," p[i+5] "," p[i+7] "," p[i+9] "," p[i+11] }`;
  const table =
    'CREATE TABLE q(line INTEGER PRIMARY KEY, ts TEXT, exact INT, final INT, precopy INT, stopcopy INT, postcopy INT, total INT);';
  const pipeline = `LC_ALL=C grep -n qemu_savevm_query_pending '${path}' | mawk '${awk}' > '${rows}'; rm -f '${database}';
    sqlite3 '${database}' 'PRAGMA journal_mode=off; PRAGMA synchronous=off; ${table}' '.mode csv' ".import '${rows}' q"`;
  const all = [['node, only reading', [process.execPath, read, path]]];
  if (['grep', 'mawk', 'sqlite3'].every(installed)) all.push(['grep | mawk | sqlite3', ['bash', '-c', pipeline]]);
  const duckdb = resolve(root, '../shared/perf/peer-duckdb.mjs');
  const { NODE_DIR } = process.env;
  if (NODE_DIR !== undefined && statSync(duckdb, { throwIfNoEntry: false }) !== undefined) {
    all.push(['DuckDB, all rows', [process.execPath, duckdb, NODE_DIR, path, 'all']]);
  }
  return all;
}

// Node reads these certificates at every start, for 35 ms.
const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env;

/** CPU seconds of one run, and its peak of memory in MB where GNU time tells it. */
function measure(command) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1';
  const run = spawnSync('bash', ['-c', script, 'bench', ...command], { cwd: folder, encoding: 'utf8', env });
  const [user = Number.NaN, system = Number.NaN] = run.stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return user + system;
}

/** Peak memory of qtrace, as it says itself. */
function peakMegabytes(path) {
  const watch = join(folder, 'peak.cjs');
  const note = join(folder, 'peak.txt');
  writeFileSync(
    watch,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(note)}, String(process.resourceUsage().maxRSS)));`,
  );
  spawnSync(process.execPath, ['--require', watch, qtrace, 'analyze', path], { cwd: folder, stdio: 'ignore' });
  return Number(readFileSync(note, 'utf8')) / 1024;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

try {
  console.log(`${megabytes} MB each, ${pairs} pairs, CPU of qtrace analyze (text report and database) to that of`);
  for (const [title, path] of inputs()) {
    const analyze = [process.execPath, qtrace, 'analyze', path, '--no-html'];
    const competitors = peers(path);
    const taken = Array.from({ length: pairs }, () => ({
      own: measure(analyze),
      others: competitors.map(([, command]) => measure(command)),
    }));
    const own = median(taken.map((pair) => pair.own));
    console.log(`${title}: ${own.toFixed(2)} s, peak ${peakMegabytes(path).toFixed(0)} MB`);
    for (const [index, [name]] of competitors.entries()) {
      const ratio = median(taken.map((pair) => pair.own / pair.others[index]));
      console.log(`  ${name.padEnd(24)} ${ratio.toFixed(2)}`);
    }
    rmSync(path);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
