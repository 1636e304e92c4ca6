/** Lines that a mailer has folded: it breaks at a blank, which stays at the end or is lost. */

/** How likely the line is the end of the one above: its blank is still there; lost; or the line even looks like one of a patch. */
export type FoldGuess = 'never' | 'blank-kept' | 'blank-lost' | 'marked-blank-kept' | 'marked';

export const FOLD_COST: Readonly<Record<Exclude<FoldGuess, 'never'>, number>> = {
  'blank-kept': 0,
  'blank-lost': 20,
  'marked-blank-kept': 30,
  marked: 60,
};

/** No mailer folds narrower than this. */
const NARROWEST = 64;
/** Where the blank is lost, only the usual width tells. */
const USUAL = 72;
const SENTENCE = /^[A-Z][a-z]* .*[.?!]$/;
/** Small words of English: what has several is a sentence, not the end of a line of code. */
const WORDS =
  /\b(?:the|that|this|is|are|be|we|you|it|to|of|for|not|can|should|would|but|and|or|if|here|with|have|has|does|do|think|why|what)\b/gi;

/** What the two lines alone tell. */
export function canBeFolded(above: string, line: string): FoldGuess {
  const rest = line.trimStart();
  if (rest === '' || /^(?:diff --git |@@ |-- ?$)/.test(line)) return 'never';
  const word = /^\S+/.exec(rest)?.[0].length ?? 0;
  const body = above.trimEnd();
  if (body.length + 1 + word <= NARROWEST) return 'never';
  if (/^[ \\\t]/.test(line)) return 'never';
  const kept = above.endsWith(' ');
  if (/^[-+]/.test(line)) return body.length < NARROWEST - 4 ? 'never' : kept ? 'marked-blank-kept' : 'marked';
  if (kept) return 'blank-kept';
  return body.length + 1 + word <= USUAL || isProse(rest) ? 'never' : 'blank-lost';
}

function isProse(text: string): boolean {
  return SENTENCE.test(text) || /\S\?$/.test(text) || (text.match(WORDS)?.length ?? 0) >= 3;
}

/** The end of a statement, of a parameter list or of a format; no name by itself is one. */
function isCode(text: string): boolean {
  return !isProse(text) && /^[^A-Za-z]+$|[;,{}()"\\]\s*$|%"?PRI|\w\(|->|_\w/.test(text);
}

/** The line as it was before it was folded. */
export function unfolded(parts: readonly string[]): string {
  return parts.reduce((text, part) => (text.endsWith(' ') ? text + part : `${text} ${part}`));
}

/** No mailer folds wider than this. */
const WIDEST = 82;

/** What stands around the two tells, too. */
export interface FoldSite {
  /** Some line of the patch is wider than mailers make them: this one does not fold, or it breaks where the page ends. */
  readonly wide: boolean;
  /** The line below; undefined at the end. */
  readonly below: string | undefined;
}

/** Where the blank is lost, and not all is folded or a blank line follows, the rest must look like code. */
export function foldGuess(above: string, line: string, { wide, below }: FoldSite): FoldGuess {
  const guess = canBeFolded(above, line);
  if (guess === 'marked') return wide ? 'never' : guess;
  if (guess !== 'blank-lost' || isCode(line)) return guess;
  const isRemark = below === undefined && !/^[a-z_]\w*$/.test(line);
  return wide || below === '' || isRemark ? 'never' : guess;
}

export function hasWideLines(lines: readonly string[]): boolean {
  return lines.some((line) => line.length > WIDEST && /^[-+ ]/.test(line));
}
