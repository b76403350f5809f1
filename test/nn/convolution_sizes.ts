import type { ConvolutionSize } from '../../src/nn/convolution_size.ts';
import type { SubgroupMatrix } from '../../src/runtime/adapter.ts';

/** Matrices as NVIDIA's GPUs have them. */
export const SUBGROUP_MATRIX: SubgroupMatrix = { rows: 16, columns: 16, depth: 16, invocations: 32 };

/** Returns a 3x3 convolution at stride 1 of one image, whose output has the shape of its input. */
export function size(channels: number, side: number, more: Partial<ConvolutionSize> = {}): ConvolutionSize {
  return {
    batch: 1,
    channels,
    outChannels: channels,
    size: [side, side],
    kernelSize: [3, 3],
    stride: 1,
    padding: 1,
    ...more,
  };
}
