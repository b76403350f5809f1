import { type Array64, array64 } from '../array64.ts';

/** The mean of each plane. */
export function globalAvgPool2d({ x }: { x: Array64 }): { y: Array64 } {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const y = array64([N, C]);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++) {
      let sum = 0;
      for (let h = 0; h < H; h++) for (let w = 0; w < W; w++) sum += x.at(n, c, h, w);
      y.set(sum / (H * W), n, c);
    }
  return { y };
}
