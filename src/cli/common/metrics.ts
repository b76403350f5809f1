import type { Metrics } from '../../train/metrics.ts';

/** The metrics as they are printed with --json: the ROC curve has a point per image, and is left out. */
export function withoutRoc({ roc: _, ...metrics }: Metrics) {
  return metrics;
}

/** Returns the metrics as a table to read. */
export function describeMetrics({
  images,
  loss,
  accuracy,
  sensitivity,
  specificity,
  auroc,
  aurocInterval,
  confusion,
  classes,
  positiveClass,
}: Metrics): string {
  const figure = (value: number | null) => (value === null ? '—' : value.toFixed(4));
  const interval = aurocInterval ? ` (95 % interval ${aurocInterval.map(bound => bound.toFixed(3)).join(' to ')})` : '';
  const width = Math.max(...classes.map(name => name.length), ...confusion.flat().map(count => `${count}`.length));
  const rows = confusion.map(
    (row, k) => `  ${classes[k]!.padEnd(width)}  ${row.map(count => `${count}`.padStart(width)).join('  ')}`,
  );
  return [
    `images       ${images}`,
    `loss         ${loss.toFixed(4)}`,
    `accuracy     ${figure(accuracy)}`,
    `sensitivity  ${figure(sensitivity)}  (${positiveClass} found)`,
    `specificity  ${figure(specificity)}`,
    `AUROC        ${figure(auroc)}${interval}`,
    `true, by row; predicted, by column`,
    `  ${''.padEnd(width)}  ${classes.map(name => name.padStart(width)).join('  ')}`,
    ...rows,
  ].join('\n');
}
