import { sha256 } from '#platform';

/** Of anything JSON holds; the order of an object's members does not count. */
export async function hashJson(value: unknown): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify(value, sortedKeys)));
}

/** Two objects that differ in the order of their members only have the same text. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
