/** `qtrace analyze TRACE...`: the main job. */
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { analyze } from '../../analysis/analyze.ts';
import { type InputPlan, planInputs } from '../../analysis/replay-inputs.ts';
import { UserError } from '../../base/errors.ts';
import { fanOut } from '../../replay/sinks.ts';
import { TimelineCollector } from '../../report/charts/timeline-collector.ts';
import { RENDERERS } from '../../report/renderers/registry.ts';
import type { Renderer, RenderOptions } from '../../report/renderers/renderer.ts';
import { headline } from '../../report/renderers/text/headline.ts';
import { pageFor } from '../../report/renderers/text/page.ts';
import { isInternalFault, type Report } from '../../report/report.ts';
import { RULES } from '../../rules/registry.ts';
import type { Rule } from '../../rules/rule.ts';
import type { ChartFolder } from '../chart-folder.ts';
import { defineCommand, showDash } from '../command.ts';
import {
  bandOf,
  chooseRules,
  failsOn,
  inputOptions,
  namedSamples,
  namedTraces,
  ruleOptions,
  wantsColor,
} from '../common-options.ts';
import { EXIT } from '../exit-codes.ts';
import { note, printOutcome } from '../output.ts';
import { Progress } from '../progress.ts';
import { Rendering } from '../rendering.ts';
import { filesSaid, type Outcome, writePage } from '../report-files.ts';
import { openStore } from '../report-store.ts';

/** Where the page and the database go unless the user names a folder. */
const DEFAULT_FOLDER = 'reports';
const FORMATS = RENDERERS.map(({ id }) => id);

function build<T>(yargs: Argv<T>) {
  return ruleOptions(inputOptions(yargs))
    .positional('trace', { type: 'string', array: true, describe: 'Logs, `-` for standard input' })
    .option('format', {
      type: 'string',
      requiresArg: true,
      choices: FORMATS,
      default: 'text',
      describe: 'How to print the report',
    })
    .option('output', { alias: 'o', type: 'string', requiresArg: true, describe: 'Write the report to this file' })
    .option('db', { type: 'string', requiresArg: true, describe: 'Write the database to this file; --no-db: none' })
    .option('html', { type: 'boolean', default: true, describe: 'Write the report as a page, too; --no-html: none' })
    .option('out-dir', {
      type: 'string',
      default: DEFAULT_FOLDER,
      requiresArg: true,
      describe: 'Folder of the page and of the database',
    })
    .option('mail', { type: 'boolean', default: false, describe: 'Make the page fit a mailing list: 28,000 bytes' })
    .option('hash', {
      type: 'string',
      requiresArg: true,
      choices: ['auto', 'full'],
      default: 'auto',
      describe: 'full: digest of all bytes at any size',
    })
    .option('charts', { type: 'string', requiresArg: true, describe: 'Write the charts into this folder, PNG and SVG' })
    .option('color', { type: 'boolean', describe: 'Colours; on a terminal only, when absent' })
    .option('quiet', { type: 'boolean', default: false, describe: 'Print the verdict alone' })
    .option('verbose', { type: 'boolean', default: false, describe: 'Also print what passed, and every finding' });
}

type Options = ArgumentsCamelCase<Awaited<ReturnType<ReturnType<typeof build<object>>['parseAsync']>>>;

export const register = defineCommand({
  command: 'analyze [trace..]',
  describe: 'Ingest, replay, check and report traces',
  builder: build<object>,
  handler: async (options: Options): Promise<void> => {
    process.exitCode = await runAnalyze(options);
  },
});

async function runAnalyze(options: Options): Promise<number> {
  const { chosen, traces } = chooseRules(RULES, options.rule, options.ignore);
  if (options.outDir === '') throw new UserError('--out-dir has an empty value; check the variables of your shell');
  const inputs = namedTraces(options, traces);
  const qmp = namedSamples(options.qmp, inputs);
  const plan = planInputs(inputs, qmp);
  const toFile = options.output !== undefined && showDash(options.output) !== '-';
  const sources = [...plan.files, ...(qmp === undefined ? [] : [qmp]), ...(options.db ? [options.db] : [])];
  return printOutcome(options.output, sources, async () => {
    const charts = options.charts === undefined ? undefined : await openCharts(options.charts);
    try {
      return await analyzed(options, { plan, qmp, rules: chosen, toFile }, charts);
    } catch (thrown) {
      charts?.abort();
      throw thrown;
    }
  });
}

interface Request {
  readonly plan: InputPlan;
  readonly qmp: string | undefined;
  readonly rules: readonly Rule[];
  readonly toFile: boolean;
}

