import type { WinogradOutputOptions } from '../../kernels/winograd_output.ts';
import { type Array64, array64 } from '../array64.ts';

const [A, B] = [Math.SQRT1_2, Math.SQRT2];

/** Row i contains the i-th power of every point. */
const AT = [
  [1, 1, 1, 1, 1, 0],
  [0, A, -A, B, -B, 0],
  [0, A ** 2, A ** 2, B ** 2, B ** 2, 0],
  [0, A ** 3, -(A ** 3), B ** 3, -(B ** 3), 1],
] as const;

interface WinogradOutputInputs {
  m: Array64;
  scale?: Array64;
  shift?: Array64;
  residual?: Array64;
}

const AT_2X2 = [
  [1, 1, 1, 0],
  [0, 1, -1, 1],
] as const;

export const winogradOutput = (inputs: WinogradOutputInputs, options: WinogradOutputOptions) =>
  transformed(inputs, options, AT);
export const winograd2x2Output = (inputs: WinogradOutputInputs, options: WinogradOutputOptions) =>
  transformed(inputs, options, AT_2X2);

/** A^T m A of tiles that are as high and wide as the matrix has rows. */
function transformed(
  { m, scale, shift, residual }: WinogradOutputInputs,
  { shape, relu }: WinogradOutputOptions,
  matrix: readonly (readonly number[])[],
): { y: Array64 } {
  const [N, O, H, W] = shape as [number, number, number, number];
  const side = matrix.length;
  const size = side + 2;
  const [rows, columns] = [Math.ceil(H / side), Math.ceil(W / side)];
  const y = array64(shape);
  for (let n = 0; n < N; n++)
    for (let o = 0; o < O; o++)
      for (let h = 0; h < H; h++)
        for (let w = 0; w < W; w++) {
          const t = (n * rows + Math.floor(h / side)) * columns + Math.floor(w / side);
          let sum = 0;
          for (let i = 0; i < size; i++)
            for (let j = 0; j < size; j++)
              sum += matrix[h % side]![i]! * m.at(i * size + j, o, Math.floor(t / 4), t % 4) * matrix[w % side]![j]!;
          const value = sum * (scale?.at(o) ?? 1) + (shift?.at(o) ?? 0) + (residual?.at(n, o, h, w) ?? 0);
          y.set(relu ? Math.max(0, value) : value, n, o, h, w);
        }
  return { y };
}
