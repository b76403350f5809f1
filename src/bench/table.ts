/** One column of a table of results. */
export interface Column<Row> {
  readonly name: string;
  readonly text: (row: Row) => string;
  /** Numbers are right-aligned. */
  readonly align?: 'left' | 'right';
}

/** Formats columns below their names, two spaces apart. */
export function textTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [columns.map(({ name }) => name), ...rows.map(row => columns.map(({ text }) => text(row)))];
  const widths = columns.map((_, i) => Math.max(...cells.map(line => line[i]!.length)));
  return cells
    .map(line =>
      line
        .map((cell, i) => (columns[i]!.align === 'right' ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function markdownTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(columns.map(({ name }) => name)),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map(row => line(columns.map(({ text }) => text(row)))),
  ].join('\n');
}

/** Formats CSV as in RFC 4180. */
export function csvTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (cells: readonly string[]) => cells.map(cell).join(',');
  return [line(columns.map(({ name }) => name)), ...rows.map(row => line(columns.map(({ text }) => text(row))))].join(
    '\n',
  );
}

/** Formats about three significant digits, without an exponent. */
export function digits(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  return size >= 0.001 || size === 0 ? value.toFixed(4) : value.toFixed(6);
}

export function megabytes(sizeBytes: number): string {
  return `${(sizeBytes / 1e6).toFixed(1)} MB`;
}
