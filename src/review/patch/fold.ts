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
  if (body.length + 1 + word <= USUAL || SENTENCE.test(rest)) return 'never';
  return (line.match(WORDS)?.length ?? 0) >= 3 ? 'never' : 'blank-lost';
}

/** The line as it was before it was folded. */
export function unfolded(parts: readonly string[]): string {
  return parts.reduce((text, part) => (text.endsWith(' ') ? text + part : `${text} ${part}`));
}
