/** What the series deletes may be done by a function that it calls instead and does not show. */
import type { CodeLine } from '../code/image.ts';
import type { FunctionCode } from '../code/program.ts';
import type { Remark } from '../series.ts';
import type { FunctionChange, SeriesModel } from './model.ts';
import { DECIDE, INACTIVATE, isQueryName, PREPARE, SAVE, STOP, SWITCHOVER, SYNC } from './names.ts';

/** Whose effect is known: on what the protocol is about, or on nothing of it. */
const KNOWN = [
  STOP,
  INACTIVATE,
  SAVE,
  DECIDE,
  SYNC,
  /^(?:trace|error|warn|info|g|qemu_mutex|bql|rcu|stat64|qatomic|migrate|runstate)_/,
  /^(?:mem(?:set|cpy)|bzero|assert|printf|str\w+|migration_in_\w+|if|while|for|switch|return|sizeof|[A-Z][A-Z0-9_]*)$/,
];
const isKnown = (name: string): boolean =>
  name === PREPARE || name === SWITCHOVER || isQueryName(name) || KNOWN.some((pattern) => pattern.test(name));

/** A remark on a deleted line, or on the call in its place, is a question where such a function is called. */
export function doubted(model: SeriesModel, remarks: readonly Remark[]): readonly Remark[] {
  const standIns = standInsOf(model);
  return remarks.map((remark) => {
    const line = lineAt(model, remark);
    const [name] = (standIns.get(keyOf(remark.patch, remark.path, remark.hunk)) ?? []).filter(
      (one) => line?.newLine === undefined || line.text.includes(`${one}(`),
    );
    if (name === undefined || remark.severity === 'info') return remark;
    const message = `${remark.message} Or does ${name}() do it, which no hunk shows?`;
    return { ...remark, severity: 'warning', confidence: 'possible', message };
  });
}

const keyOf = (patch: number, path: string, hunk: number): string => `${patch} ${hunk} ${path}`;

/** By hunk: the names that the functions changed in it call now. */
function standInsOf({ changes }: SeriesModel): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const change of changes) {
    const names = addedCalls(change);
    if (names.length === 0) continue;
    for (const hunk of new Set(change.changed.map((line) => line.hunk))) {
      const key = keyOf(change.patch, change.path, hunk);
      const known = found.get(key) ?? [];
      known.push(...names);
      found.set(key, known);
    }
  }
  return found;
}

function lineAt({ series }: SeriesModel, { patch, path, hunk, hunkLine }: Remark) {
  return series.patches[patch]?.files.find((file) => file.path === path)?.hunks[hunk]?.lines[hunkLine];
}

/** Names of what is called now and was not before, and is not shown. */
function addedCalls({ old, new: fresh, newProgram }: FunctionChange): readonly string[] {
  const before = new Set(callsIn(old));
  const isShown = (name: string): boolean => newProgram.functions.has(name) || newProgram.macros.has(name);
  const added = callsIn(fresh, (line) => line.changed);
  return added.filter((name) => !before.has(name) && !isKnown(name) && !isShown(name));
}

function callsIn(code: FunctionCode | undefined, fits: (line: CodeLine) => boolean = () => true): readonly string[] {
  return (code?.text.parts ?? []).flatMap((part) =>
    part.flatMap(({ text, kind, line }, at) =>
      kind === 'word' && part[at + 1]?.text === '(' && !isMember(part[at - 1]?.text) && fits(line) ? [text] : [],
    ),
  );
}

const isMember = (text: string | undefined): boolean => text === '->' || text === '.';
