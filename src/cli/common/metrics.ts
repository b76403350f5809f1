import type { Metrics } from '../../train/metrics.ts';

/** Returns the metrics as --json prints them, without the ROC curve, which has a point per image. */
export function withoutRoc({ roc: _, ...metrics }: Metrics) {
  return metrics;
}

/** Returns the lines of a table of the metrics. */
export function metricLines({
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
}: Metrics): string[] {
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
    'rows: true class; columns: predicted class',
    `  ${''.padEnd(width)}  ${classes.map(name => name.padStart(width)).join('  ')}`,
    ...rows,
  ];
}
