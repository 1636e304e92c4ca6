/**
 * Who speaks where a page shows no quote marks. Such pages still say how deep
 * the quoting goes (nested attribution lines), and they keep a habit: a reply
 * stands right below what it answers, without a blank line, while the text
 * goes on deeper only behind a blank line; the outermost author's words have
 * blank lines around them. Within that, the cheapest reading of all paragraphs
 * together is taken, so that one plain turn ("Yes, ...") settles its neighbours.
 */

/** A run of lines that one person wrote. */
export interface Piece {
  /** Index of its first line. */
  readonly at: number;
  readonly lines: readonly string[];
  /** What stands before it: a line of the patch, a blank line, or neither. */
  readonly boundary: 'patch' | 'blank' | 'none';
  readonly blanksBehind: number;
}

/** Beyond this many levels the search would cost more than it tells. */
const MOST_LEVELS = 8;
const LONG_LINE = 90;
const WRAP = 72;

const ANSWER =
  /^(?:yes|yeah|yep|no|nope|true|right|correct|sure|ack(?:ed)?|agreed?|ok|okay|alright|fine|indeed|exactly|imho|actually|hm+|will do|done|got it|makes sense|i see|i (?:agree|disagree|think|guess|did ?n[o']?t|do ?n[o']?t|am not|was ?n[o']?t)|i'm not)\b/i;
/** Asks what the other thinks of what was just said. */
const ASKS = /^(?:(?:what |so )*do you think|should we|shall we|wdyt|any thoughts|would that)\b/i;
const GOES_ON = /^(?:but|then|and|so|also|or|\[\w+\]|- |\* )/i;

/** Splits the lines between two lines of a patch into pieces. */
export function piecesOf(lines: readonly string[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let own: string[] = [];
  let start = 0;
  let blanks = 0;
  let boundary: Piece['boundary'] = 'patch';
  const end = (): void => {
    if (own.length > 0) pieces.push({ at: start, lines: own, boundary, blanksBehind: blanks });
    own = [];
  };
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') {
      blanks += 1;
      continue;
    }
    const above = own.at(-1);
    if (blanks > 0 && above !== undefined) {
      end();
      boundary = 'blank';
    } else if (above !== undefined && mayChange(above, line)) {
      end();
      boundary = 'none';
    }
    blanks = 0;
    if (own.length === 0) start = at;
    own.push(line);
  }
  end();
  return pieces;
}

/** A sentence ends and another begins, or code ends and words begin. */
function mayChange(above: string, line: string): boolean {
  if (/^\s/.test(line)) return false;
  if (/^\s{2,}/.test(above)) return true;
  return /[.?!:)\]]$/.test(above.trimEnd()) && /^["'(]?[A-Z\d]/.test(line);
}

export interface Speakers {
  /** By level, 0 the outermost; undefined where nothing names him. */
  readonly authors: readonly (string | undefined)[];
  /** Level of the patch: one more than the innermost reply. */
  readonly patchLevel: number;
}

interface State {
  readonly level: number;
  /** The level that was last interrupted by the outermost author. */
  readonly resume: number;
  /** Level of the last numbered paragraph. */
  readonly numbered: number;
  readonly cost: number;
  readonly before: State | undefined;
}

/** The level of each piece; all pieces of a mail are settled together. */
export function levelsOf(pieces: readonly Piece[], speakers: Speakers): readonly number[] {
  const { patchLevel } = speakers;
  if (patchLevel <= 1 || patchLevel > MOST_LEVELS) return pieces.map(() => Math.max(0, patchLevel - 1));
  const unwrapped = pieces.some((piece) => piece.lines.some(isLong));
  let states: readonly State[] = [{ level: patchLevel, resume: patchLevel, numbered: -1, cost: 0, before: undefined }];
  for (const [at, piece] of pieces.entries()) {
    const next = new Map<number, State>();
    for (const state of states) {
      for (let level = 0; level < patchLevel; level += 1) {
        const cost =
          state.cost + standing(piece, level, unwrapped) + turn(state, level, piece, pieces[at - 1], speakers);
        const resume = level === 0 ? state.resume : level;
        const numbered = numberOf(piece) === undefined ? state.numbered : level;
        const key = (level * 16 + resume) * 16 + numbered + 1;
        const known = next.get(key);
        if (known === undefined || cost < known.cost) next.set(key, { level, resume, numbered, cost, before: state });
      }
    }
    states = [...next.values()];
  }
  return unwind(states);
}

