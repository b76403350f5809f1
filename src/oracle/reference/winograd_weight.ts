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

const G_2X2 = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
] as const;

interface Inputs {
  weight: Array64;
}

interface Options {
  channelBlock?: number;
}

export const winogradWeight = ({ weight }: Inputs, options: Options) => transformed(weight, options, G);
export const winograd2x2Weight = ({ weight }: Inputs, options: Options) => transformed(weight, options, G_2X2);

/** G g G^T */
function transformed(
  weight: Array64,
  { channelBlock = 8 }: Options,
  matrix: readonly (readonly number[])[],
): { u: Array64 } {
  const [O, C] = weight.shape as [number, number];
  const size = matrix.length;
  const u = array64([size ** 2, Math.ceil(O / channelBlock), C, channelBlock]);
  for (let o = 0; o < O; o++)
    for (let c = 0; c < C; c++)
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) {
          let sum = 0;
          for (let kh = 0; kh < 3; kh++)
            for (let kw = 0; kw < 3; kw++) sum += matrix[i]![kh]! * weight.at(o, c, kh, kw) * matrix[j]![kw]!;
          u.set(sum, i * size + j, Math.floor(o / channelBlock), c, o % channelBlock);
        }
  return { u };
}
