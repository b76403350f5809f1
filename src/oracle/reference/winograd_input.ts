import { type Array64, array64 } from '../array64.ts';

const [A, B] = [Math.SQRT1_2, Math.SQRT2];

/** Row i contains the coefficients of the polynomial that is zero at every point except the i-th. */
const BT = [
  [1, 0, -2.5, 0, 1, 0],
  [0, -2 * A, -2, A, 1, 0],
  [0, 2 * A, -2, -A, 1, 0],
  [0, -B / 2, -0.5, B, 1, 0],
  [0, B / 2, -0.5, -B, 1, 0],
  [0, 1, 0, -2.5, 0, 1],
] as const;

const BT_2X2 = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, -1, 0, 1],
] as const;

export const winogradInput = ({ x }: { x: Array64 }) => transformed(x, BT);
export const winograd2x2Input = ({ x }: { x: Array64 }) => transformed(x, BT_2X2);

/** B^T d B of tiles whose outputs are two pixels smaller in height and width. */
function transformed(x: Array64, matrix: readonly (readonly number[])[]): { v: Array64 } {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const size = matrix.length;
  const step = size - 2;
  const [rows, columns] = [Math.ceil(H / step), Math.ceil(W / step)];
  const v = array64([size ** 2, C, Math.ceil((N * rows * columns) / 4), 4]);
  const pixel = (n: number, c: number, h: number, w: number) =>
    h < 0 || h >= H || w < 0 || w >= W ? 0 : x.at(n, c, h, w);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const t = (n * rows + row) * columns + column;
          for (let i = 0; i < size; i++)
            for (let j = 0; j < size; j++) {
              let sum = 0;
              for (let h = 0; h < size; h++)
                for (let w = 0; w < size; w++)
                  sum += matrix[i]![h]! * pixel(n, c, row * step - 1 + h, column * step - 1 + w) * matrix[j]![w]!;
              v.set(sum, i * size + j, c, Math.floor(t / 4), t % 4);
            }
        }
  return { v };
}
