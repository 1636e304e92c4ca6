/** Tells two versions of a series from two mails of one. */
import { parseSubject } from '../mail/subject.ts';
import { readSeries } from '../read-series.ts';
import type { Patch, Series } from '../series.ts';
import { areVersions, compareVersions, type VersionComparison } from './compare-versions.ts';

export interface NamedInput {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A series and the names of its inputs. */
export interface NamedSeries {
  readonly series: Series;
  readonly names: readonly string[];
}

export interface ChosenVersions {
  readonly head: NamedSeries;
  readonly base: (NamedSeries & { readonly comparison: VersionComparison }) | undefined;
}

/**
 * `against` is an older version in any case. Without it two inputs are two
 * versions where their subjects say so, or where they change the same in
 * different ways; and mails of one input may be of two versions.
 */
export async function chooseVersions(
  inputs: readonly NamedInput[],
  against: NamedInput | undefined,
): Promise<ChosenVersions> {
  if (against !== undefined) return versus(await readAll([against]), await readAll(inputs));
  const [first, second, ...others] = inputs;
  if (first !== undefined && second !== undefined && others.length === 0) {
    const [a, b] = [await readAll([first]), await readAll([second])];
    if (areTwo(a.series, b.series)) return versionOf(a) > versionOf(b) ? versus(b, a) : versus(a, b);
  }
  const all = await readAll(inputs);
  const versions = [...new Set(all.series.patches.map(({ version }) => version))].sort((a, b) => a - b);
  const [older, newest] = versions.slice(-2);
  if (older === undefined || newest === undefined) return { head: all, base: undefined };
  return versus(only(all, older), only(all, newest));
}

async function readAll(inputs: readonly NamedInput[]): Promise<NamedSeries> {
  return { series: await readSeries(inputs.map(({ bytes }) => bytes)), names: inputs.map(({ name }) => name) };
}

function versus(older: NamedSeries, newer: NamedSeries): ChosenVersions {
  return { head: newer, base: { ...older, comparison: compareVersions(older.series, newer.series) } };
}

function versionOf({ series }: NamedSeries): number {
  return series.patches.reduce((most, { version }) => Math.max(most, version), 0);
}

function areTwo(a: Series, b: Series): boolean {
  const pairs = a.patches.flatMap((one) =>
    b.patches.filter((other) => areVersions(one, other)).map((other) => [one, other] as const),
  );
  if (pairs.length === 0) return false;
  if (pairs.some(([one, other]) => one.version !== other.version)) return true;
  // A reply quotes what it answers, and may leave lines out.
  if (pairs.some(([one, other]) => quotes(one, other) || quotes(other, one))) return false;
  const { patches } = compareVersions(a, b);
  return patches.some(({ change, hunks }) => change === 'changed' && hunks.some((hunk) => hunk.change !== 'unchanged'));
}

function quotes(reply: Patch, other: Patch): boolean {
  const { subject, references } = reply.mail;
  const id = other.headers.messageId;
  return parseSubject(subject).isReply || (id !== undefined && references.includes(id));
}

/** One version out of a series that holds several. */
function only({ series, names }: NamedSeries, version: number): NamedSeries {
  const kept = series.patches.flatMap((patch, at) => (patch.version === version ? [at] : []));
  const comments = series.comments.flatMap((comment) => {
    if (comment.patch === undefined) return [comment];
    const patch = kept.indexOf(comment.patch);
    return patch < 0 ? [] : [{ ...comment, patch }];
  });
  const patches = series.patches.filter((patch) => patch.version === version);
  return { series: { ...series, patches, comments }, names };
}
