/** The entry: chooses the command and turns what it throws into a sentence and an exit code. */
import yargs from 'yargs';
import { messageOf, systemCode, UserError } from '../base/errors.ts';
import { VERSION } from '../base/version.ts';
import { hideDash, type Register } from './command.ts';
import { EXIT } from './exit-codes.ts';

/** Each is loaded when it is called: no command pays for another. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly register: Register }>>> = {
  analyze: () => import('./commands/analyze.ts'),
  replay: () => import('./commands/replay.ts'),
  rules: () => import('./commands/rules.ts'),
  events: () => import('./commands/events.ts'),
  sql: () => import('./commands/sql.ts'),
};

async function main(args: readonly string[]): Promise<void> {
  if (args.length === 1 && args[0] === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const wanted = COMMANDS[args[0] ?? ''];
  const loads = wanted === undefined ? Object.values(COMMANDS) : [wanted];
  const modules = await Promise.all(loads.map((load) => load()));
  const parser = yargs(args.map(hideDash))
    .scriptName('qtrace')
    .usage('$0 COMMAND: review QEMU live migration by its traces')
    .version(VERSION)
    .strict()
    .recommendCommands()
    .demandCommand(1, 'name a command')
    .parserConfiguration({ 'parse-positional-numbers': false, 'greedy-arrays': true })
    .exitProcess(false)
    .check(onceEach)
    .fail((message, error) => {
      // What yargs itself has to say is about usage; anything else was thrown by a command.
      if (error !== undefined && error.name !== 'YError') throw error;
      throw new UserError(sentence(error?.message ?? message, wanted === undefined ? undefined : args[0]));
    })
    .wrap(100);
  await modules.reduce((known, { register }) => register(known), parser).parseAsync();
}

/** yargs says some things over several lines. */
function sentence(message: string, command: string | undefined): string {
  const text = message.replace(/\s+/g, ' ').trim();
  return `${text}; \`qtrace ${command === undefined ? '' : `${command} `}--help\` tells more`;
}

const LISTS = new Set(['_', 'trace', 'rule', 'ignore']);

/** An option that takes one value and is given twice comes as a list. */
function onceEach(argv: Readonly<Record<string, unknown>>): true {
  const twice = Object.keys(argv).find((name) => Array.isArray(argv[name]) && !LISTS.has(name));
  if (twice === undefined) return true;
  throw new UserError(`${twice.length === 1 ? '-' : '--'}${twice} is given more than once; give it once`);
}

function report(thrown: unknown): void {
  // The reader of our output has seen enough: not an error.
  if (systemCode(thrown) === 'EPIPE') return;
  if (thrown instanceof UserError) {
    process.stderr.write(`qtrace: ${thrown.message}\n`);
    process.exitCode = EXIT.usage;
    return;
  }
  if (systemCode(thrown) === 'ENOSPC') {
    process.stderr.write('qtrace: the disk is full; free some space and run it again\n');
    process.exitCode = EXIT.usage;
    return;
  }
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  process.stderr.write(`qtrace: a fault of qtrace itself, please report it: ${messageOf(thrown)}\n${stack}\n`);
  process.exitCode = EXIT.fault;
}

process.stdout.on('error', report);
main(process.argv.slice(2)).catch(report);
