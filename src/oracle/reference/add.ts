import { type Array64, array64 } from '../array64.ts';

export function add({ a, b }: { a: Array64; b: Array64 }): { y: Array64 } {
  const y = array64(a.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = a.data[i]! + b.data[i]!;
  return { y };
}
