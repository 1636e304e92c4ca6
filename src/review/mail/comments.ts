/** What people wrote between the lines of a patch and around it, with author and place. */
import type { Place } from '../patch/read-patch.ts';
import type { PatchFile, ReviewComment } from '../series.ts';
import { isGreeting, isSignatureMark, isSignOff } from './furniture.ts';
import type { LineKind, Voice } from './line-kinds.ts';
import type { QuotedLine } from './quote-depth.ts';
import { levelsOf, piecesOf } from './turns.ts';

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
  /** Above it the mail's own author speaks, before anything is quoted. */
  readonly introEnd: number;
}

/** Its patch is settled among all mails. */
export interface DraftComment extends Omit<ReviewComment, 'patch' | 'input'> {
  /** Where no hunk is known: what is quoted right above, its last line last. */
  readonly quoted: readonly string[];
}

/** Lines that belong together, and the line of the patch above them. */
interface Block {
  /** Index of its first line. */
  readonly at: number;
  readonly above: Place | undefined;
  readonly depth: number;
  readonly texts: string[];
}

/** Lines that a list puts below a mail at most. */
const MOST_FOOTER = 8;
/** Lines that a closing takes at most: thanks, a blank line, a name. */
const MOST_CLOSING = 5;

/** As much of what is quoted above tells its place. */
const MOST_QUOTED = 8;

export function commentsOf(scene: Scene): readonly DraftComment[] {
  markSignatures(scene);
  const blocks = blocksOf(scene);
  const intro = blocks.filter(({ at }) => at < scene.introEnd);
  const rest = blocks.filter(({ at }) => at >= scene.introEnd);
  const spoken = scene.levels > 0 ? [...intro, ...bySpeaker(rest, scene)] : blocks;
  return spoken.flatMap((block): readonly DraftComment[] => {
    const { start, end } = ownWords(block.texts);
    if (start >= end) return [];
    const text = block.texts
      .slice(start, end)
      .map((line) => line.trimEnd())
      .join('\n');
    const place = placeOf(block.above, scene.files);
    return [
      {
        ...place,
        ...voiceOf(scene.voices, block.depth),
        // One level is one speaker.
        authorFrom: scene.levels > 1 ? 'turns' : 'mail',
        text,
        depth: block.depth,
        inputLine: scene.lines[block.at + start]?.inputLine ?? 0,
        quoted: place.hunkLine === undefined ? quotedAbove(scene.lines, block) : [],
      },
    ];
  });
}

function quotedAbove(lines: readonly QuotedLine[], { at, depth }: Block): readonly string[] {
  const quoted: string[] = [];
  for (let above = at - 1; above >= 0 && quoted.length < MOST_QUOTED; above -= 1) {
    const line = lines[above];
    if (line === undefined || line.depth < depth) break;
    if (line.depth > depth) quoted.unshift(line.text);
  }
  return quoted;
}

function voiceOf(voices: readonly Voice[], depth: number): Voice {
  return voices[depth] ?? { author: undefined, date: undefined };
}

/** From `-- ` to the next blank line, and what a list puts below a ruler, as far as it is no part of the patch. */
function markSignatures({ lines, kinds }: Scene): void {
  const ruler = lines.findLastIndex(({ text }, at) => kinds[at] !== 'patch' && /^_{20,}$/.test(text));
  const footer = ruler < 0 || lines.length - ruler > MOST_FOOTER ? lines.length : ruler;
  for (let at = footer; at < lines.length; at += 1) if (kinds[at] !== 'patch') kinds[at] = 'header';
  let depth: number | undefined;
  for (const [at, line] of lines.entries()) {
    if (kinds[at] === 'patch' || (depth !== undefined && (line.depth !== depth || line.text.trim() === '')))
      depth = undefined;
    if (kinds[at] !== 'patch' && isSignatureMark(line.text)) depth = line.depth;
    if (depth !== undefined) kinds[at] = 'header';
  }
}

function blocksOf({ lines, places, kinds, levels, depth: patchDepth }: Scene): readonly Block[] {
  const blocks: Block[] = [];
  let above: Place | undefined;
  let open: Block | undefined;
  for (const [at, { text, depth }] of lines.entries()) {
    const kind = kinds[at];
    if (kind === 'patch') above = places[at];
    // What follows the end of the patch is about all of it.
    if (kind === 'header' && depth === patchDepth && isSignatureMark(text)) above = undefined;
    if (kind !== 'comment') {
      open = undefined;
      continue;
    }
    if (open === undefined || (open.depth !== depth && levels === 0)) {
      open = { at, above, depth, texts: [] };
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
  return blocks.flatMap(({ above, at: first }, index) => {
    const parts: Block[] = [];
    for (const piece of pieces[index] ?? []) {
      const depth = found[next] ?? 0;
      next += 1;
      const last = parts.at(-1);
      if (last === undefined || last.depth !== depth) {
        parts.push({ at: first + piece.at, above, depth, texts: [...piece.lines] });
        continue;
      }
      if (piece.boundary === 'blank') last.texts.push('');
      for (const line of piece.lines) last.texts.push(line);
    }
    return parts;
  });
}

/** Without blank lines and greetings around it, and without the thanks and the name at its end. */
function ownWords(texts: readonly string[]): { readonly start: number; readonly end: number } {
  const isEmpty = (text: string | undefined): boolean =>
    text !== undefined && (text.trim() === '' || isSignOff(text) || isGreeting(text));
  let [start, end] = [0, texts.length];
  while (start < end && isEmpty(texts[start])) start += 1;
  const thanks = texts.findLastIndex((text, at) => at >= texts.length - MOST_CLOSING && isSignOff(text));
  if (thanks >= start && texts.slice(thanks).every((text) => text.trim().split(/\s+/).length <= 3)) end = thanks;
  while (end > start && isEmpty(texts[end - 1])) end -= 1;
  return { start, end };
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
