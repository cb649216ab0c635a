/** A last column narrower than this is not worth having; it goes below instead. */
const narrowest = 24;

export interface TableOptions {
  /** Columns of the terminal. Absent, for a file or a pipe: nothing is wrapped, a row is a line. */
  readonly width?: number | undefined;
}

/**
 * Lines of left-aligned columns, two spaces apart. On a terminal the last column is wrapped at words to what is
 * left of the width, or put below its row, indented, where little is left. Cells are text without line breaks.
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { width }: TableOptions = {},
): string {
  const widths = header
    .slice(0, -1)
    .map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const indent = widths.reduce((sum, each) => sum + each + 2, 0);
  const below = width !== undefined && width - indent < narrowest;
  return [header, ...rows]
    .flatMap((row) => {
      const start = widths.map((each, column) => `${(row[column] ?? '').padEnd(each)}  `).join('');
      const last = row[widths.length] ?? '';
      if (width === undefined) return [start + last];
      if (below) return row === header ? [start] : [start, ...wrapped(last, 4, width)];
      return wrapped(last, indent, width).map(
        (line, index) => (index === 0 ? start : '') + line.slice(index === 0 ? indent : 0),
      );
    })
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The text in lines of at most `width` columns, each after `indent` spaces; a longer word stands alone. */
export function wrapped(text: string, indent: number, width: number): readonly string[] {
  const room = Math.max(1, width - indent);
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => ' '.repeat(indent) + line);
}
