/** Lines of a mail or of a page that nobody wrote: banners, a page's own words, the end of a mail. */

const BANNER =
  /^(?:External email: |\[?(?:CAUTION|EXTERNAL)\b.{0,120}|Reply via email to$|View this message in context|Links? to this|Thread (?:Prev|Next)|Previous message|Next message|The Mail Archive|_{20,}$|={20,}$|(?:base-commit|change-id|prerequisite-(?:patch|message|change)-id): \S)/;

/** `[...]`, where a reply has left something out. */
const CUT = /^[[(<]?(?:\.{3}|\u2026|snip(?:ped)?|cut|trimmed|\.\.snip\.\.)[\])>]?$/i;

export function isFurniture(line: string): boolean {
  const text = line.trim();
  return BANNER.test(text) || CUT.test(text);
}

/** Words that end a mail and say nothing about the patch. */
const SIGN_OFF = /^(?:thanks(?: a lot| again)?|thank you|cheers|regards|best(?: regards)?|kind regards|br|thx)[,.!]*$/i;

export function isSignOff(line: string): boolean {
  return SIGN_OFF.test(line.trim());
}

const GREETING = /^(?:hi|hello|hey|dear)\b.{0,40}[,!:]?$/i;

export function isGreeting(line: string): boolean {
  return GREETING.test(line.trim()) && line.trim().split(' ').length <= 4;
}

export function isSignatureMark(line: string): boolean {
  return /^-- ?$/.test(line);
}
