/** CPU time of `work` on an idle core of an AMD EPYC, in milliseconds. */
const REFERENCE_MS = 60;

/**
 * Returns how many times more CPU time this process needs now than an idle core of the reference machine; at least 1.
 * Limits on CPU time are multiplied by it, because programs on the same core's other thread, and slower machines, make
 * everything take longer.
 */
export function slowdown(): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return Math.max(1, (user + system) / 1000 / REFERENCE_MS);
}

/** Allocates, hashes and compares, as parsers do. */
function work(): number {
  const entries = Array.from({ length: 40_000 }, (_, i) => ({ name: `entry ${(i * 7919) % 40_000}`, offset: i }));
  const byName = new Map(entries.map(entry => [entry.name, entry]));
  const text = JSON.stringify([...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1)));
  return (JSON.parse(text) as unknown[]).length;
}
