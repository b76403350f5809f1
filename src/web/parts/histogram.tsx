/** A histogram on a square-root scale, so that rare values are visible next to the many zeros. */
import { formatValue } from './words.ts';

export interface HistogramProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly counts: readonly number[];
}

const [WIDTH, HEIGHT] = [256, 56];

export function Histogram({ label, min, max, counts }: HistogramProps) {
  const most = Math.sqrt(Math.max(...counts, 1));
  const width = WIDTH / counts.length;
  const zero = min < 0 && max > 0 ? (WIDTH * -min) / (max - min) : undefined;
  return (
    <figure class="histogram">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${counts.length} bins from ${formatValue(min)} to ${formatValue(max)}`}
      >
        {zero !== undefined && <line class="histogram-zero" x1={zero} x2={zero} y1={0} y2={HEIGHT} />}
        {counts.map((count, i) => {
          const height = (HEIGHT * Math.sqrt(count)) / most;
          const isAgainst = min + ((i + 0.5) * (max - min)) / counts.length < 0;
          return (
            <rect
              key={i}
              class={isAgainst ? 'against' : 'for'}
              x={i * width}
              y={HEIGHT - height}
              width={Math.max(width - 0.6, 0.4)}
              height={height}
            >
              <title>{count}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption class="number">
        <span>{formatValue(min)}</span>
        <span>{formatValue(max)}</span>
      </figcaption>
    </figure>
  );
}
