/** What stands above the hunks of a file: its names, and what happens to it as a whole. */
import type { PatchFile } from '../series.ts';

export interface FileHeader {
  readonly path: string;
  readonly oldPath: string;
  readonly change: PatchFile['change'];
}

const EXTENDED =
  /^(?:index [\da-f,]+\.\.|old mode \d|new mode \d|new file mode \d|deleted file mode \d|similarity index \d|dissimilarity index \d|rename (?:from|to) |copy (?:from|to) |Binary files .* differ$|GIT binary patch$|mode \d+,\d+\.\.\d+$|={20,}$)/;

export function isExtendedHeader(line: string): boolean {
  return EXTENDED.test(line) || /^(?:---|\+\+\+) \S/.test(line);
}

/** From the lines between `diff --git` and the first hunk, the former included. */
export function readFileHeader(lines: readonly string[]): FileHeader {
  const after = (prefix: string): string | undefined =>
    lines.find((line) => line.startsWith(prefix))?.slice(prefix.length);
  const renamed = [after('rename from '), after('rename to ')].map(plainName);
  const copied = [after('copy from '), after('copy to ')].map(plainName);
  const marked = [nameOf(after('--- ')), nameOf(after('+++ '))];
  const [oldPath, path] = [renamed, copied, marked, namesOfGitLine(lines[0] ?? '')].reduce((chosen, names) =>
    chosen.map((name, at) => name ?? names[at]),
  );
  const names = { oldPath: oldPath ?? path ?? '', path: path ?? oldPath ?? '' };
  return { ...names, change: changeOf(lines, marked, renamed[0] !== undefined, copied[0] !== undefined) };
}

function changeOf(
  lines: readonly string[],
  marked: readonly (string | undefined)[],
  renamed: boolean,
  copied: boolean,
): PatchFile['change'] {
  const has = (pattern: RegExp): boolean => lines.some((line) => pattern.test(line));
  if (has(/^(?:Binary files .* differ|GIT binary patch)$/)) return 'binary';
  if (has(/^new file mode /) || has(/^--- \/dev\/null\s*$/)) return 'added';
  if (has(/^deleted file mode /) || has(/^\+\+\+ \/dev\/null\s*$/)) return 'deleted';
  if (renamed) return 'renamed';
  if (copied) return 'copied';
  return has(/^(?:old|new) mode /) && marked.every((name) => name === undefined) ? 'mode' : 'modified';
}

/** Behind `--- ` and `+++ `: with a/ or b/, perhaps quoted, perhaps followed by a time stamp. */
function nameOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const name = text.startsWith('"') ? unquoted(text) : (text.split('\t')[0] ?? '').trimEnd();
  return name === '/dev/null' ? undefined : withoutPrefix(name);
}

function plainName(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return text.startsWith('"') ? unquoted(text) : text;
}

/** `diff --git a/x b/x`; needed only where no other line names the file. */
function namesOfGitLine(line: string): readonly (string | undefined)[] {
  const text = /^diff --(?:git|cc|combined) (.*)$/.exec(line)?.[1]?.trimEnd();
  if (text === undefined) return [/^Index: (.*)$/.exec(line)?.[1]?.trim()];
  if (!line.startsWith('diff --git ')) return [unquotedIf(text), unquotedIf(text)];
  const quoted = /^("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)$/.exec(text);
  if (quoted !== null) return quoted.slice(1).map((name) => withoutPrefix(unquotedIf(name)));
  // Blanks in it: both names are the same but for their first letter.
  const half = text.slice(0, Math.floor(text.length / 2));
  return [withoutPrefix(half), withoutPrefix(text.slice(half.length + 1))];
}

function unquotedIf(name: string): string {
  return name.startsWith('"') ? unquoted(name) : name;
}

function withoutPrefix(name: string): string {
  return name.replace(/^[abciow12]\//, '');
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** git quotes names as C does, bytes above 0x7f in octal. */
function unquoted(text: string): string {
  const inner = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text;
  const bytes: Buffer[] = [];
  for (const [, octal, letter, plain] of inner.matchAll(/\\([0-7]{1,3})|\\(.)|([^\\]+)/gs)) {
    if (octal !== undefined) bytes.push(Buffer.of(Number.parseInt(octal, 8) & 0xff));
    else if (letter !== undefined) bytes.push(Buffer.from(ESCAPES[letter] ?? letter));
    else bytes.push(Buffer.from(plain ?? ''));
  }
  return Buffer.concat(bytes).toString('utf8');
}
