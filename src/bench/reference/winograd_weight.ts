import { type Array64, array64 } from '../array64.ts';

const [A, B] = [Math.SQRT1_2, Math.SQRT2];

/** Row i evaluates g0 + g1 p + g2 p^2 at point p, over the product of p's distances to the other points. */
const G = [
  [1, 0, 0],
  [-2 / 3, (-2 / 3) * A, -1 / 3],
  [-2 / 3, (2 / 3) * A, -1 / 3],
  [1 / 6, B / 6, 1 / 3],
  [1 / 6, -B / 6, 1 / 3],
  [0, 0, 1],
] as const;

export function winogradWeight({ weight }: { weight: Array64 }, { tile = 8 }: { tile?: number }): { u: Array64 } {
  const [O, C] = weight.shape as [number, number];
  const u = array64([36, Math.ceil(O / tile), C, tile]);
  for (let o = 0; o < O; o++)
    for (let c = 0; c < C; c++)
      for (let i = 0; i < 6; i++)
        for (let j = 0; j < 6; j++) {
          let sum = 0;
          for (let kh = 0; kh < 3; kh++)
            for (let kw = 0; kw < 3; kw++) sum += G[i]![kh]! * weight.at(o, c, kh, kw) * G[j]![kw]!;
          u.set(sum, i * 6 + j, Math.floor(o / tile), c, o % tile);
        }
  return { u };
}
