import type { Entropy } from './entropy.ts';

/** A const-expression of abstract numbers, and its value. */
export interface Abstract {
  readonly code: string;
  readonly value: number;
}

const LARGEST = 2 ** 50;
const leaves = [0, 1, 2, 3, 7, 10, 255, 65536, 4294967295, 1099511627776];

/** Makes an AbstractInt expression, whose intermediate values may need more than 32 bits. */
export function abstractInt(entropy: Entropy, depth: number): Abstract {
  const leaf = (): Abstract => {
    const value = entropy.pick(leaves);
    return { code: entropy.chance(20) ? `0x${value.toString(16)}` : `${value}`, value };
  };
  if (depth === 0 || entropy.isSpent || entropy.chance(20)) return leaf();
  const x = abstractInt(entropy, depth - 1);
  if (entropy.chance(15)) return { code: `-(${x.code})`, value: -x.value + 0 };
  if (entropy.chance(10)) return { code: `~(${x.code})`, value: -x.value - 1 };
  const y = abstractInt(entropy, depth - 1);
  const amount = Math.abs(y.value) % 20;
  const [a, b] = [BigInt(x.value), BigInt(y.value)];
  const results: Readonly<Record<string, () => number | undefined>> = {
    '+': () => x.value + y.value,
    '-': () => x.value - y.value,
    '*': () => x.value * y.value,
    '/': () => (y.value === 0 ? undefined : Number(a / b)),
    '%': () => (y.value === 0 ? undefined : Number(a % b)),
    '&': () => Number(a & b),
    '|': () => Number(a | b),
    '^': () => Number(a ^ b),
    '<<': () => x.value * 2 ** amount,
    '>>': () => Math.floor(x.value / 2 ** amount),
    min: () => Math.min(x.value, y.value),
    max: () => Math.max(x.value, y.value),
  };
  const operator = entropy.pick(Object.keys(results));
  const value = results[operator]!();
  if (value === undefined || !(Math.abs(value) < LARGEST)) return x;
  if (operator.length === 3) return { code: `${operator}(${x.code}, ${y.code})`, value };
  const right = operator === '<<' || operator === '>>' ? `${amount}` : `(${y.code})`;
  return { code: `((${x.code}) ${operator} ${right})`, value: value + 0 };
}

/** Makes an AbstractFloat expression from multiples of 1/8, which may contain AbstractInts. */
export function abstractFloat(entropy: Entropy, depth: number): Abstract {
  if (depth === 0 || entropy.isSpent || entropy.chance(20)) {
    const value = entropy.pick([0, 1, 2, 3, 0.5, 0.125, 17]);
    const forms = [
      `${value}`,
      Number.isInteger(value) ? `${value}.0` : `${value}`,
      `${value * 8}e0 / 8.0`,
      `0x${(value * 8).toString(16)}p-3`,
    ];
    return { code: `(${entropy.pick(forms)} + 0.0)`, value };
  }
  const x = abstractFloat(entropy, depth - 1);
  const y = entropy.chance(30) ? abstractInt(entropy, 1) : abstractFloat(entropy, depth - 1);
  const operator = entropy.pick(['+', '-', '*']);
  const value = operator === '+' ? x.value + y.value : operator === '-' ? x.value - y.value : x.value * y.value;
  return Math.abs(value) < 2 ** 20 ? { code: `(${x.code} ${operator} ${y.code})`, value } : x;
}
