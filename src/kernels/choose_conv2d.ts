/** Which of `conv2d`'s variants suits an adapter. */
import { type AdapterReport, hasFeatureOf } from '../runtime/adapter.ts';
import { conv2d, conv2d3x3 } from './conv2d.ts';
import { conv2d1x1, conv2d1x1Quads, conv2d1x1Swaps, conv2d1x1X8, conv2d1x1X16, X16_PIXELS } from './conv2d_1x1.ts';
import { type Conv2dOptions, TILE_CHANNELS } from './conv2d_plan.ts';
import { winogradMatmul, winogradMatmulSwaps } from './winograd_matmul.ts';

/** Which adapter a choice is for. */
export type AdapterFamily = Pick<AdapterReport, 'kind' | 'architecture' | 'subgroupMatrix'> &
  Partial<Pick<AdapterReport, 'features'>>;

/** How many channels of weights lie together for an adapter's register-tiled matrix products. */
export function channelTile({ kind, architecture }: AdapterFamily): number {
  if (kind !== 'wasm') return TILE_CHANNELS;
  return architecture === 'wasm-simd' ? 4 : 6;
}

/** The same for Winograd's products. Where a load costs more than registers that overflow, 16 take 0.8 of the time of 8. */
export function winogradChannelTile(adapter: AdapterFamily): number {
  return adapter.kind === 'software' ? 2 * TILE_CHANNELS : channelTile(adapter);
}

/** Whether the engine makes operations of 256 bits of pairs that it finds (docs/decisions.md). */
export function hasWideSimd({ architecture }: Pick<AdapterFamily, 'architecture'>): boolean {
  return architecture === 'wasm-wide-simd';
}

/** The products of Winograd's tiles, `tileGroups` of four, as `winogradChannelTile` packs weights. Two fours and less would leave half of a quad idle. */
export function chooseWinogradMatmul(adapter: AdapterFamily, tileGroups: number): typeof winogradMatmul {
  const isShared = adapter.kind === 'software' && tileGroups > 2 && hasFeatureOf(winogradMatmulSwaps, adapter);
  return isShared ? winogradMatmulSwaps : winogradMatmul;
}

/**
 * The variant for a convolution on an adapter; `pixels` are those of a plane of x. All compute the same; those for SIMD take weights
 * packed by `channelTile`, the others by 8. They are for the columns of `unfold` as well.
 */
export function chooseConv2d(
  { kernel: [height, width], stride, padding }: Conv2dOptions,
  adapter: AdapterFamily,
  pixels: number,
): typeof conv2d {
  if (height === 1 && width === 1 && padding === 0) return choosePointwise({ stride }, adapter, pixels);
  if (height === 3 && width === 3 && stride === 1) return conv2d3x3;
  return conv2d;
}

/** The same for a 1x1 window without padding, also of a band of rows. */
export function choosePointwise(
  { stride }: Pick<Conv2dOptions, 'stride'>,
  adapter: AdapterFamily,
  pixels: number,
): typeof conv2d1x1 {
  if (stride > 1) return conv2d1x1;
  if (adapter.kind === 'wasm') return hasWideSimd(adapter) && pixels >= X16_PIXELS ? conv2d1x1X16 : conv2d1x1X8;
  if (pixels % 4 !== 0) return conv2d1x1;
  return hasFeatureOf(conv2d1x1Swaps, adapter) ? conv2d1x1Swaps : conv2d1x1Quads;
}
