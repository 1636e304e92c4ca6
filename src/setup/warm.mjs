// Called by the build as: warm.mjs PROGRAM CACHE ARG...
// Runs PROGRAM as dist/qtrace.js does and leaves V8's compiled code of all that was used in CACHE.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

const [, , filename, cache, ...args] = process.argv;
const script = new Script(readFileSync(filename, 'utf8'), { filename });
process.on('exit', () => writeFileSync(cache, script.createCachedData()));
process.argv = [process.execPath, filename, ...args];
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(filename), module, filename, dirname(filename));
