import { sha256 } from '#platform';

/** Returns the SHA-256 of a JSON value. The order of an object's members does not matter. */
export async function hashJson(value: unknown): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify(value, sortedKeys)));
}

/** JSON.stringify replacer that sorts the members of every object. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
