/** A grid of numbers, coloured by sign and size. Small grids show them as text, others as each cell's tooltip. */
export interface NumberGridProps {
  readonly values: readonly number[];
  readonly columns: number;
}

const MOST_COLUMNS_WITH_TEXT = 3;

export function NumberGrid({ values, columns }: NumberGridProps) {
  const most = Math.max(...values.map(Math.abs), 1e-30);
  const hasText = columns <= MOST_COLUMNS_WITH_TEXT;
  return (
    <span
      class={`number-grid ${hasText ? '' : 'dense'}`}
      style={{ '--columns': columns }}
      role="img"
      aria-label={values.map(short).join(', ')}
    >
      {values.map((value, i) => (
        <span
          key={i}
          class={value < 0 ? 'against' : 'for'}
          style={{ '--share': Math.abs(value) / most }}
          title={String(Number(value.toPrecision(6)))}
        >
          {hasText ? short(value) : ''}
        </span>
      ))}
    </span>
  );
}

/** Formats three significant digits, or two for small numbers, without a leading zero. */
function short(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1e-4) return value.toExponential(0).replaceAll('-', '−');
  const text = size >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(size < 0.1 ? 2 : 3)));
  return text.replace('-', '−').replace(/^(−?)0\./, '$1.');
}
