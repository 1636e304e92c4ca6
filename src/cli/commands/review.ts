/** `qtrace review MAIL...`: a patch series as its mails bring it, with what people say about it. */
import { basename } from 'node:path';
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { UserError } from '../../base/errors.ts';
import { visible } from '../../base/text.ts';
import { VERSION } from '../../base/version.ts';
import type { Chart } from '../../report/charts/chart.ts';
import type { Timeline } from '../../report/charts/timeline.ts';
import { NOTHING_BESIDE } from '../../report/renderers/renderer.ts';
import { ruleTexts } from '../../report/rule-texts.ts';
import { CHECKS } from '../../review/checks/registry.ts';
import { REVIEW_RENDERERS } from '../../review/renderers/registry.ts';
import { countLines } from '../../review/renderers/text/headline.ts';
import type { ReviewReport } from '../../review/report.ts';
import { reviewMails } from '../../review/review-mails.ts';
import type { NamedInput } from '../../review/versions/choose-versions.ts';
import { RULES } from '../../rules/registry.ts';
import type { Severity } from '../../rules/rule.ts';
import { defineCommand, showDash } from '../command.ts';
import {
  bandOf,
  chooseRules,
  failsOn,
  namedSamples,
  operands,
  qemuOption,
  ruleOptions,
  wantsColor,
} from '../common-options.ts';
import { EXIT } from '../exit-codes.ts';
import { readMailFile } from '../mail-inputs.ts';
import { printOutcome } from '../output.ts';
import { filesOfRuns, runTraces, type TraceRequest } from '../review-runs.ts';
import { readTree } from '../source-tree.ts';

/** What a remark or a verdict may stand under. */
const REMARKED = [...new Map([...RULES, ...CHECKS].map(({ id }) => [id, { id }])).values()];
const FORMATS = REVIEW_RENDERERS.map(({ id }) => id);

function build<T>(yargs: Argv<T>) {
  return qemuOption(ruleOptions(yargs))
    .positional('mail', {
      type: 'string',
      array: true,
      describe:
        'Mails, an mbox, a saved page or a diff; `-` for standard input; two versions of a series to compare them',
    })
    .option('trace', { type: 'string', array: true, requiresArg: true, describe: 'Traces of the patched build' })
    .option('base-trace', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Traces of the build without it',
    })
    .option('qmp', { type: 'string', requiresArg: true, describe: 'Samples of query-migrate that belong to --trace' })
    .option('base-qmp', { type: 'string', requiresArg: true, describe: 'Samples that belong to --base-trace' })
    .option('tree', { type: 'string', requiresArg: true, describe: 'QEMU source: who implements a changed callback' })
    .option('terse', {
      type: 'boolean',
      default: false,
      describe: 'One `file:line: text` per remark, as --format terse',
    })
    .option('against', { type: 'string', requiresArg: true, describe: 'An older version to compare with' })
    .option('format', {
      type: 'string',
      requiresArg: true,
      choices: FORMATS,
      default: 'text',
      describe: 'How to print the review',
    })
    .option('output', { alias: 'o', type: 'string', requiresArg: true, describe: 'Write the review to this file' })
    .option('color', { type: 'boolean', describe: 'Colours; on a terminal only, when absent' })
    .option('quiet', { type: 'boolean', default: false, describe: 'Print the first line alone' })
    .option('verbose', { type: 'boolean', default: false, describe: 'Also list what is as it should be' });
}

type Options = ArgumentsCamelCase<Awaited<ReturnType<ReturnType<typeof build<object>>['parseAsync']>>>;

export const register = defineCommand({
  command: 'review [mail..]',
  describe: 'What a patch does to the query protocol, tied to traces',
  builder: build<object>,
  handler: async (options: Options): Promise<void> => {
    process.exitCode = await runReview(options);
  },
});

async function runReview(options: Options): Promise<number> {
  const { chosen, traces: others } = chooseRules(REMARKED, options.rule, options.ignore);
  const wanted = new Set(chosen.map(({ id }) => id));
  const paths = namedMails(options, others);
  const against = options.against === undefined ? undefined : showDash(options.against);
  if (options.terse && !['text', 'terse'].includes(options.format)) {
    throw new UserError('--terse is a format of its own; give it or --format');
  }
  const traced = tracesOf(options);
  const mails = [...paths, ...(against === undefined ? [] : [against])];
  const inputs = [...mails, ...traced.head, ...traced.base, traced.qmp, traced.baseQmp];
  if (inputs.filter((path) => path === '-').length > 1) {
    throw new UserError('only one input can be standard input; name files for the others');
  }
  const sources = [...mails, ...filesOfRuns(traced)];
  return printOutcome(options.output, sources, async () => {
    let timelines: readonly Timeline[] = [];
    const report = await reviewed(paths, against, { ...options, wanted, traced }, (all) => {
      timelines = all;
    });
    const code = failsOn(worstOf(report), options.failOn) ? EXIT.violated : EXIT.clean;
    return { text: await render(report, timelines, options), code };
  });
}

