// `npm run qtrace`: sets up what is missing, then runs the built program in this process.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { dist, ensure, root } from './ensure.mjs';

ensure();

// npm starts scripts in the package's folder; the paths given are relative to the user's.
if (process.env.npm_lifecycle_event === 'qtrace' && process.cwd() === root && process.env.INIT_CWD) {
  process.chdir(process.env.INIT_CWD);
}
const program = join(dist, 'qtrace.js');
process.argv[1] = program;
createRequire(import.meta.url)(program);
