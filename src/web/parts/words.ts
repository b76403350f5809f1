/** Formats numbers for people. */
export { formatBytes } from '../../weights/byte_source.ts';

export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** Formats a probability of 0..1. Never rounds it to certainty. */
export function formatProbability(probability: number): string {
  if (probability > 0.9995 && probability < 1) return '> 99.9 %';
  if (probability < 0.0005 && probability > 0) return '< 0.1 %';
  return `${(probability * 100).toFixed(1)} %`;
}

/** Formats four significant digits, with a true minus sign. */
export function formatValue(value: number): string {
  const text =
    Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : value.toPrecision(4);
  return text.replace('-', '−');
}
