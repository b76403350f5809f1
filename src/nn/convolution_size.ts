import type { Conv2dOptions } from '../kernels/conv2d_plan.ts';

/** A convolution and the size of its input: all that decides which algorithms compute it, and how fast. */
export interface ConvolutionSize extends Omit<Conv2dOptions, 'relu'> {
  readonly batch: number;
  readonly channels: number;
  /** Height and width of x, in pixels. */
  readonly size: readonly [number, number];
}

/** What is known of a convolution when its weights are loaded, before there is an input. */
export type ConvolutionLayer = Omit<ConvolutionSize, 'batch' | 'size'>;

/** Returns the height and width of the output, in pixels. */
export function outputSize({ size, kernelSize, stride, padding }: ConvolutionSize): [number, number] {
  const [height, width] = size.map((length, i) => Math.floor((length + 2 * padding - kernelSize[i]!) / stride) + 1);
  return [height!, width!];
}

/** Returns the same string for equal sizes. */
export function sizeKey(size: ConvolutionSize): string {
  return [size.batch, ...size.size, layerKey(size)].join();
}

/** Returns the same string for equal layers. */
export function layerKey({ channels, outChannels, kernelSize, stride, padding }: ConvolutionLayer): string {
  return [channels, outChannels, ...kernelSize, stride, padding].join();
}

/** Returns whether F(4x4, 3x3) and F(2x2, 3x3) can compute the convolution. */
export function fitsWinograd({ kernelSize, stride, padding }: ConvolutionLayer): boolean {
  return kernelSize[0] === 3 && kernelSize[1] === 3 && stride === 1 && padding === 1;
}
