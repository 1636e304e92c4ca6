/** From the bytes of mails to the review that is printed. */
import { buildReview } from './build-review.ts';
import { checkSeries } from './check-series.ts';
import { effectsOf } from './effects.ts';
import { modelOf, type SourceTree } from './model/model.ts';
import type { ReviewReport } from './report.ts';
import type { Series, SeriesProblem } from './series.ts';
import { NO_RUNS, type Runs } from './tie.ts';
import { chooseVersions, type NamedInput } from './versions/choose-versions.ts';

export interface ReviewRequest {
  /** Of qtrace. */
  readonly version: string;
  readonly inputs: readonly NamedInput[];
  /** An older version of the series, where it was named as one. */
  readonly against: NamedInput | undefined;
  /** The source that the series applies to. */
  readonly tree?: SourceTree | undefined;
  /** Whether remarks under this id are wanted; all, when absent. */
  readonly wants?: ((rule: string) => boolean) | undefined;
  /** Runs of the patched build, and of the one without it. Its events are known by then. */
  readonly runs?: (series: Series) => Promise<Runs>;
}

export async function reviewMails({
  version,
  inputs,
  against,
  tree,
  wants,
  runs,
}: ReviewRequest): Promise<ReviewReport> {
  const { head, base } = await chooseVersions(inputs, against);
  const nameIn =
    (names: readonly string[]) =>
    (input: number): string =>
      names[input] ?? '?';
  const remarks = checkSeries(head.series, tree).filter(({ rule }) => wants === undefined || wants(rule));
  const effects = effectsOf(head.series);
  return buildReview({
    version,
    series: { ...head.series, problems: [...head.series.problems, ...unjudgedIn(head.series)] },
    remarks,
    effects,
    runs: runs === undefined ? NO_RUNS : await runs(head.series),
    nameOf: nameIn(head.names),
    inputs: [...(base?.names ?? []), ...head.names].filter((name, at, all) => all.indexOf(name) === at),
    base:
      base === undefined ? undefined : { series: base.series, comparison: base.comparison, nameOf: nameIn(base.names) },
  });
}

/** What the checks had to leave, once they have looked. */
function unjudgedIn(series: Series): readonly SeriesProblem[] {
  const names = [...modelOf(series).unjudged];
  const [first] = names;
  if (first === undefined) return [];
  const [path = '', name = ''] = first.split(' ');
  return [
    {
      code: 'unjudged-function',
      count: names.length,
      input: series.patches[0]?.input ?? 0,
      firstLine: series.patches[0]?.files.find((file) => file.path === path)?.hunks[0]?.inputLine ?? 1,
      text: `${name}() has more paths, or the series more code, than is run: nothing is said of it`,
      hint: 'review its patches one by one, and read this one yourself',
    },
  ];
}
