import type { WinogradOutputOptions } from '../../kernels/winograd_output.ts';
import { type Array64, array64 } from '../array64.ts';

const [A, B] = [Math.SQRT1_2, Math.SQRT2];

/** Row i holds the i-th power of every point. */
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

export function winogradOutput(
  { m, scale, shift, residual }: WinogradOutputInputs,
  { shape, relu }: WinogradOutputOptions,
): { y: Array64 } {
  const [N, O, H, W] = shape as [number, number, number, number];
  const [rows, columns] = [Math.ceil(H / 4), Math.ceil(W / 4)];
  const y = array64(shape);
  for (let n = 0; n < N; n++)
    for (let o = 0; o < O; o++)
      for (let h = 0; h < H; h++)
        for (let w = 0; w < W; w++) {
          const t = (n * rows + Math.floor(h / 4)) * columns + Math.floor(w / 4);
          let sum = 0;
          for (let i = 0; i < 6; i++)
            for (let j = 0; j < 6; j++)
              sum += AT[h % 4]![i]! * m.at(i * 6 + j, o, Math.floor(t / 4), t % 4) * AT[w % 4]![j]!;
          const value = sum * (scale?.at(o) ?? 1) + (shift?.at(o) ?? 0) + (residual?.at(n, o, h, w) ?? 0);
          y.set(relu ? Math.max(0, value) : value, n, o, h, w);
        }
  return { y };
}