/** Analyzes, writes what stands beside the report, and gives the report itself. */
async function analyzed(
  options: Options,
  { plan, qmp, rules, toFile }: Request,
  charts: ChartFolder | undefined,
): Promise<{ readonly text: string; readonly code: number }> {
  const hasPage = options.html || options.format === 'html';
  const timelines = charts === undefined && !hasPage ? undefined : new TimelineCollector(plan.nameOf);
  const { report, database } = await analyzeAndStore(options, plan, qmp, rules, timelines);
  const drawn = timelines?.timelines() ?? [];
  const chartFiles = await charts?.write(report, drawn);
  if (chartFiles !== undefined && !options.quiet) note(chartFiles);
  const rendering = new Rendering({ report, plan, rules, timelines: drawn }, renderOptions(options));
  const page = await writeBeside(options, plan, toFile, report, rendering);
  if (options.outDir !== DEFAULT_FOLDER) refuseFailures([page, database]);
  const said = filesSaid(page, database);
  if (said !== undefined && !options.quiet) note(said);
  const text =
    options.quiet && options.format === 'text' ? verdictOf(report, options) : await rendering.as(formatOf(options));
  return { text, code: exitCodeOf(report, options.failOn, page) };
}

/** chart.js and its canvas are loaded for those alone who want charts. */
async function openCharts(folder: string): Promise<ChartFolder> {
  const { ChartFolder } = await import('../chart-folder.ts');
  return new ChartFolder(folder);
}

async function analyzeAndStore(
  options: Options,
  plan: InputPlan,
  qmp: string | undefined,
  rules: readonly Rule[],
  timelines: TimelineCollector | undefined,
): Promise<{ readonly report: Report; readonly database: Outcome | undefined }> {
  const store = await openStore({
    db: databaseOf(options),
    folder: options.outDir,
    folderIsNamed: options.outDir !== DEFAULT_FOLDER,
    firstInput: plan.files[0] ?? '-',
  });
  const progress = new Progress(options.quiet);
  try {
    const report = await analyze(
      {
        paths: plan.files,
        qmp,
        band: bandOf(options.qemu),
        rules,
        fullDigest: options.hash === 'full',
        listener:
          timelines === undefined ? store.listener : fanOut([timelines, ...(store.listener ? [store.listener] : [])]),
        progress: (read, inAll) => progress.update(read, inAll),
      },
      plan,
    );
    progress.end();
    return { report, database: await store.finish(report) };
  } catch (thrown) {
    progress.end();
    store.abort();
    throw thrown;
  }
}

/** `--no-db` comes as false, an absent option as undefined. */
function databaseOf({ db }: Options): string | false | undefined {
  const given: unknown = db;
  return given === false ? false : db;
}

/** The page beside the database; none where the user has named a place for it. */
async function writeBeside(
  options: Options,
  plan: InputPlan,
  toFile: boolean,
  report: Report,
  rendering: Rendering,
): Promise<Outcome | undefined> {
  if (!options.html || (options.format === 'html' && toFile)) return undefined;
  const firstInput = plan.files[0] ?? '-';
  return writePage({ folder: options.outDir, firstInput, make: () => rendering.as('html') }, report);
}

/** @throws UserError where a place that the user named could not be written. */
function refuseFailures(outcomes: readonly (Outcome | undefined)[]): void {
  for (const outcome of outcomes) {
    if (outcome !== undefined && 'failure' in outcome && !outcome.isFault) throw new UserError(outcome.failure);
  }
}

function formatOf({ format }: Options): Renderer['id'] {
  const renderer = RENDERERS.find(({ id }) => id === format);
  if (renderer === undefined) throw new UserError(`unknown format ${format}; there are ${FORMATS.join(', ')}`);
  return renderer.id;
}

function renderOptions(options: Options): RenderOptions {
  return {
    color: wantsColor(options),
    verbose: options.verbose,
    mail: options.mail,
    warningsFail: options.failOn === 'warning',
  };
}

function verdictOf(report: Report, options: Options): string {
  return `${headline(report, pageFor(renderOptions(options))).join('\n')}\n`;
}

function exitCodeOf(report: Report, failOn: string, page: Outcome | undefined): number {
  const faults = report.verdicts.filter(isInternalFault);
  for (const { rule, reason } of faults) note(`rule ${rule}: ${reason}; please report this`);
  if (failsOn(report.summary.worst, failOn)) return EXIT.violated;
  const pageFailed = page !== undefined && 'failure' in page && page.isFault;
  return faults.length > 0 || pageFailed ? EXIT.fault : EXIT.clean;
}
