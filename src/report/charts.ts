import {
  type Axis,
  type Frame,
  placeX,
  placeY,
  roundAxis,
  SERIES_COLOURS,
  svgArea,
  svgAxes,
  svgDocument,
  svgLine,
  svgText,
} from './svg.ts';
import { formatPercent } from './words.ts';

/** Results of one training epoch, for both phases. */
export interface EpochPoint {
  readonly epoch: number;
  readonly train: { readonly loss: number; readonly accuracy: number };
  /** Missing if there is no test data. */
  readonly test?: { readonly loss: number; readonly accuracy: number };
}

export interface RocPoint {
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
}

const SIZE = { width: 480, height: 288 };
const FRAME: Frame = { left: 56, top: 44, width: 404, height: 196 };

/** Draws loss or accuracy per epoch, for training and test. */
export function trainingChart(history: readonly EpochPoint[], what: 'loss' | 'accuracy'): string {
  const series = [
    { name: 'train', values: history.map(point => point.train[what]) },
    { name: 'test', values: history.map(point => point.test?.[what] ?? Number.NaN) },
  ].filter(({ values }) => values.some(Number.isFinite));
  const finite = series.flatMap(({ values }) => values).filter(Number.isFinite);
  const low = finite.length === 0 ? 0 : Math.min(...finite);
  const high = finite.length === 0 ? 1 : Math.max(...finite);
  const y = what === 'loss' ? roundAxis('loss', 0, high) : capped(roundAxis('accuracy', low, Math.min(1, high)));
  const x = epochAxis(history.map(point => point.epoch));
  const lines = series.map(({ values }, i) => {
    const points = values.map((value, k) => [placeX(FRAME, x, history[k]!.epoch), placeY(FRAME, y, value)] as const);
    return svgLine(points, lineStyle(SERIES_COLOURS[i]!)) + dots(points, SERIES_COLOURS[i]!);
  });
  const ends = series.map(({ name, values }) => `${name} ${values.at(-1)?.toFixed(4)}`).join(', ');
  const description = `${what} over ${history.length} epochs; at the end: ${ends}`;
  const title = what === 'loss' ? 'Loss' : 'Accuracy';
  return svgDocument({ title, description }, SIZE, heading(title, series) + svgAxes(FRAME, x, y) + lines.join(''));
}

/** Draws the ROC curve, its area as text, and the diagonal of a random classifier. */
export function rocChart(roc: {
  readonly points: readonly RocPoint[];
  readonly auroc: number;
  readonly interval?: readonly [low: number, high: number];
}): string {
  const { points, auroc, interval } = roc;
  const size = { width: 380, height: 380 };
  const frame: Frame = { left: 56, top: 44, width: 300, height: 276 };
  const [x, y] = [unitAxis('1 - specificity'), unitAxis('sensitivity')];
  const at = (p: RocPoint) => [placeX(frame, x, p.falsePositiveRate), placeY(frame, y, p.truePositiveRate)] as const;
  const chance = [at({ falsePositiveRate: 0, truePositiveRate: 0 }), at({ falsePositiveRate: 1, truePositiveRate: 1 })];
  const words = interval === undefined ? '' : ` (${interval[0].toFixed(3)} to ${interval[1].toFixed(3)})`;
  const curve = points.map(at);
  const corner = [placeX(frame, x, 1), placeY(frame, y, 0)] as const;
  const body =
    svgText('ROC curve', frame.left, 22, { size: 14, weight: 600 }) +
    svgAxes(frame, x, y) +
    svgLine(chance, 'stroke:currentColor;stroke-opacity:0.4;stroke-dasharray:4 4') +
    svgArea([...curve, corner], `fill:${SERIES_COLOURS[0]};fill-opacity:0.12`) +
    svgLine(curve, lineStyle(SERIES_COLOURS[0]!)) +
    svgText(`AUROC ${auroc.toFixed(3)}`, 344, 286, { anchor: 'end', size: 15, weight: 600 }) +
    svgText(words.trim(), 344, 306, { anchor: 'end', faint: true });
  return svgDocument(
    { title: 'ROC curve', description: `Area under the curve ${auroc.toFixed(4)}${words}` },
    size,
    body,
  );
}

/**
 * Draws counts per true and predicted class, and each count's ratio to its true class.
 *
 * counts  [classes, classes]; rows are true classes
 */
