import type { Conv2dGemmOptions } from '../../kernels/conv2d_gemm.ts';
import { Array64, array64 } from '../array64.ts';
import { type Conv2dInputs, conv2d } from './conv2d.ts';
import { halvesOf, toHalfPrecision } from './half.ts';

/** A slice is a convolution whose other weights are zero. Each slice has full steps of `step` products. */
export function conv2dGemm(given: Conv2dInputs, options: Conv2dGemmOptions, step = 8): { y: Array64 } {
  const { slices = 1, halfWeights } = options;
  const inputs = halfWeights ? { ...given, weight: unpacked(given.weight) } : given;
  if (slices === 1) return conv2d(inputs, options);
  const { weight } = inputs;
  const [groups, depth, tile] = weight.shape as [number, number, number];
  const depthEach = Math.ceil(depth / (slices * step)) * step;
  const parts = Array.from({ length: slices }, (_, slice) => {
    const own = array64(weight.shape);
    for (let group = 0; group < groups; group++)
      for (let k = slice * depthEach; k < Math.min(depth, (slice + 1) * depthEach); k++)
        for (let o = 0; o < tile; o++) own.set(weight.at(group, k, o), group, k, o);
    return conv2d({ x: inputs.x, weight: own }, options).y;
  });
  return { y: new Array64([slices, ...parts[0]!.shape], Float64Array.from(parts.flatMap(({ data }) => [...data]))) };
}

/** Unpacks words of two 16-bit floats. */
function unpacked({ shape: [groups, depth, words], data }: Array64): Array64 {
  return new Array64([groups!, depth!, 2 * words!], Float64Array.from([...data].flatMap(halvesOf)));
}

/** `conv2dGemm` with steps of 16 products, and x rounded to 16-bit floats. */
export function conv2dSubgroupMatrix(given: Conv2dInputs, options: Conv2dGemmOptions): { y: Array64 } {
  const x = new Array64(given.x.shape, given.x.data.map(toHalfPrecision));
  return conv2dGemm({ ...given, x }, { ...options, halfWeights: true }, 16);
}

interface ReduceInputs {
  partial_sums: Array64;
  scale?: Array64;
  shift?: Array64;
  residual?: Array64;
}

export function conv2dReduce(
  { partial_sums, scale, shift, residual }: ReduceInputs,
  { relu }: { relu?: boolean },
): { y: Array64 } {
  const [S, N, O, OH, OW] = partial_sums.shape as [number, number, number, number, number];
  const y = array64([N, O, OH, OW]);
  for (let n = 0; n < N; n++)
    for (let o = 0; o < O; o++)
      for (let h = 0; h < OH; h++)
        for (let w = 0; w < OW; w++) {
          let sum = 0;
          for (let s = 0; s < S; s++) sum += partial_sums.at(s, n, o, h, w);
          const value = sum * (scale?.at(o) ?? 1) + (shift?.at(o) ?? 0) + (residual?.at(n, o, h, w) ?? 0);
          y.set(relu ? Math.max(0, value) : value, n, o, h, w);
        }
  return { y };
}