function unwind(states: readonly State[]): readonly number[] {
  let state: State | undefined = states.reduce((best, one) => (one.cost < best.cost ? one : best));
  const levels: number[] = [];
  while (state?.before !== undefined) {
    levels.push(state.level);
    state = state.before;
  }
  return levels.reverse();
}

/** What speaks against the piece standing at the level. */
function standing(piece: Piece, level: number, unwrapped: boolean): number {
  const long = piece.lines.some(isLong);
  const wrapped = piece.lines.slice(0, -1).some((line) => line.length >= 50 && line.length <= 80 && !/^\s/.test(line));
  // Who writes unwrapped does so throughout, and quoted text has been wrapped.
  const byWidth = unwrapped && ((level === 0 && wrapped) || (level > 0 && long)) ? 8 : 0;
  return byWidth + (level > 0 && piece.blanksBehind > 1 ? 2 : 0) + 0.05 * level;
}

function turn(
  from: State,
  to: number,
  piece: Piece,
  above: Piece | undefined,
  { authors, patchLevel }: Speakers,
): number {
  const first = piece.lines[0] ?? '';
  const sameAuthor = authors[from.level] === authors[to];
  const answers = ANSWER.test(first);
  const number = numberOf(piece);
  const misnumbered = number !== undefined && number > 1 && from.numbered >= 0 && from.numbered !== to ? 3 : 0;
  switch (piece.boundary) {
    case 'patch':
      return misnumbered + 0.3 * (patchLevel - 1 - to) + (authors[patchLevel] === authors[to] ? 2 : 0);
    case 'none':
      if (to === from.level) return misnumbered + evidenceOfTurn(first, above, answers);
      return to > from.level ? 6 : misnumbered + 1 + (sameAuthor ? 3 : 0) + (to === 0 ? 1 : 0);
    case 'blank':
      return misnumbered + acrossBlank(from, to, first, answers, sameAuthor, (above?.blanksBehind ?? 1) > 1);
  }
}

/** How strange it would be if the same person went on in the next line. */
function evidenceOfTurn(first: string, above: Piece | undefined, answers: boolean): number {
  const last = above?.lines.at(-1)?.trimEnd() ?? '';
  const word = /^\S+/.exec(first)?.[0].length ?? 0;
  const asked = /\?\W*$/.test(last) ? 3 : 0;
  const couldGoOn = last.length + 1 + word <= WRAP ? 2 : 0;
  return 1.5 + asked + couldGoOn + (answers ? 3 : 0) - (ASKS.test(first) ? 2 : 0);
}

function acrossBlank(
  from: State,
  to: number,
  first: string,
  answers: boolean,
  sameAuthor: boolean,
  wide: boolean,
): number {
  // Two blank lines end what the outermost author says.
  const ends = from.level === 0 && wide;
  const indented = /^\s/.test(first) || (GOES_ON.test(first) && !ends);
  if (to === from.level) return (answers ? 2 : 0) + (ends ? 2 : 0);
  const strange = indented ? 3 : 0;
  if (to < from.level) return strange + (to === 0 ? (answers ? 0 : 1) + (sameAuthor ? 1.5 : 0) : 4);
  if (from.level === 0) return strange + (to === from.resume ? 0.2 : 0.5 + 0.5 * Math.max(0, to - from.resume - 1));
  return strange + (sameAuthor ? 0.6 : answers ? 0.5 : 1);
}

function numberOf(piece: Piece): number | undefined {
  const digits = /^(\d{1,2})[.)] /.exec(piece.lines[0] ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function isLong(line: string): boolean {
  return line.length > LONG_LINE && !/^\s/.test(line) && line.split(' ').length > 8;
}