export function confusionChart(matrix: {
  readonly classes: readonly string[];
  readonly counts: readonly (readonly number[])[];
}): string {
  const { classes, counts } = matrix;
  const cell = Math.max(56, Math.min(112, 280 / classes.length));
  const side = cell * classes.length;
  const [left, top] = [112, 76];
  const size = { width: left + side + 16, height: top + side + 16 };
  const parts = [
    svgText('Confusion matrix', 16, 22, { size: 14, weight: 600 }),
    svgText('predicted', left + side / 2, 48, { anchor: 'middle', faint: true }),
    svgText('truth', 16, top - 10, { faint: true }),
  ];
  classes.forEach((name, row) => {
    const middle = (row + 0.5) * cell;
    parts.push(svgText(name, left + middle, top - 10, { anchor: 'middle', size: 11 }));
    parts.push(svgText(name, left - 10, top + middle + 4, { anchor: 'end', size: 11 }));
    const total = counts[row]!.reduce((a, b) => a + b, 0);
    counts[row]!.forEach((count, column) => {
      const share = total === 0 ? 0 : count / total;
      parts.push(
        confusionCell({ x: left + column * cell, y: top + row * cell, cell, count, share, right: row === column }),
      );
    });
  });
  const description = classes
    .map((name, row) => `${name}: ${classes.map((other, i) => `${counts[row]![i]} predicted as ${other}`).join(', ')}`)
    .join('; ');
  return svgDocument({ title: 'Confusion matrix', description }, size, parts.join(''));
}

function confusionCell(c: {
  x: number;
  y: number;
  cell: number;
  count: number;
  share: number;
  right: boolean;
}): string {
  const colour = SERIES_COLOURS[c.right ? 0 : 1]!;
  const opacity = (0.06 + 0.5 * c.share).toFixed(3);
  const inner = c.cell - 4;
  const middle = { x: c.x + c.cell / 2, y: c.y + c.cell / 2 };
  return (
    `<rect x="${c.x + 2}" y="${c.y + 2}" width="${inner}" height="${inner}" rx="6" style="fill:${colour};fill-opacity:${opacity}"/>` +
    svgText(String(c.count), middle.x, middle.y + 2, { anchor: 'middle', size: 18, weight: 600 }) +
    svgText(formatPercent(c.share), middle.x, middle.y + 20, { anchor: 'middle', size: 11, faint: true })
  );
}

function heading(title: string, series: readonly { name: string }[]): string {
  const parts = [svgText(title, FRAME.left, 22, { size: 14, weight: 600 })];
  series.forEach(({ name }, i) => {
    const x = FRAME.left + FRAME.width - (series.length - i) * 62;
    parts.push(
      svgLine(
        [
          [x, 18],
          [x + 18, 18],
        ],
        lineStyle(SERIES_COLOURS[i]!),
      ),
    );
    parts.push(svgText(name, x + 24, 22));
  });
  return parts.join('');
}

function lineStyle(colour: string): string {
  return `stroke:${colour};stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round`;
}

function dots(points: readonly (readonly [number, number])[], colour: string): string {
  if (points.length > 30) return '';
  return points
    .filter(([, y]) => Number.isFinite(y))
    .map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" style="fill:${colour}"/>`)
    .join('');
}

/** Creates an axis with ticks at whole epochs, about ten at most. */
function epochAxis(epochs: readonly number[]): Axis {
  const first = epochs[0] ?? 1;
  const last = Math.max(epochs.at(-1) ?? 1, first + 1);
  const step = Math.max(1, Math.ceil((last - first) / 10));
  const ticks = epochs.filter(epoch => (epoch - first) % step === 0).map(at => ({ at, text: String(at) }));
  return { label: 'epoch', min: first, max: last, ticks };
}

function unitAxis(label: string): Axis {
  return { label, min: 0, max: 1, ticks: [0, 0.25, 0.5, 0.75, 1].map(at => ({ at, text: String(at) })) };
}

/** Limits an accuracy axis to 1, whatever its round limits are. */
function capped(axis: Axis): Axis {
  return axis.max <= 1 ? axis : { ...axis, max: 1, ticks: axis.ticks.filter(tick => tick.at <= 1 + 1e-9) };
}
