/** One `file:line: text` per remark, for use as a per-patch check in b4. */
import { visible } from '../../base/text.ts';
import type { RemarkReport } from '../report.ts';
import type { ReviewRenderer } from './renderer.ts';

export const terseRenderer: ReviewRenderer = {
  id: 'terse',
  render: (report) => report.remarks.map((remark) => `${terseLine(remark)}\n`).join(''),
};

function terseLine({ path, line, severity, rule, message }: RemarkReport): string {
  return `${visible(path)}:${line}: ${severity}: ${rule}: ${visible(message)}`;
}
