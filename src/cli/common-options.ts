/** Options that several commands share, and what they mean. */
import { existsSync } from 'node:fs';
import type { Argv } from 'yargs';
import { UserError } from '../base/errors.ts';
import { BANDS, type Band } from '../catalog/vocabulary.ts';
import type { Severity } from '../rules/rule.ts';
import { showDash } from './command.ts';

export function inputOptions<T>(yargs: Argv<T>) {
  return qemuOption(yargs).option('qmp', {
    type: 'string',
    requiresArg: true,
    describe: 'Samples of query-migrate, or a QMP log, as JSON lines',
  });
}

export function qemuOption<T>(yargs: Argv<T>) {
  return yargs.option('qemu', {
    type: 'string',
    requiresArg: true,
    choices: ['auto', ...BANDS],
    default: 'auto',
    describe: 'Version whose duties are judged',
  });
}

export function ruleChoice<T>(yargs: Argv<T>) {
  return yargs
    .option('rule', { type: 'string', array: true, requiresArg: true, describe: 'Judge only these rules' })
    .option('ignore', { type: 'string', array: true, requiresArg: true, describe: 'Judge all rules but these' });
}

export function ruleOptions<T>(yargs: Argv<T>) {
  return ruleChoice(yargs).option('fail-on', {
    type: 'string',
    requiresArg: true,
    choices: ['error', 'warning', 'never'],
    default: 'error',
    describe: 'Exit 1 for violations of this severity and above',
  });
}

export function bandOf(text: string): Band | undefined {
  return BANDS.find((band) => band === text);
}

/** Also what was meant as a TRACE but stood behind --rule or --ignore. @throws UserError for an unknown rule, and when none is left. */
export function chooseRules<T extends { readonly id: string }>(
  rules: readonly T[],
  only: readonly string[] | undefined,
  ignored: readonly string[] | undefined,
): { readonly chosen: readonly T[]; readonly traces: readonly string[] } {
  const traces: string[] = [];
  const known = (ids: readonly string[] | undefined): ReadonlySet<string> => {
    const found = (ids ?? []).flatMap((id) => id.split(','));
    return new Set(found.filter((id) => isRule(rules, id, traces)));
  };
  const wanted = known(only);
  const unwanted = known(ignored);
  const chosen = rules.filter(({ id }) => (wanted.size === 0 || wanted.has(id)) && !unwanted.has(id));
  if (chosen.length === 0) throw new UserError('--rule and --ignore leave no rule to judge by; name fewer to ignore');
  return { chosen, traces };
}

function isRule(rules: readonly { readonly id: string }[], id: string, traces: string[]): boolean {
  if (rules.some((rule) => rule.id === id)) return true;
  if (!existsSync(id)) throw new UserError(`unknown rule ${id}; \`qtrace rules\` lists them`);
  traces.push(id);
  return false;
}

/** Colours where a person reads, unless they are asked for or refused. */
export function wantsColor(options: {
  readonly color?: boolean | undefined;
  readonly output?: string | undefined;
}): boolean {
  const { color, output } = options;
  const toTerminal = (output === undefined || showDash(output) === '-') && process.stdout.isTTY === true;
  return color ?? (toTerminal && process.env['NO_COLOR'] === undefined);
}

/** What stands behind `--`. */
export function operands(options: Readonly<Record<string, unknown>>): readonly string[] {
  const behind = options['--'];
  return Array.isArray(behind) ? behind.map(String) : [];
}

/** The traces before and behind `--`. @throws UserError when none is named. */
export function namedTraces(
  options: { readonly trace?: readonly string[] | undefined; readonly '--'?: unknown },
  others: readonly string[] = [],
): readonly string[] {
  const named = [...(options.trace ?? []), ...others, ...operands(options)].map(showDash);
  if (named.length === 0) throw new UserError('name at least one trace, or - for standard input');
  if (named.includes('')) throw new UserError('the name of a trace is empty; check the variables of your shell');
  return named;
}

/** The value of --qmp, or of the `option` that has its place. @throws UserError for an empty name. */
export function namedSamples(qmp: string | undefined, traces: readonly string[], option = '--qmp'): string | undefined {
  if (qmp === undefined) return undefined;
  const name = showDash(qmp);
  if (name === '') throw new UserError(`${option} has an empty value; check the variables of your shell`);
  if (name === '-' && traces.includes('-'))
    throw new UserError(`only one input can be standard input; name a file for ${option}`);
  return name;
}

const RANK: Readonly<Record<Severity | 'none', number>> = { none: 0, info: 1, warning: 2, error: 3 };

/** Whether the worst violation reaches what --fail-on names. */
export function failsOn(worst: Severity | 'none', failOn: string): boolean {
  if (failOn === 'never') return false;
  return RANK[worst] >= RANK[failOn === 'warning' ? 'warning' : 'error'];
}
