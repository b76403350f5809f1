/** JSON from files that may lie: what `JSON.parse` alone lets through is refused here. */
import { WeightsError } from '../errors.ts';

/** A ResNet-152's names, shapes and topology have 400 kB. */
export const MAX_JSON_BYTES = 1_500_000;
/** What `JSON.parse` makes of brackets takes far more room than they. */
const MAX_CONTAINERS = 150_000;
const MAX_DEPTH = 100;

/**
 * Parses UTF-8 JSON whose top level is an object, no longer than MAX_JSON_BYTES.
 *
 * @throws WeightsError  not UTF-8, not JSON, not an object, or an object that has a key twice (`JSON.parse` would keep the last)
 */
export function parseJsonObject(bytes: Uint8Array, where: string): Record<string, unknown> {
  checkNesting(bytes, where);
  const text = decodeUtf8(bytes, where);
  const value = parse(text, where);
  if (!isRecord(value)) throw new WeightsError(`${where}: expected a JSON object, got ${kindOf(value)}`);
  const key = repeatedKey(text);
  if (key !== undefined) throw new WeightsError(`${where}: the key ${JSON.stringify(key)} appears twice in one object`);
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How deep it goes and how much there is in it, before anything is made of it. */
function checkNesting(bytes: Uint8Array, where: string): void {
  let [depth, containers, inText] = [0, 0, false];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0x22) inText = !inText;
    else if (inText) i += byte === 0x5c ? 1 : 0;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > MAX_DEPTH) throw new WeightsError(`${where}: the text nests more than ${MAX_DEPTH} deep`);
      if (++containers > MAX_CONTAINERS)
        throw new WeightsError(`${where}: the text has more than ${MAX_CONTAINERS} lists and objects`);
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
}

function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new WeightsError(`${where}: the text is not UTF-8`, { cause });
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WeightsError(`${where}: the text is not JSON`, { cause });
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** The first key that an object of this valid JSON text has twice. */
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
