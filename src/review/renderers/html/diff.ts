/** The diff of each patch, remarks and comments right under their lines. */
import { plural } from '../../../base/text.ts';
import { html, type Markup, type Piece } from '../../../report/renderers/html/markup.ts';
import { section, shortened, tag } from '../../../report/renderers/html/sheet.ts';
import type { CommentReport, FileReport, HunkReport, LineReport, RemarkReport, ReviewReport } from '../../report.ts';
import { remarkId } from './remark-id.ts';
import { traceWords } from './traces.ts';

/** A series has thousands; more are told by the mail itself. */
const MOST_LINES = 8000;
const MOST_WORDS = 4000;
const LONGEST = 500;

interface Numbered {
  readonly remark: RemarkReport;
  readonly index: number;
}

export function diffSection(report: ReviewReport): Piece {
  const numbered = report.remarks.map((remark, index): Numbered => ({ remark, index }));
  let room = MOST_LINES;
  const patches = report.patches.map((patch, at) => {
    const title = patch.subject ?? 'Patch without a subject';
    const files = patch.files.map((file) => {
      const lines = file.hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0);
      const remarks = numbered.filter(({ remark }) => remark.patch === at && remark.path === file.path);
      room -= lines;
      if (room < 0 && remarks.length === 0)
        return html`<p>${shortened(file.path, 200)}: ${plural(lines, 'line')} left out</p>\n`;
      const comments = report.comments.filter((comment) => comment.patch === at && comment.path === file.path);
      return fileTable(file, remarks, comments);
    });
    return html`<h3>${shortened(title, 200)}</h3>\n${files}`;
  });
  return section('diff', 'The diff', patches);
}

function fileTable(file: FileReport, remarks: readonly Numbered[], comments: readonly CommentReport[]): Markup {
  const hunks = file.hunks.map((hunk, at) => {
    const own = remarks.filter(({ remark }) => remark.hunk === at);
    const said = comments.filter((comment) => comment.hunk === at);
    return hunkBody(hunk, own, said);
  });
  return html`<h4><code>${shortened(file.path, 200)}</code> +${file.additions} -${file.deletions}</h4>
<div class="scroll" role="region" aria-label="${file.path.slice(0, 200)}" tabindex="0"><table class="diff" role="presentation">
<colgroup><col class="no"><col class="no"><col class="mark"><col></colgroup>
${hunks}</table></div>
`;
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
