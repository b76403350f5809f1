import { type Array64, array64 } from '../array64.ts';

interface Inputs {
  features: Array64;
  weight: Array64;
  classes: Array64;
}

/** At each pixel, the dot product of its features with the row of the class. */
export function classActivationMap({ features, weight, classes }: Inputs): { y: Array64 } {
  const [N, C, H, W] = features.shape as [number, number, number, number];
  const K = weight.shape[0]!;
  const y = array64([N, H, W]);
  for (let n = 0; n < N; n++)
    for (let h = 0; h < H; h++)
      for (let w = 0; w < W; w++) {
        const k = classes.at(n);
        let sum = k >= 0 && k < K ? 0 : Number.NaN;
        for (let c = 0; c < C; c++) sum += features.at(n, c, h, w) * (Number.isNaN(sum) ? 0 : weight.at(k, c));
        y.set(sum, n, h, w);
      }
  return { y };
}
