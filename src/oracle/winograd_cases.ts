/** Shapes and rows that the tables of the Winograd kernels share. */
import type { InputSpecs } from './case_table.ts';
import { winogradConvolutions } from './resnet152_convolutions.ts';

/** Returns how many groups of four Winograd tiles F(4x4, 3x3) makes of one square plane. */
export function tileGroupsOf(size: number): number {
  return Math.ceil(Math.ceil(size / 4) ** 2 / 4);
}

/** Returns the inputs of the matrix products, u packed in channel blocks. */
export function matmulInputs(channels: number, outChannels: number, tileGroups: number, channelBlock = 8): InputSpecs {
  return { v: [36, channels, tileGroups, 4], u: [36, Math.ceil(outChannels / channelBlock), channels, channelBlock] };
}

/** Returns the matrix products of ResNet-152, smallest number of channels first. */
export function resnetMatmuls(channelBlock: number): readonly {
  readonly channels: number;
  readonly size: number;
  readonly inputs: InputSpecs;
  readonly flop: number;
}[] {
  return winogradConvolutions.map(({ channels, size }) => {
    const tileGroups = tileGroupsOf(size);
    const inputs = matmulInputs(channels, channels, tileGroups, channelBlock);
    return { channels, size, inputs, flop: 2 * 36 * channels * channels * tileGroups * 4 };
  });
}

/** Returns the bench rows of a kernel that multiplies matrices, one for each convolution of ResNet-152. */
export function matmulPerf<More extends object>(channelBlock: number, more?: More, why?: string) {
  return resnetMatmuls(channelBlock).map(({ channels, inputs, flop }) => ({
    inputs,
    options: { outChannels: channels, ...(more as More) },
    flop,
    why,
  }));
}
