import type { Argv, CommandModule } from 'yargs';

/** Tells yargs of a command. Its options stay typed inside. */
export type Register = (yargs: Argv) => Argv;

export function defineCommand<O>(module: CommandModule<object, O>): Register {
  return (yargs) => yargs.command(module);
}

/** yargs drops a lone `-`: on its way through it is called this. */
const STANDARD_INPUT = '\u0000-';

export function hideDash(argument: string): string {
  return argument === '-' ? STANDARD_INPUT : argument;
}

export function showDash(argument: string): string {
  return argument === STANDARD_INPUT ? '-' : argument;
}