async function reviewed(
  paths: readonly string[],
  against: string | undefined,
  options: Options & { readonly wanted: ReadonlySet<string>; readonly traced: Traced },
  toTimelines: (timelines: readonly Timeline[]) => void,
): Promise<ReviewReport> {
  const { wanted, traced } = options;
  const rules = RULES.filter(({ id }) => wanted.has(id));
  const runs = { ...traced, rules, toTimelines: formatOf(options) === 'html' ? toTimelines : undefined };
  const report = await reviewMails({
    version: VERSION,
    inputs: paths.map(inputOf),
    against: against === undefined ? undefined : inputOf(against),
    tree: options.tree === undefined ? undefined : readTree(showDash(options.tree)),
    wants: (rule) => wanted.has(rule),
    runs: (series) => runTraces(series, runs),
  });
  if (report.patches.length === 0)
    throw new UserError(`${nothingIn(paths)}; give a mail with a patch, an mbox or a diff`);
  if (report.versions?.base.patches.length === 0)
    throw new UserError(`${nothingIn([against ?? ''])}; give the older version`);
  return report;
}

/** Of the remarks, and of what the patched build does. */
function worstOf({ remarks, traces }: ReviewReport): Severity | 'none' {
  const found = [...remarks.map(({ severity }) => severity), traces.head?.summary.worst ?? 'none'];
  return (['error', 'warning', 'info'] as const).find((severity) => found.includes(severity)) ?? 'none';
}

const formatOf = (options: Options): string => (options.terse ? 'terse' : options.format);

async function render(report: ReviewReport, timelines: readonly Timeline[], options: Options): Promise<string> {
  const format = formatOf(options);
  if (options.quiet && format === 'text') return `${countLines(report).join('\n')}\n`;
  const renderer = REVIEW_RENDERERS.find(({ id }) => id === format);
  if (renderer === undefined) throw new UserError(`unknown format ${options.format}; there are ${FORMATS.join(', ')}`);
  const charts = timelines.length === 0 ? [] : await chartsOf(report, timelines);
  const beside = { ...NOTHING_BESIDE, rules: ruleTexts(RULES), charts };
  return renderer.render(report, { color: wantsColor(options), verbose: options.verbose }, beside);
}

async function chartsOf({ traces }: ReviewReport, timelines: readonly Timeline[]): Promise<readonly Chart[]> {
  if (traces.head === null) return [];
  // chart.js is loaded for those alone who want a page.
  const { drawCharts } = await import('../../report/charts/draw-charts.ts');
  return drawCharts(traces.head, timelines, { size: 'page' });
}

type Traced = Omit<TraceRequest, 'toTimelines' | 'rules'>;

/** @throws UserError where one of the options lacks the other that it goes with. */
function tracesOf(options: Options): Traced {
  const { trace = [], baseTrace = [] } = options;
  const [head, base] = [trace.map(showDash), baseTrace.map(showDash)];
  if (head.length === 0 && (base.length > 0 || options.qmp !== undefined)) {
    throw new UserError('--base-trace and --qmp go with --trace; name the traces of the patched build');
  }
  if (base.length === 0 && options.baseQmp !== undefined) {
    throw new UserError('--base-qmp goes with --base-trace; name the traces of the build without the patch');
  }
  const qmp = namedSamples(options.qmp, head);
  return { head, base, qmp, baseQmp: namedSamples(options.baseQmp, base, '--base-qmp'), band: bandOf(options.qemu) };
}

function nothingIn(paths: readonly string[]): string {
  const [first = '', ...others] = paths.map((path) => (path === '-' ? 'standard input' : visible(path)));
  return others.length === 0
    ? `there is no patch in ${first}`
    : `there is no patch in any of the ${paths.length} inputs`;
}

function inputOf(path: string): NamedInput {
  return { name: path === '-' ? '-' : basename(path), bytes: readMailFile(path) };
}

/** The mails before and behind `--`. @throws UserError when none is named. */
function namedMails(
  options: {
    readonly mail?: readonly string[] | undefined;
    readonly trace?: readonly string[] | undefined;
    readonly '--'?: unknown;
  },
  others: readonly string[],
): readonly string[] {
  const named = [...(options.mail ?? []), ...others, ...operands(options)].map(showDash);
  if (named.length === 0) {
    const hint =
      options.trace === undefined ? '' : '; what stands behind --trace is a trace, so name the mail before it';
    throw new UserError(`name at least one mail, or - for standard input${hint}`);
  }
  return named;
}
