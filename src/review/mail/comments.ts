/** What people wrote between the lines of a patch and around it, with author and place. */
import type { Place } from '../patch/read-patch.ts';
import type { PatchFile, ReviewComment } from '../series.ts';
import { isGreeting, isSignatureMark, isSignOff } from './furniture.ts';
import type { LineKind, Voice } from './line-kinds.ts';
import type { QuotedLine } from './quote-depth.ts';
import { levelsOf, type Piece, piecesOf } from './turns.ts';

export interface Scene {
  readonly lines: readonly QuotedLine[];
  /** By line: its place in the patch. */
  readonly places: readonly (Place | undefined)[];
  /** By line; signatures are marked in it on the way. */
  readonly kinds: LineKind[];
  readonly files: readonly PatchFile[];
  readonly voices: readonly Voice[];
  /** Quote marks before the patch. */
  readonly depth: number;
  /** Levels of attribution on a page without marks; else 0. */
  readonly levels: number;
}

type Comment = Omit<ReviewComment, 'patch'>;

/** Lines that belong together, and the line of the patch above them. */
interface Block {
  readonly above: Place | undefined;
  readonly depth: number;
  readonly texts: readonly string[];
}

export function commentsOf(scene: Scene): readonly Comment[] {
  markSignatures(scene);
  const blocks = blocksOf(scene);
  const spoken = scene.levels > 0 ? bySpeaker(blocks, scene) : blocks;
  return spoken.flatMap((block) => {
    const text = trimmed(block.texts);
    if (text === '') return [];
    return [{ ...placeOf(block.above, scene.files), ...voiceOf(scene.voices, block.depth), text, depth: block.depth }];
  });
}

function voiceOf(voices: readonly Voice[], depth: number): Voice {
  return voices[depth] ?? { author: undefined, date: undefined };
}

/** From `-- ` to the next blank line, as far as it is no part of the patch. */
function markSignatures({ lines, kinds }: Scene): void {
  let depth: number | undefined;
  for (const [at, line] of lines.entries()) {
    if (kinds[at] === 'patch' || (depth !== undefined && (line.depth !== depth || line.text.trim() === '')))
      depth = undefined;
    if (kinds[at] !== 'patch' && isSignatureMark(line.text)) depth = line.depth;
    if (depth !== undefined) kinds[at] = 'header';
  }
}

function blocksOf({ lines, places, kinds, levels }: Scene): readonly Block[] {
  const blocks: Block[] = [];
  let above: Place | undefined;
  let open: { above: Place | undefined; depth: number; texts: string[] } | undefined;
  for (const [at, { text, depth }] of lines.entries()) {
    const kind = kinds[at];
    if (kind === 'patch') above = places[at];
    if (kind !== 'comment') {
      open = undefined;
      continue;
    }
    if (open === undefined || (open.depth !== depth && levels === 0)) {
      open = { above, depth, texts: [] };
      blocks.push(open);
    }
    open.texts.push(text);
  }
  return blocks;
}

function bySpeaker(blocks: readonly Block[], { voices, levels }: Scene): readonly Block[] {
  const pieces = blocks.map(({ texts }) => piecesOf(texts));
  const found = levelsOf(pieces.flat(), { authors: voices.map(({ author }) => author), patchLevel: levels });
  let next = 0;
  return blocks.flatMap(({ above }, at) => {
    const parts: { above: Place | undefined; depth: number; texts: string[] }[] = [];
    for (const piece of pieces[at] ?? []) {
      const depth = found[next] ?? 0;
      next += 1;
      const last = parts.at(-1);
      if (last !== undefined && last.depth === depth) last.texts.push(...gapBefore(piece), ...piece.lines);
      else parts.push({ above, depth, texts: [...piece.lines] });
    }
    return parts;
  });
}

function gapBefore(piece: Piece): readonly string[] {
  return piece.boundary === 'blank' ? [''] : [];
}

/** Without blank lines, greetings and thanks around it. */
function trimmed(texts: readonly string[]): string {
  const isEmpty = (text: string | undefined): boolean =>
    text !== undefined && (text.trim() === '' || isSignOff(text) || isGreeting(text));
  let [start, end] = [0, texts.length];
  while (start < end && isEmpty(texts[start])) start += 1;
  while (end > start && isEmpty(texts[end - 1])) end -= 1;
  return texts
    .slice(start, end)
    .map((text) => text.trimEnd())
    .join('\n');
}

function placeOf(
  above: Place | undefined,
  files: readonly PatchFile[],
): Pick<ReviewComment, 'path' | 'hunk' | 'hunkLine' | 'line'> {
  if (above === undefined) return { path: undefined, hunk: undefined, hunkLine: undefined, line: undefined };
  const file = files[above.file];
  const hunk = above.hunk === undefined ? undefined : file?.hunks[above.hunk];
  const line = above.hunkLine === undefined ? undefined : hunk?.lines[above.hunkLine];
  return { path: file?.path, hunk: above.hunk, hunkLine: above.hunkLine, line: line?.newLine ?? line?.oldLine };
}
