/** Runs as a process of its own: begins a database, says so, and waits to be interrupted. Argument: its path. */
import { StoreWriter } from '../../src/store/writer.ts';
import { migration, query } from './units.ts';

const store = await StoreWriter.create(process.argv[2] ?? '');
for (let index = 0; index < 100_000; index += 1) store.query(query(index), migration(0));
process.stdout.write('loading\n');
const mode = process.argv[3];
if (mode === 'throw') throw new Error('a fault in the middle');
if (mode === 'exit') process.exit(3);
setTimeout(() => {}, 30_000);
