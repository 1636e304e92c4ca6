/** The entry: chooses the command and turns what it throws into a sentence and an exit code. */
import yargs, { type Argv } from 'yargs';
import { messageOf, systemCode, UserError } from '../base/errors.ts';
import { visible } from '../base/text.ts';
import { VERSION } from '../base/version.ts';
import { hideDash, type Register } from './command.ts';
import { EXIT } from './exit-codes.ts';

/** Each is loaded when it is called: no command pays for another. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly register: Register }>>> = {
  analyze: () => import('./commands/analyze.ts'),
  replay: () => import('./commands/replay.ts'),
  diff: () => import('./commands/diff.ts'),
  review: () => import('./commands/review.ts'),
  rules: () => import('./commands/rules.ts'),
  emulate: () => import('./commands/emulate.ts'),
  events: () => import('./commands/events.ts'),
  sql: () => import('./commands/sql.ts'),
};

async function main(args: readonly string[]): Promise<void> {
  if (args.length === 1 && args[0] === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  for (const arg of args.slice(0, args.includes('--') ? args.indexOf('--') : undefined)) refuseValue(arg);
  const [name = ''] = args;
  const wanted = COMMANDS[name];
  if (wanted === undefined && name !== '' && !name.startsWith('-')) throw new UserError(unknownCommand(name));
  if (wanted !== undefined) {
    // Of a named command yargs would compose the help each time it runs; of the only one it does not.
    const { register } = await wanted();
    await register(parserOf(args.slice(1), `qtrace ${name}`), 'only').parseAsync();
    return;
  }
  const modules = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const parser = parserOf(args, 'qtrace')
    .usage('$0 COMMAND: review QEMU live migration by its traces')
    .demandCommand(1, 'name a command');
  await modules.reduce((known, { register }) => register(known, 'named'), parser).parseAsync();
}

function parserOf(args: readonly string[], program: string): Argv {
  return yargs(args.map(hideDash))
    .scriptName(program)
    .version(VERSION)
    .strict()
    .parserConfiguration({ 'parse-positional-numbers': false, 'populate--': true, 'greedy-arrays': true })
    .exitProcess(false)
    .check(onceEach)
    .fail((message, error) => {
      // What yargs itself has to say is about usage; anything else was thrown by a command.
      if (error !== undefined && error.name !== 'YError') throw error;
      throw new UserError(sentence(error?.message ?? message, program));
    })
    .wrap(100);
}

/** yargs says some things over several lines. */
function sentence(message: string, program: string): string {
  return `${message.replace(/\s+/g, ' ').trim()}; \`${program} --help\` tells more`;
}

function unknownCommand(name: string): string {
  const near = Object.keys(COMMANDS).find((command) => isNear(name, command));
  const advice = near === undefined ? '' : `, perhaps ${near}`;
  return `unknown command ${visible(name)}${advice}; \`qtrace --help\` lists them`;
}

/** One letter more, less or other, or two exchanged. */
function isNear(name: string, command: string): boolean {
  let same = 0;
  while (same < name.length && name[same] === command[same]) same += 1;
  const [rest, wanted] = [name.slice(same), command.slice(same)];
  const exchanged = rest.slice(0, 2) === `${wanted[1] ?? ''}${wanted[0] ?? ''}`;
  return (
    rest.slice(1) === wanted.slice(1) ||
    rest.slice(1) === wanted ||
    rest === wanted.slice(1) ||
    (exchanged && rest.slice(2) === wanted.slice(2))
  );
}

const LISTS = new Set([
  '_',
  '--',
  'trace',
  'mail',
  'base-trace',
  'rule',
  'ignore',
  'fault',
  'events',
  'set',
  'run',
  'base',
  'head',
  'max-regression',
]);
/** Options that can be switched off with --no-. */
const SWITCHES = new Set([
  'db',
  'html',
  'mail',
  'color',
  'quiet',
  'verbose',
  'bql',
  'both-sides',
  'devices',
  'split-threads',
  'terse',
  'list',
  'help',
  'version',
]);

/** yargs takes any word for false. @throws UserError where a switch has one. */
function refuseValue(arg: string): void {
  const [, name = '', value] = /^--([a-z-]+)=(.*)$/s.exec(arg) ?? [];
  if (!SWITCHES.has(name) || name === 'db' || value === 'true' || value === 'false') return;
  throw new UserError(`--${name} takes no value; write --${name} or --no-${name}`);
}

/** An option that takes one value and is given twice comes as a list; one with --no- before it as false. */
function onceEach(argv: Readonly<Record<string, unknown>>): true {
  const dashes = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);
  for (const [key, value] of Object.entries(argv)) {
    // yargs gives both-sides as bothSides, too.
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (Array.isArray(value) && !LISTS.has(name))
      throw new UserError(`${dashes(name)} is given more than once; give it once`);
    const off = value === false || (Array.isArray(value) && value.includes(false));
    if (off && !SWITCHES.has(name)) throw new UserError(`unknown option --no-${name}; \`qtrace --help\` tells more`);
  }
  return true;
}

let reported = false;

function report(thrown: unknown): void {
  // A write that fails is told by the stream and by who wrote.
  if (reported) return;
  reported = true;
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
// Nobody reads what we say on standard error: that changes no verdict.
process.stderr.on('error', () => undefined);
main(process.argv.slice(2)).catch(report);
