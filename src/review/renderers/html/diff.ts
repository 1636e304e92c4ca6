/** The diff of each patch, remarks and comments right under their lines. */
import { plural } from '../../../base/text.ts';
import { html, type Markup, type Piece } from '../../../report/renderers/html/markup.ts';
import { section, shortened, tag } from '../../../report/renderers/html/sheet.ts';
import type { CommentReport, FileReport, HunkReport, LineReport, RemarkReport, ReviewReport } from '../../report.ts';
import { remarkId } from './remark-id.ts';
import { traceWords } from './traces.ts';

/** Characters of the diff; hunks with remarks have some more. */
const ROOM = 2_000_000;
const ROOM_FOR_REMARKS = 1_000_000;
/** What a row costs besides its text. */
const ROW = 110;
const MOST_WORDS = 4000;
const LONGEST = 500;

interface Numbered {
  readonly remark: RemarkReport;
  readonly index: number;
}

function grouped<T, K>(all: readonly T[], keyOf: (one: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

/** What is left, and whether the hunk has its place. */
class Room {
  #left = ROOM;

  takes(cost: number, isRemarked: boolean): boolean {
    const fits = this.#left - cost > (isRemarked ? -ROOM_FOR_REMARKS : 0);
    if (fits) this.#left -= cost;
    return fits;
  }
}

/** `remarks`: those that the page lists. */
export function diffSection(report: ReviewReport, remarks: readonly RemarkReport[]): Piece {
  const numbered = grouped(
    remarks.map((remark, index): Numbered => ({ remark, index })),
    ({ remark }) => `${remark.patch} ${remark.path}`,
  );
  const said = grouped(report.comments, ({ patch, path }) => `${patch} ${path}`);
  const room = new Room();
  const patches = report.patches.map((patch, at) => {
    const files = patch.files.map((file) => {
      const key = `${at} ${file.path}`;
      return fileTable(file, at, numbered.get(key) ?? [], said.get(key) ?? [], room);
    });
    return room.takes(ROW, false) || files.some((file) => file !== undefined)
      ? html`<h3>${shortened(patch.subject ?? 'Patch without a subject', 200)}</h3>\n${files}`
      : undefined;
  });
  return section('diff', 'The diff', patches);
}

const costOf = ({ lines }: HunkReport, own: readonly Numbered[], said: readonly CommentReport[]): number =>
  lines.reduce((sum, { text }) => sum + Math.min(text.length, LONGEST) + ROW, ROW) +
  own.reduce((sum, { remark }) => sum + 1500 + remark.traceFindings.length * 3000, 0) +
  said.reduce((sum, { text }) => sum + Math.min(text.length, MOST_WORDS) + ROW, 0);

/** Undefined where there is no room even for its name. */
function fileTable(
  file: FileReport,
  patch: number,
  remarks: readonly Numbered[],
  comments: readonly CommentReport[],
  room: Room,
): Piece {
  const ownOf = grouped(remarks, ({ remark }) => remark.hunk);
  const saidOf = grouped(comments, ({ hunk }) => hunk);
  const hunks = file.hunks.flatMap((hunk, at) => {
    const [own, said] = [ownOf.get(at) ?? [], saidOf.get(at) ?? []];
    return room.takes(costOf(hunk, own, said), own.length > 0) ? [hunkBody(hunk, own, said)] : [];
  });
  const missing = file.hunks.length - hunks.length;
  const left = missing === 0 ? undefined : html`<p>${plural(missing, 'hunk')} left out</p>\n`;
  const name = html`<h4><code>${shortened(file.path, 200)}</code> +${file.additions} -${file.deletions}</h4>\n`;
  if (hunks.length === 0)
    return room.takes(ROW + 2 * Math.min(file.path.length, 200), false) ? [name, left] : undefined;
  return html`${name}<section class="scroll" aria-label="${file.path.slice(0, 200)}, patch ${patch + 1}" tabindex="0"><table class="diff" role="presentation">
<colgroup><col class="no"><col class="no"><col class="mark"><col></colgroup>
${hunks}</table></section>
${left}`;
}

function hunkBody(hunk: HunkReport, remarks: readonly Numbered[], comments: readonly CommentReport[]): Markup {
  const { oldStart, oldLines, newStart, newLines, section: name, state, note, lines } = hunk;
  const mended = state === 'clean' ? '' : ` (${state}${note === '' ? '' : `: ${note.slice(0, 200)}`})`;
  const rows = lines.map((line, at) => [
    lineRow(line),
    remarks.filter(({ remark }) => remark.hunkLine === at).map(remarkRow),
    comments.filter((comment) => comment.hunkLine === at).map(commentRow),
  ]);
  return html`<tbody>
<tr><td class="no"></td><td class="no"></td><td colspan="2"><b>@@ -${oldStart},${oldLines} +${newStart},${newLines} @@ ${shortened(name, 100)}${mended}</b></td></tr>
${rows}</tbody>
`;
}

const MARK = { context: ' ', added: '+', deleted: '-' } as const;

function lineRow({ kind, text, oldLine, newLine }: LineReport): Markup {
  return html`<tr class="${kind}"><td class="no">${oldLine ?? ''}</td><td class="no">${newLine ?? ''}</td><td class="mark">${MARK[kind]}</td><td>${shortened(text, LONGEST)}</td></tr>\n`;
}

function remarkRow({ remark, index }: Numbered): Markup {
  const { severity, rule, confidence, message, reason, traceFindings } = remark;
  return html`<tr class="said" id="${remarkId(index)}"><td class="no"></td><td class="no"></td><td colspan="2"><div>
<p>${tag(severity, severity)} <b>${shortened(rule, 60)}</b> <span class="muted">${confidence}</span></p>
<p>${shortened(message, MOST_WORDS)}</p>
<p class="muted">${shortened(reason, MOST_WORDS)}</p>
${traceFindings.map(traceWords)}</div></td></tr>
`;
}

function commentRow({ author, text }: CommentReport): Markup {
  return html`<tr class="said"><td class="no"></td><td class="no"></td><td colspan="2"><div>
<p><b>${shortened(author ?? 'somebody unnamed', 80)}</b></p>
<p class="words">${shortened(text, MOST_WORDS)}</p>
</div></td></tr>
`;
}
