/** Parses JSON from untrusted files, and rejects inputs that `JSON.parse` alone would accept. */
import { WeightsError } from '../errors/index.ts';

/** The names, shapes and topology of a ResNet-152 take 400 kB. */
export const MAX_JSON_BYTES = 1_500_000;
/** `JSON.parse` turns each bracket into an object that takes far more memory than the bracket. */
const MAX_CONTAINERS = 150_000;
const MAX_DEPTH = 100;

/**
 * Parses UTF-8 JSON whose top level is an object. The caller limits `bytes` to MAX_JSON_BYTES.
 *
 * @throws WeightsError  not UTF-8, not JSON, not an object, or an object has a key twice (`JSON.parse` would keep the
 * last)
 */
export function parseJsonObject(bytes: Uint8Array, where: string): Record<string, unknown> {
  checkNesting(bytes, where);
  const text = decodeUtf8(bytes, where);
  const value = parse(text, where);
  if (!isRecord(value)) throw new WeightsError(`${where}: must be a JSON object, got ${kindOf(value)}`);
  const key = repeatedKey(text);
  if (key !== undefined) {
    throw new WeightsError(`${where}: has two keys named ${JSON.stringify(key)} in one object`);
  }
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Limits the depth and the number of containers before anything is parsed. */
function checkNesting(bytes: Uint8Array, where: string): void {
  let [depth, containers, inText] = [0, 0, false];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0x22) inText = !inText;
    else if (inText) i += byte === 0x5c ? 1 : 0;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > MAX_DEPTH) throw new WeightsError(`${where}: is nested more than ${MAX_DEPTH} levels deep`);
      if (++containers > MAX_CONTAINERS)
        throw new WeightsError(`${where}: has more than ${MAX_CONTAINERS} lists and objects`);
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
}

function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new WeightsError(`${where}: is not UTF-8`, { cause });
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WeightsError(`${where}: is not JSON`, { cause });
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** Returns the first key that appears twice in one object. `text` must be valid JSON. */
function repeatedKey(text: string): string | undefined {
  const token = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}]/g;
  const open: Set<string>[] = [];
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if (match[0] === '{') open.push(new Set());
    else if (match[0] === '}') open.pop();
    else if (match[1] !== undefined) {
      const key = JSON.parse(match[0].slice(0, -match[1].length)) as string;
      const seen = open.at(-1)!;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}
