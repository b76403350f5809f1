import { type Array64, array64 } from '../array64.ts';

/** 0 if negative. Math.max keeps NaN. */
export function relu({ x }: { x: Array64 }): { y: Array64 } {
  const y = array64(x.shape);
  for (let i = 0; i < x.data.length; i++) y.data[i] = Math.max(x.data[i]!, 0);
  return { y };
}
