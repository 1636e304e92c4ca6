/** From the bytes of mails to the review that is printed. */
import { buildReview } from './build-review.ts';
import type { ReviewReport } from './report.ts';
import { chooseVersions, type NamedInput } from './versions/choose-versions.ts';

export interface ReviewRequest {
  /** Of qtrace. */
  readonly version: string;
  readonly inputs: readonly NamedInput[];
  /** An older version of the series, where it was named as one. */
  readonly against: NamedInput | undefined;
}

export async function reviewMails({ version, inputs, against }: ReviewRequest): Promise<ReviewReport> {
  const { head, base } = await chooseVersions(inputs, against);
  const nameIn =
    (names: readonly string[]) =>
    (input: number): string =>
      names[input] ?? '?';
  return buildReview({
    version,
    series: head.series,
    remarks: [],
    nameOf: nameIn(head.names),
    inputs: [...(base?.names ?? []), ...head.names].filter((name, at, all) => all.indexOf(name) === at),
    base:
      base === undefined ? undefined : { series: base.series, comparison: base.comparison, nameOf: nameIn(base.names) },
  });
}
