// Makes a clone ready to run: installs the packages and builds dist when they are missing or out of date.
// Runs before anything is installed, so it uses Node's own modules only. Standard output belongs to qtrace: whatever
// is said here goes to standard error.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const dist = join(root, 'dist');

const at = (path) => join(root, path);
const say = (text) => process.stderr.write(`qtrace: ${text}\n`);
const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

function fail(text, status = 1) {
  say(text);
  process.exit(status);
}

function checkNode() {
  const wanted = JSON.parse(readFileSync(at('package.json'), 'utf8')).engines.node.replace(/[^\d.]/g, '');
  const [major = 0, minor = 0] = wanted.split('.').map(Number);
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor < major || (haveMajor === major && haveMinor < minor)) {
    fail(`needs Node.js ${wanted} or newer; this is ${process.versions.node} (${process.execPath}).`);
  }
}

const lock = at('.setup.lock');

function takeLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') fail(`cannot set itself up: ${error.message}`);
    return false;
  }
}

/** A lock whose owner was killed must not block those who come after. */
function lockIsDead() {
  try {
    const age = Date.now() - modified(lock);
    const owner = Number(readFileSync(lock, 'utf8'));
    if (age > 30 * 60_000) return true;
    // Created a moment ago, the number not written yet.
    if (!owner) return age > 5_000;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

const lockfile = at('package-lock.json');
const installed = at('node_modules/.package-lock.json');

/** A checkout changes the lock file's time, not always what it asks for; `npm ci` costs a minute. */
function hasSamePackages() {
  const packages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;
  const wanted = packages(lockfile);
  const have = packages(installed);
  delete wanted[''];
  const same = (path) =>
    wanted[path]?.version === have[path]?.version && wanted[path]?.integrity === have[path]?.integrity;
  const isForOthers = (path) => !have[path] && (wanted[path].optional || wanted[path].devOptional);
  return Object.keys(have).every(same) && Object.keys(wanted).every((path) => isForOthers(path) || same(path));
}

function isInstalled() {
  // Missing after an install without scripts.
  if (!existsSync(at('node_modules/better-sqlite3/build/Release/better_sqlite3.node'))) return false;
  if (modified(installed) >= modified(lockfile)) return true;
  if (!existsSync(installed) || !hasSamePackages()) return false;
  utimesSync(installed, new Date(), new Date());
  return true;
}

function npmCi() {
  const env = { ...process.env };
  // Without this node-gyp downloads the headers that lie beside this very Node.
  const prefix = dirname(dirname(process.execPath));
  if (!env.npm_config_nodedir && existsSync(join(prefix, 'include/node/node.h'))) env.npm_config_nodedir = prefix;
  // `npm run -s` hands its silence down: errors would be lost.
  env.npm_config_loglevel = 'error';
  return spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--include=dev'], {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
}

function install() {
  let waiting = false;
  while (!takeLock()) {
    if (lockIsDead()) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!waiting) say('another process is installing the packages; waiting for it ...');
    waiting = true;
    sleep(200);
  }
  let result;
  try {
    if (isInstalled()) return;
    say('installing the packages (once; compiling SQLite can take two minutes) ...');
    result = npmCi();
  } finally {
    rmSync(lock, { force: true });
  }
  if (result.error) fail(`cannot run npm: ${result.error.message}`);
  if (result.status !== 0) fail(`npm ci failed (${result.signal ?? `exit code ${result.status}`}); see above.`);
}

/** Changes whenever a build input does: how many there are, when the last was changed, and Node's version (dist holds compiled code). */
export function inputsStamp() {
  let count = 0;
  let newest = 0;
  const note = (path) => {
    count++;
    newest = Math.max(newest, modified(path));
  };
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (/\.(?:[cm]?[jt]s|json)$/.test(entry.name)) note(path);
    }
  };
  walk(at('src'));
  walk(at('fixtures/scenarios'));
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json']) note(at(name));
  return `${count} ${newest} ${process.version}`;
}

const stampFile = join(dist, 'inputs.stamp');

function isBuilt() {
  try {
    return readFileSync(stampFile, 'utf8') === inputsStamp();
  } catch {
    return false;
  }
}

function build() {
  const result = spawnSync(process.execPath, [at('src/setup/build.mjs')], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) fail('the build failed; see above.');
}

export function ensure() {
  checkNode();
  if (existsSync(lock) || !isInstalled()) install();
  if (!isBuilt()) build();
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) ensure();
