// Builds dist: qtrace.js (the entry), main-HASH.cjs (the program, one file), analyze-HASH.cjs (the same without the other
// commands: half as much to read for the main job), a .cache of each (its compiled code) and skim.wasm (what passes over
// the lines of a large log).
//
// CommonJS, because V8's code cache can be given to a classic script only, and because it starts without Node's ES
// module loader. Modules reached through `await import()` alone keep their place in the file but run when first asked
// for, so what a command does not need costs it nothing but the reading.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { buildSync } from 'esbuild';
import { dist, inputsStamp, root } from './ensure.mjs';

// Read before the build, so that an edit made meanwhile is seen by the next one.
const stamp = inputsStamp();

const FOLDER = 'src/cli/commands';
/** The entry runs the first one that has the command. */
const PROGRAMS = [
  { id: 'analyze', without: readdirSync(join(root, FOLDER)).filter((file) => file !== 'analyze.ts') },
  { id: 'main', without: [] },
];

function bundle({ without }) {
  const result = buildSync({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    outfile: 'main.cjs',
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifyWhitespace: true,
    // A plain require() is cheaper than import() of the few packages left outside.
    supported: { 'dynamic-import': false },
    external: [
      ...['*.node', '@napi-rs/canvas', 'canvas', 'chart.js', 'chartjs-node-canvas', 'dejavu-fonts-ttf'],
      ...without.map((file) => `./${FOLDER}/${file}`),
    ],
    alias: {
      assert: join(root, 'src/shims/assert.mjs'),
      bindings: join(root, 'src/shims/bindings.cjs'),
      'escalade/sync': join(root, 'src/shims/escalade.mjs'),
      'string-width': join(root, 'src/shims/string-width.mjs'),
    },
    define: {
      'import.meta.url': '__importMetaUrl',
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
    },
    banner: {
      js: "(function (exports, require, module, __filename, __dirname) { const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: '})' },
    logLevel: 'warning',
  });
  return result.outputFiles[0].contents;
}

/** How the memory of 43 pages is used, src/ingest/scan/skim/layout.ts says; the compiler puts nothing into it. */
async function assemble() {
  const source = 'src/ingest/scan/skim/assembly/skim.ts';
  const options = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--initialMemory', '43'];
  const files = new Map();
  const { error, stderr } = await asc.main([source, ...options, '--maximumMemory', '43', '--outFile', 'skim.wasm'], {
    readFile: (name, base) => {
      const path = join(base, name);
      return existsSync(path) ? readFileSync(path, 'utf8') : null;
    },
    writeFile: (name, contents) => files.set(name, contents),
    listFiles: () => [],
  });
  if (error !== null) {
    console.error(`build: ${source}: ${error.message}\n${stderr.toString()}`);
    process.exit(1);
  }
  return files.get('skim.wasm');
}

const entry = ([analyze, main]) => `#!/usr/bin/env node
'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
try {
  process.cwd();
} catch {
  process.stderr.write('qtrace: the working directory is gone; choose another one\\n');
  process.exit(2);
}
const name = process.argv[2] === 'analyze' ? '${analyze}' : '${main}';
const filename = __dirname + '/' + name + '.cjs';
let cachedData;
try {
  cachedData = readFileSync(__dirname + '/' + name + '.cache');
} catch {}
// V8 checks the cache against its own version and flags; one that does not fit is ignored.
const program = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
program.runInThisContext()(exports, require, module, filename, __dirname);
`;

/**
 * Text that is all ASCII is read three times as fast, and takes half the memory. esbuild escapes what else stands in
 * strings, but not in regular expressions: there \uXXXX is to be written.
 */
function refuseBeyondAscii(bytes) {
  const at = bytes.findIndex((byte) => byte > 127);
  if (at < 0) return;
  const line = Buffer.from(bytes.subarray(bytes.lastIndexOf(10, at) + 1, at)).toString();
  console.error(`build: a regular expression has a character beyond ASCII, behind: ${line.slice(-80)}`);
  process.exit(1);
}

/** Runs the program once on a small log; the functions used by it go into the cache. */
function makeCache(program, cache) {
  const folder = mkdtempSync(join(tmpdir(), 'qtrace-build-'));
  try {
    const warm = join(root, 'src/setup/warm.mjs');
    spawnSync(
      process.execPath,
      [warm, program, cache, 'analyze', join(root, 'fixtures/traces/11.1-precopy-idle/src.log')],
      {
        cwd: folder,
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: 'ignore',
        timeout: 30_000,
      },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Other processes may be reading the file of that name: it must appear whole. */
function put(name, contents, mode = 0o644) {
  const temporary = join(dist, `.${name}.${process.pid}`);
  writeFileSync(temporary, contents);
  chmodSync(temporary, mode);
  renameSync(temporary, join(dist, name));
}

/** @returns its name in dist, without the extension */
function build(program) {
  let contents;
  try {
    contents = bundle(program);
  } catch {
    // esbuild has printed what and where.
    process.exit(1);
  }
  refuseBeyondAscii(contents);
  const name = `${program.id}-${createHash('sha256').update(contents).digest('hex').slice(0, 12)}`;
  put(`${name}.cjs`, contents);
  const cache = join(dist, `.${name}.cache.${process.pid}`);
  makeCache(join(dist, `${name}.cjs`), cache);
  if (existsSync(cache)) renameSync(cache, join(dist, `${name}.cache`));
  return name;
}

const skim = await assemble();
mkdirSync(dist, { recursive: true });
// The package's own type is "module".
put('package.json', '{ "type": "commonjs" }\n');
const names = PROGRAMS.map(build);
put('skim.wasm', skim);
put('qtrace.js', entry(names), 0o755);
put('inputs.stamp', stamp);

// A process started a moment ago may still be about to read the build before this one. A package takes only the new one.
const spared = process.argv.includes('--clean') ? 0 : 60_000;
for (const file of readdirSync(dist)) {
  const path = join(dist, file);
  const old = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) >= spared;
  if (old && /\.(cjs|cache)/.test(file) && !names.some((name) => file.startsWith(name))) rmSync(path, { force: true });
}
