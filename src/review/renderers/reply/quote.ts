/** Hunks as a reviewer quotes them: what the remark is about, and no more. */
import { visible } from '../../../base/text.ts';
import type { FileReport, HunkReport, LineReport } from '../../report.ts';

const COLUMNS = 76;
/** Lines in front of a remark. */
const BEFORE = 8;
/** Code is quoted whole: what is cut off may be what the remark is about. */
const CODE_COLUMNS = 200;
const CUT = ' [...]';

export function quoted(text: string, columns = COLUMNS): string {
  const line = `> ${visible(text.replaceAll('\t', '        '))}`.trimEnd();
  return line.length <= columns ? line : `${line.slice(0, columns - CUT.length)}${CUT}`;
}

export function fileLines({ path, oldPath }: FileReport): readonly string[] {
  return [quoted(`diff --git a/${oldPath} b/${path}`)];
}

export function hunkHeader({ oldStart, oldLines, newStart, newLines, section }: HunkReport): string {
  return quoted(`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@ ${section}`.trimEnd());
}

/** The lines up to and with `to`, from behind `after` on; -1 for the beginning. */
export function quotedUpTo({ lines }: HunkReport, after: number, to: number): readonly string[] {
  const from = Math.max(after + 1, wholeStatement(lines, to) - BEFORE + 1);
  const cut = from > after + 1 ? ['> [...]'] : [];
  return [...cut, ...lines.slice(from, to + 1).map((line) => quoted(`${MARK[line.kind]}${line.text}`, CODE_COLUMNS))];
}

const MARK = { context: ' ', added: '+', deleted: '-' } as const;

/** A remark at a line that goes on above quotes the beginning too. */
function wholeStatement(lines: readonly LineReport[], to: number): number {
  let at = to;
  while (at > 0 && to - at < 4 && /[(,]\s*$/.test(lines[at - 1]?.text ?? '')) at -= 1;
  return at;
}
