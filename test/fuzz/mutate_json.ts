/** Mutates values, keys and lists of JSON. The result is mostly still JSON. */
import { type Dice, NUMBERS } from './dice.ts';
import { mutateBytes } from './mutate_bytes.ts';

/** A number as literal text, so that it can exceed the range of a float. */
class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Json = null | boolean | number | string | Raw | Json[] | Map<string, Json>;

/** Returns the text with one to three changes. */
export function mutateJson(dice: Dice, text: string): string {
  if (dice.chance(10)) return Buffer.from(mutateBytes(dice, Buffer.from(text))).toString('latin1');
  let tree = fromPlain(JSON.parse(text));
  for (let left = 1 + dice.below(3); left > 0; left--) tree = changed(dice, tree);
  return write(dice, tree);
}

const VALUES: readonly Json[] = [
  null,
  true,
  false,
  '',
  '__proto__',
  'constructor',
  'toString',
  'F32',
  'F16',
  'I64',
  'BOOL',
  'F4',
  'uint8',
  'float16',
  'int32',
  '../x',
  'x'.repeat(300),
  '\u0000',
  '\ud800',
  new Raw('1e400'),
  new Raw('-0'),
  new Raw('0.5'),
  new Raw('1e-400'),
  ...NUMBERS.map(number => new Raw(String(number))),
];

function changed(dice: Dice, tree: Json): Json {
  const isLeaf = !(tree instanceof Map) && !Array.isArray(tree);
  if (isLeaf || dice.chance(12)) return dice.chance(6) ? [tree] : dice.pick(VALUES);
  if (Array.isArray(tree)) {
    const at = dice.below(tree.length);
    const copy = [...tree];
    switch (dice.below(5)) {
      case 0:
        copy.splice(at, 1);
        return copy;
      case 1:
        copy.splice(at, 0, tree[at] ?? 0);
        return copy;
      case 2:
        return copy.reverse();
      default:
        if (copy.length > 0) copy[at] = changed(dice, copy[at]!);
        return copy;
    }
  }
  const entries = [...(tree as Map<string, Json>)];
  const at = dice.below(entries.length);
  const [key, value] = entries[at] ?? ['', null];
  switch (dice.below(8)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      entries[at] = [dice.pick(['__proto__', 'constructor', '', 'shape', 'dtype', key, `${key}\n`]), value];
      break;
    case 2:
      entries[at] = [key, entries[dice.below(entries.length)]?.[1] ?? null];
      break;
    default:
      if (entries.length > 0) entries[at] = [key, changed(dice, value)];
  }
  return new Map(entries);
}

function fromPlain(value: unknown): Json {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([key, item]) => [key, fromPlain(item)]));
  return value as Json;
}

function write(dice: Dice, value: Json): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(item => write(dice, item))}]`;
  if (!(value instanceof Map)) return JSON.stringify(value);
  const members = [...value].map(([key, item]) => `${JSON.stringify(key)}:${write(dice, item)}`);
  // Occasionally repeats a key.
  if (members.length > 0 && dice.chance(20)) members.push(members[0]!);
  return `{${members}}`;
}
