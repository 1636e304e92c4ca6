/** `qtrace diff BASE HEAD`: two runs, or two groups of runs, side by side. */
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { UserError } from '../../base/errors.ts';
import { BANDS } from '../../catalog/vocabulary.ts';
import { compareRuns } from '../../diff/compare.ts';
import type { Diff, DiffRun } from '../../diff/diff.ts';
import { FAIL_ON, type FailOn, judge, parseThreshold } from '../../diff/gate.ts';
import { DIFF_RENDERERS } from '../../diff/renderers/registry.ts';
import { quietLines } from '../../diff/renderers/text.ts';
import { inputNames } from '../../ingest/input-names.ts';
import type { Chart } from '../../report/charts/chart.ts';
import { RULES } from '../../rules/registry.ts';
import type { Rule } from '../../rules/rule.ts';
import { defineCommand, showDash } from '../command.ts';
import { bandOf, chooseRules, namedSamples, operands, ruleChoice, wantsColor } from '../common-options.ts';
import { filesOf, loadRun, sourcesOf } from '../diff-runs.ts';
import { EXIT } from '../exit-codes.ts';
import { note, printOutcome } from '../output.ts';
import { Progress } from '../progress.ts';

const FORMATS = DIFF_RENDERERS.map(({ id }) => id);

function build<T>(yargs: Argv<T>) {
  return ruleChoice(yargs)
    .positional('run', {
      type: 'string',
      array: true,
      describe: 'BASE and HEAD: traces, JSON reports or databases; files of one run are joined by commas',
    })
    .option('base', { type: 'string', array: true, requiresArg: true, describe: 'Many runs before the change' })
    .option('head', { type: 'string', array: true, requiresArg: true, describe: 'Many runs after it' })
    .option('qmp', { type: 'string', hidden: true })
    .option('base-qmp', { type: 'string', requiresArg: true, describe: 'Samples of query-migrate for BASE' })
    .option('head-qmp', { type: 'string', requiresArg: true, describe: 'Samples of query-migrate for HEAD' })
    .option('base-migration', { type: 'string', requiresArg: true, describe: 'Compare only this migration of BASE' })
    .option('head-migration', { type: 'string', requiresArg: true, describe: 'Compare only this migration of HEAD' })
    .option('qemu', {
      type: 'string',
      requiresArg: true,
      choices: ['auto', ...BANDS],
      default: 'auto',
      describe: 'Version whose duties are judged, on both sides',
    })
    .option('format', {
      type: 'string',
      requiresArg: true,
      choices: FORMATS,
      default: 'text',
      describe: 'How to print the diff',
    })
    .option('output', { alias: 'o', type: 'string', requiresArg: true, describe: 'Write the diff to this file' })
    .option('fail-on', {
      type: 'string',
      requiresArg: true,
      choices: FAIL_ON,
      default: 'error' as const,
      describe: 'Exit 1 for rules newly violated: of this severity and above, or of any',
    })
    .option('max-regression', {
      type: 'string',
      array: true,
      nargs: 1,
      requiresArg: true,
      describe: 'Exit 1 when the median of a metric gets worse by more: downtime=10%',
    })
    .option('color', { type: 'boolean', describe: 'Colours; on a terminal only, when absent' })
    .option('quiet', { type: 'boolean', default: false, describe: 'Print the first line and the gate alone' })
    .option('verbose', { type: 'boolean', default: false, describe: 'Unchanged steps, too, and every reason' });
}

type Options = ArgumentsCamelCase<Awaited<ReturnType<ReturnType<typeof build<object>>['parseAsync']>>>;

export const register = defineCommand({
  command: 'diff [run..]',
  describe: 'Compare two runs, or two groups of runs',
  builder: build<object>,
  handler: async (options: Options): Promise<void> => {
    process.exitCode = await runDiff(options);
  },
});

interface Sides {
  readonly base: readonly string[];
  readonly head: readonly string[];
}

type Samples = Readonly<Record<keyof Sides, string | undefined>>;

async function runDiff(options: Options): Promise<number> {
  const { chosen, traces } = chooseRules(RULES, options.rule, options.ignore);
  const sides = sidesOf(options, traces);
  const thresholds = (options['max-regression'] ?? []).map(parseThreshold);
  const migrations = {
    baseMigration: migrationIndex(options['base-migration'], 'base'),
    headMigration: migrationIndex(options['head-migration'], 'head'),
  };
  const samples = samplesOf(options, sides);
  const files = [samples.base, samples.head].filter((file) => file !== undefined);
  const sources = [...sides.base, ...sides.head].flatMap(sourcesOf).concat(files);
  return printOutcome(options.output, sources, async () => {
    const runs = await loadSides(options, sides, samples, chosen);
    const compared = compareRuns({ ...runs, ...migrations });
    const diff: Diff = { ...compared, gate: judge(compared, failOnOf(options), thresholds) };
    const code = diff.gate.failures.length > 0 ? EXIT.violated : EXIT.clean;
    return { text: render(diff, options, await chartsOf(diff, runs, options)), code };
  });
}

