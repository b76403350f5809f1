/** Formats a raw value with enough digits to distinguish the ends of its range. */
export function formatRaw(value: number, range: number): string {
  if (!Number.isFinite(value)) return String(value);
  const scale = Math.max(Math.abs(range), Math.abs(value) * 1e-3);
  if (scale === 0) return '0';
  const digits = 2 - Math.floor(Math.log10(scale));
  if (digits > 6 || Math.abs(value) >= 1e6) return value.toExponential(2);
  const text = value.toFixed(Math.max(0, Math.min(6, digits)));
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/** Formats a ratio as `98.7 %`. */
export function formatPercent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(digits)} %` : 'undefined';
}

/** Formats a duration as `812 ms`, `4.2 s` or `3 min 05 s`. */
export function formatDuration(elapsedMs: number): string {
  if (elapsedMs < 1) return `${elapsedMs.toFixed(2)} ms`;
  if (elapsedMs < 1000) return `${Math.round(elapsedMs)} ms`;
  if (elapsedMs < 60_000) return `${(elapsedMs / 1000).toFixed(elapsedMs < 10_000 ? 1 : 0)} s`;
  const seconds = Math.round(elapsedMs / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Escapes text for HTML and SVG, including attributes. */
export function escapeMarkup(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, character => names[character]!);
}
