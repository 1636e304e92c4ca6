/** `qtrace analyze TRACE...`: the main job. */
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { analyze } from '../../analysis/analyze.ts';
import { planInputs } from '../../analysis/replay-inputs.ts';
import { UserError } from '../../base/errors.ts';
import { RENDERERS } from '../../report/renderers/registry.ts';
import { headline } from '../../report/renderers/text/headline.ts';
import { pageFor } from '../../report/renderers/text/page.ts';
import type { Report } from '../../report/report.ts';
import { RULES } from '../../rules/registry.ts';
import { defineCommand, showDash } from '../command.ts';
import { bandOf, chooseRules, failsOn, inputOptions, ruleOptions } from '../common-options.ts';
import { EXIT } from '../exit-codes.ts';
import { note, writeFileWhole, writeOut } from '../output.ts';
import { Progress } from '../progress.ts';
import { openStore, type ReportStore } from '../report-store.ts';

const FORMATS = RENDERERS.map(({ id }) => id);

function build<T>(yargs: Argv<T>) {
  return ruleOptions(inputOptions(yargs))
    .positional('trace', { type: 'string', array: true, demandOption: true, describe: 'Logs, `-` for standard input' })
    .option('format', { choices: FORMATS, default: 'text', describe: 'How to print the report' })
    .option('output', { alias: 'o', type: 'string', requiresArg: true, describe: 'Write the report to this file' })
    .option('db', { type: 'string', requiresArg: true, describe: 'Write the database to this file; --no-db: none' })
    .option('out-dir', { type: 'string', default: 'reports', requiresArg: true, describe: 'Folder of the database' })
    .option('hash', { choices: ['auto', 'full'], default: 'auto', describe: 'full: digest of all bytes at any size' })
    .option('color', { type: 'boolean', describe: 'Colours; on a terminal only, when absent' })
    .option('quiet', { type: 'boolean', default: false, describe: 'Print the verdict alone' })
    .option('verbose', { type: 'boolean', default: false, describe: 'Also print what passed, and every finding' });
}

type Options = ArgumentsCamelCase<Awaited<ReturnType<ReturnType<typeof build<object>>['parseAsync']>>>;

export const register = defineCommand({
  command: 'analyze <trace..>',
  describe: 'Ingest, replay, check and report traces',
  builder: build<object>,
  handler: async (options: Options): Promise<void> => {
    process.exitCode = await runAnalyze(options);
  },
});

async function runAnalyze(options: Options): Promise<number> {
  const { chosen, traces } = chooseRules(RULES, options.rule, options.ignore);
  if (chosen.length === 0) throw new UserError('--rule and --ignore leave no rule to judge by');
  const plan = planInputs([...options.trace, ...traces].map(showDash), options.qmp);
  const store = await openStore({ db: databaseOf(options), folder: options.outDir, firstInput: plan.files[0] ?? '-' });
  const progress = new Progress(options.quiet);
  let report: Report;
  try {
    report = await analyze(
      {
        paths: plan.files,
        qmp: options.qmp,
        band: bandOf(options.qemu),
        rules: chosen,
        fullDigest: options.hash === 'full',
        listener: store.listener,
        progress: (read, inAll) => progress.update(read, inAll),
      },
      plan,
    );
  } catch (thrown) {
    store.abort();
    throw thrown;
  } finally {
    progress.end();
  }
  await finishStore(store, report, options.quiet);
  await print(report, options);
  return exitCodeOf(report, options.failOn);
}

/** `--no-db` comes as false, an absent option as undefined. */
function databaseOf({ db }: Options): string | false | undefined {
  const given: unknown = db;
  return given === false ? false : db;
}

async function finishStore(store: ReportStore, report: Report, quiet: boolean): Promise<void> {
  const said = await store.finish(report);
  if (said !== undefined && !quiet) note(said);
}

async function print(report: Report, options: Options): Promise<void> {
  const text = render(report, options);
  if (options.output === undefined || showDash(options.output) === '-') await writeOut(text);
  else writeFileWhole(options.output, text);
}

function render(report: Report, options: Options): string {
  const toTerminal = options.output === undefined && process.stdout.isTTY === true;
  const color = options.color ?? (toTerminal && process.env['NO_COLOR'] === undefined);
  const { verbose } = options;
  if (options.quiet && options.format === 'text')
    return `${headline(report, pageFor({ color, verbose })).join('\n')}\n`;
  const renderer = RENDERERS.find(({ id }) => id === options.format);
  if (renderer === undefined) throw new UserError(`unknown format ${options.format}; there are ${FORMATS.join(', ')}`);
  return renderer.render(report, { color, verbose });
}

function exitCodeOf(report: Report, failOn: string): number {
  const faults = report.verdicts.filter(({ reason }) => reason.startsWith('internal fault'));
  for (const { rule, reason } of faults) note(`rule ${rule}: ${reason}; please report this`);
  if (failsOn(report.summary.worst, failOn)) return EXIT.violated;
  return faults.length > 0 ? EXIT.fault : EXIT.clean;
}
