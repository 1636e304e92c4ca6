/** Tables in plain text: right- and left-aligned columns, two spaces apart. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** The title line, then one line per row. A missing cell is an empty one. */
export function layoutTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  indent: string,
): readonly string[] {
  const titles = columns.map((column) => column.title);
  const all = [titles, ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map((cells) => cells[at]?.length ?? 0)));
  return all.map((cells) => {
    const padded = columns.map((column, at) => pad(cells[at] ?? '', widths[at] ?? 0, column.align));
    return (indent + padded.join('  ')).trimEnd();
  });
}

function pad(cell: string, width: number, align: Column['align']): string {
  return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
}
