import type { Conv2dOptions } from '../../kernels/conv2d_plan.ts';
import { Array64, array64 } from '../array64.ts';
import { toHalf } from './half.ts';

export interface Conv2dInputs {
  x: Array64;
  /** Packed: weight k of output channel o is at [o / channelBlock, k, o % channelBlock]. */
  weight: Array64;
  scale?: Array64;
  shift?: Array64;
  residual?: Array64;
}

/** The definition, with flat indices. Otherwise the largest layers of ResNet take minutes. */
export function conv2d({ x, weight, scale, shift, residual }: Conv2dInputs, options: Conv2dOptions): { y: Array64 } {
  const { outChannels: O, stride, padding, relu } = options;
  const [KH, KW] = options.kernelSize;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const OH = Math.floor((H + 2 * padding - KH) / stride) + 1;
  const OW = Math.floor((W + 2 * padding - KW) / stride) + 1;
  const depth = C * KH * KW;
  const channelBlock = weight.shape[2]!;
  const y = array64([N, O, OH, OW]);
  for (let n = 0; n < N; n++)
    for (let o = 0; o < O; o++) {
      const sums = new Float64Array(OH * OW);
      for (let k = 0; k < depth; k++) {
        const [c, kh, kw] = [Math.floor(k / (KH * KW)), Math.floor(k / KW) % KH, k % KW];
        const w = weight.data[(Math.floor(o / channelBlock) * depth + k) * channelBlock + (o % channelBlock)]!;
        for (let oh = 0; oh < OH; oh++) {
          const h = oh * stride - padding + kh;
          if (h < 0 || h >= H) continue;
          for (let ow = 0; ow < OW; ow++) {
            const column = ow * stride - padding + kw;
            if (column >= 0 && column < W) sums[oh * OW + ow]! += w * x.data[((n * C + c) * H + h) * W + column]!;
          }
        }
      }
      for (let p = 0; p < OH * OW; p++) {
        const at = (n * O + o) * OH * OW + p;
        const value = sums[p]! * (scale?.data[o] ?? 1) + (shift?.data[o] ?? 0) + (residual?.data[at] ?? 0);
        y.data[at] = relu ? Math.max(0, value) : value;
      }
    }
  return { y };
}

export function packConv2dWeight(
  { weight }: { weight: Array64 },
  { channelBlock = 8 }: { channelBlock?: number } = {},
): { y: Array64 } {
  const [O, C, KH, KW] = weight.shape as [number, number, number, number];
  const y = array64([Math.ceil(O / channelBlock), C * KH * KW, channelBlock]);
  for (let o = 0; o < O; o++)
    for (let c = 0; c < C; c++)
      for (let kh = 0; kh < KH; kh++)
        for (let kw = 0; kw < KW; kw++)
          y.set(weight.at(o, c, kh, kw), Math.floor(o / channelBlock), (c * KH + kh) * KW + kw, o % channelBlock);
  return { y };
}

/** Words of two 16-bit floats, as the f32 of the same bits, which is how tensors are read back. */
export function packConv2dHalves({ weight, factors }: { weight: Array64; factors: Array64 }): { y: Array64 } {
  const each = weight.data.length / factors.data.length;
  const scaled = new Array64(
    weight.shape,
    weight.data.map((value, i) => value * factors.data[Math.floor(i / each)]!),
  );
  const packed = packConv2dWeight({ weight: scaled }).y;
  const [groups, depth] = packed.shape as [number, number];
  const words = Uint32Array.from(
    { length: packed.data.length / 2 },
    (_, i) => toHalf(packed.data[2 * i]!) + 65536 * toHalf(packed.data[2 * i + 1]!),
  );
  return { y: new Array64([groups, depth, 4], Float64Array.from(new Float32Array(words.buffer))) };
}
