/** Attribution lines: who wrote what is quoted below. */

export interface Attribution {
  readonly author: string;
  readonly date: string | undefined;
  /** Lines that it takes: mailers fold it. */
  readonly span: number;
}

const LONGEST = 400;
const MOST_LINES = 3;
const BEGINNING = /^(?:On|Am|Le|El|Op)\b.*\d|^\* \S|\S@\S+\W* (?:wrote|writes):?$|^\S.{0,80} (?:wrote|writes):$/;
const ON = /^(?:On|Am|Le|El|Op)\s+(.+?)\s*(?:\bwrote|\bwrites|a \u00e9crit|escribi\u00f3|schreef)\s*:$/;
/** German puts the name last. */
const SCHRIEB = /^Am (.+?) schrieb (.+?):$/;
/** `* NAME (address) wrote:` */
const STARRED = /^\* (.+?) (?:wrote|writes):$/;
const BARE = /^(.{1,120}?) (?:wrote|writes):$/;
const TIME =
  /^(.*\d{1,2}[:.]\d\d(?:[:.]\d\d)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:(?:UTC|GMT)?[+-]\d{2}:?\d{2}|UTC|GMT|[A-Z]{3,4}(?=[, ]))?(?:\s*\([^)]*\))?),?\s+(.+)$/;
const DATE = /^(.*\d),\s*(.+)$/;

/** The attribution that begins at `at`, if one does. */
export function attributionAt(lines: readonly string[], at: number): Attribution | undefined {
  const first = lines[at]?.trim() ?? '';
  const block = headerBlockAt(lines, at);
  if (block !== undefined) return block;
  if (first === '' || first.length > LONGEST || !BEGINNING.test(first)) return undefined;
  let text = '';
  for (let span = 1; span <= MOST_LINES; span += 1) {
    const more = lines[at + span - 1]?.trim() ?? '';
    if (more === '') return undefined;
    text = text === '' ? more : `${text} ${more}`;
    if (text.length > LONGEST) return undefined;
    if (text.endsWith(':')) return parse(text, span);
  }
  return undefined;
}

const RULER = /^-{3,} ?(?:Original Message|Forwarded message) ?-{3,}$/i;
const FIELD = /^(?:From|Sent|Date|To|Cc|Subject): /i;
const MOST_FIELDS = 8;

/** Headers inside of a text, as some mailers put them above what they quote without marks. */
function headerBlockAt(lines: readonly string[], at: number): Attribution | undefined {
  const ruled = RULER.test(lines[at]?.trim() ?? '');
  const start = ruled ? at + 1 : at;
  if (!/^From: \S/i.test(lines[start] ?? '')) return undefined;
  const length = lines.slice(start, start + MOST_FIELDS).findIndex((line) => !FIELD.test(line));
  const fields = lines.slice(start, start + (length < 0 ? MOST_FIELDS : length));
  const fieldOf = (name: RegExp): string | undefined =>
    fields
      .find((line) => name.test(line))
      ?.replace(/^\w+: /, '')
      .trim();
  const date = fieldOf(/^(?:Sent|Date): /i);
  if (date === undefined || fieldOf(/^Subject: /i) === undefined) return undefined;
  return { author: nameOf(fieldOf(/^From: /i) ?? ''), date, span: fields.length + (ruled ? 1 : 0) };
}

function parse(text: string, span: number): Attribution | undefined {
  const [, day, writer] = SCHRIEB.exec(text) ?? [];
  if (writer !== undefined) return { author: nameOf(writer), date: day, span };
  const on = ON.exec(text)?.[1];
  if (on !== undefined) {
    const [, date, author] = TIME.exec(on) ?? DATE.exec(on) ?? [];
    return { author: nameOf(author ?? on), date: date?.trim(), span };
  }
  const author = STARRED.exec(text)?.[1] ?? BARE.exec(text)?.[1];
  return author === undefined || author.split(' ').length > 8
    ? undefined
    : { author: nameOf(author), date: undefined, span };
}

/** `NAME <address>` and its relatives, without the address. */
export function nameOf(text: string): string {
  const name = text
    .replace(/\s*[<([][^<>]*(?:@|protected)[^<>]*[>)\]].*$/, '')
    .replace(/\s+via\s+\S+$/i, '')
    .replace(/^["'\s]+|["'\s,]+$/g, '');
  return name === '' ? text.trim() : name;
}