type Runs = Record<'base' | 'head', readonly DiffRun[]>;

/** chart.js and its canvas are loaded for a page alone. */
async function chartsOf(diff: Diff, runs: Runs, { format }: Options): Promise<readonly Chart[]> {
  if (format !== 'html') return [];
  const { drawOverlays } = await import('../../diff/overlays.ts');
  return drawOverlays(diff, runs);
}

function failOnOf({ failOn }: Options): FailOn {
  return FAIL_ON.find((one) => one === failOn) ?? 'error';
}

/** @throws UserError unless both sides are named, in one of the two ways. */
function sidesOf(options: Options, others: readonly string[]): Sides {
  const named = [...(options.run ?? []), ...others, ...operands(options)].map(showDash);
  const base = (options.base ?? []).map(showDash);
  const head = (options.head ?? []).map(showDash);
  if ([...named, ...base, ...head].includes('')) {
    throw new UserError('the name of a run is empty; check the variables of your shell');
  }
  const grouped = base.length > 0 || head.length > 0;
  if (grouped && (named.length > 0 || base.length === 0 || head.length === 0)) {
    throw new UserError(
      'there are runs on one side only, or outside of the groups; name both groups, with --base and --head',
    );
  }
  if (grouped) return checked(options, { base, head });
  const [before, after, ...more] = named;
  if (before === undefined || after === undefined || more.length > 0) {
    throw new UserError(
      `a diff is of two runs, BASE and HEAD, not of ${named.length}; name groups of runs with --base and --head`,
    );
  }
  return checked(options, { base: [before], head: [after] });
}

function checked(options: Options, sides: Sides): Sides {
  if (options.qmp !== undefined) {
    throw new UserError('--qmp does not say which run its samples are of; give them with --base-qmp or --head-qmp');
  }
  const all = [...sides.base, ...sides.head];
  if (all.filter((one) => one === '-').length > 1) {
    throw new UserError('only one run can be standard input; name a file for the other');
  }
  for (const side of ['base', 'head'] as const) {
    if (options[`${side}-qmp`] !== undefined && sides[side].length > 1) {
      throw new UserError(`--${side}-qmp belongs to one run, and there are ${sides[side].length}; name one run`);
    }
  }
  return { base: once(sides.base, 'base'), head: once(sides.head, 'head') };
}

/** A run that counts twice would make a chance look certain. */
function once(runs: readonly string[], side: 'base' | 'head'): readonly string[] {
  const different = [...new Set(runs)];
  const twice = different.filter((run) => runs.indexOf(run) !== runs.lastIndexOf(run));
  if (twice.length > 0) note(`named more than once as ${side}, and counted once: ${twice.join(', ')}`);
  return different;
}

/** @throws UserError for an empty name, and where standard input is already somebody else's. */
function samplesOf(options: Options, { base, head }: Sides): Samples {
  const all = [...base, ...head];
  const ofBase = namedSamples(options['base-qmp'], all, '--base-qmp');
  const taken = ofBase === undefined ? all : [...all, ofBase];
  return { base: ofBase, head: namedSamples(options['head-qmp'], taken, '--head-qmp') };
}

function migrationIndex(text: string | undefined, side: 'base' | 'head'): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UserError(`--${side}-migration ${text}: not an index; give a number from 0 on`);
}

/** One after the other: of each only what is compared stays in memory. */
async function loadSides(options: Options, sides: Sides, samples: Samples, chosen: readonly Rule[]): Promise<Runs> {
  const paths = [...new Set([...sides.base, ...sides.head])];
  const names = inputNames(paths.map((path) => filesOf(path)[0] ?? path));
  const progress = new Progress(options.quiet);
  const load = async (side: 'base' | 'head'): Promise<readonly DiffRun[]> => {
    const runs: DiffRun[] = [];
    for (const argument of sides[side]) {
      const run = await loadRun({
        ...{ argument, chosen, name: names[paths.indexOf(argument)] ?? argument },
        ...{ qmp: samples[side], band: bandOf(options.qemu), charts: options.format === 'html' },
        progress: (read, inAll) => progress.update(read, inAll),
      });
      runs.push(run);
    }
    return runs;
  };
  try {
    const base = await load('base');
    return { base, head: await load('head') };
  } finally {
    progress.end();
  }
}

function render(diff: Diff, options: Options, charts: readonly Chart[]): string {
  if (options.quiet && options.format === 'text') return `${quietLines(diff).join('\n')}\n`;
  const renderer = DIFF_RENDERERS.find(({ id }) => id === options.format);
  if (renderer === undefined) throw new UserError(`unknown format ${options.format}; there are ${FORMATS.join(', ')}`);
  return renderer.render(diff, { color: wantsColor(options), verbose: options.verbose }, charts);
}
