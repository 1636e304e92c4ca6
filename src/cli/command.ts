import type { Argv, CommandModule } from 'yargs';

/** Tells yargs of a command: by its name, or as the only one, whose name is taken from the arguments. Its options stay typed inside. */
export type Register = (yargs: Argv, as: 'named' | 'only') => Argv;

export function defineCommand<O>(module: CommandModule<object, O> & { readonly command: string }): Register {
  const command = { named: module.command, only: module.command.replace(/^\S+/, '$0') };
  return (yargs, as) => yargs.command({ ...module, command: command[as] });
}

/** yargs drops a lone `-`: on its way through it is called this. */
const STANDARD_INPUT = '\u0000-';

export function hideDash(argument: string): string {
  return argument === '-' ? STANDARD_INPUT : argument;
}

export function showDash(argument: string): string {
  return argument === STANDARD_INPUT ? '-' : argument;
}
