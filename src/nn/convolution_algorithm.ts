import { MATRIX_TILE } from '../kernels/conv2d_subgroup_matrix.ts';
import { GEMM_TILES, type GemmTile } from '../kernels/gemm_tile.ts';
import type { AdapterFamily } from '../runtime/adapter.ts';
import { type ConvolutionSize, fitsWinograd, outputSize } from './convolution_size.ts';

/**
 * A way to compute a convolution. The results of all algorithms that use 32-bit weights agree to within rounding.
 *
 * `direct`           register tiles, without workgroup memory
 * `gemm`             a matrix product with tiles in workgroup memory; each sum is split into `slices` parts
 * `subgroup matrix`  like `gemm`, with subgroup matrices; weights and pixels are 16-bit floats
 * `winograd`         F(4x4, 3x3); with a `tile`, its matrix products use tiles in workgroup memory
 * `winograd 2x2`     like `winograd`, with F(2x2, 3x3), which saves fewer operations and takes less memory
 */
export type ConvolutionAlgorithm =
  | { readonly kind: 'direct' }
  | { readonly kind: 'gemm'; readonly tile: GemmTile; readonly slices: number; readonly halfWeights?: boolean }
  | { readonly kind: 'subgroup matrix'; readonly slices: number }
  | { readonly kind: 'winograd'; readonly tile?: GemmTile }
  | { readonly kind: 'winograd 2x2'; readonly tile: GemmTile };

/**
 * Layout of weights on the device. Compared with `packed`, `winograd` takes 36/9 of the memory, `winograd 2x2` takes
 * 16/9, and `halves` takes 1/2.
 */
export type WeightLayout = 'packed' | 'halves' | 'winograd' | 'winograd 2x2';

export type TileSize = Readonly<Record<keyof GemmTile, number>>;

const SLICES = [1, 2, 4, 8];
/**
 * Number of workgroups that fill a large GPU. Slices beyond what is needed to reach this number only leave more partial
 * sums to add up. The number is an estimate and was not timed on a GPU (docs/decisions.md). `raycam tune` measures.
 */
export const ENOUGH_WORKGROUPS = 256;
/**
 * Minimum number of products in a slice: with fewer, filling and emptying its tiles would cost more. Also an estimate.
 */
const LEAST_SLICE_DEPTH = 128;
/**
 * `side` is the width and height of a Winograd tile in pixels. With more channels than `mostGpuChannels`, a GPU would
 * spend too much bandwidth on the larger weights. With these limits ResNet-152 takes at most 1.35 times the memory of
 * its weights (docs/decisions.md).
 */
const WINOGRAD = {
  winograd: { side: 4, mostGpuChannels: 128 },
  'winograd 2x2': { side: 2, mostGpuChannels: 256 },
} as const;

export function isWinograd(layout: WeightLayout | ConvolutionAlgorithm['kind']): layout is keyof typeof WINOGRAD {
  return layout in WINOGRAD;
}

/** Returns the layout of the weights that an algorithm reads. */
export function layoutOf(algorithm: ConvolutionAlgorithm): WeightLayout {
  if (isWinograd(algorithm.kind)) return algorithm.kind;
  const isHalf = algorithm.kind === 'subgroup matrix' || (algorithm.kind === 'gemm' && algorithm.halfWeights);
  return isHalf ? 'halves' : 'packed';
}

/** Returns the algorithms worth measuring: what `planConvolution` may choose, and what may be faster. */
export function candidateAlgorithms(
  size: ConvolutionSize,
  { kind }: Pick<AdapterFamily, 'kind'>,
): ConvolutionAlgorithm[] {
  const { channels, outChannels } = size;
  const isGpu = kind === 'gpu';
  const fits = (most: number) => fitsWinograd(size) && Math.max(channels, outChannels) <= most;
  const winograd = fits(isGpu ? WINOGRAD.winograd.mostGpuChannels : Number.POSITIVE_INFINITY);
  const winograd2x2 = isGpu && fits(WINOGRAD['winograd 2x2'].mostGpuChannels);
  const gemms = GEMM_TILES.flatMap(tile => slicings(size, tile).map(slices => ({ tile, slices })));
  return [
    { kind: 'direct' },
    ...(isGpu ? gemms.map(gemm => ({ kind: 'gemm' as const, ...gemm })) : []),
    ...(winograd ? [{ kind: 'winograd' as const }] : []),
    ...(winograd && isGpu ? GEMM_TILES.map(tile => ({ kind: 'winograd' as const, tile })) : []),
    ...(winograd2x2 ? GEMM_TILES.map(tile => ({ kind: 'winograd 2x2' as const, tile })) : []),
  ];
}

/** Returns the algorithms with 16-bit weights. Tuning never compares them with the others: they are less exact. */
export function halfAlgorithms(
  size: ConvolutionSize,
  { kind, subgroupMatrix }: Pick<AdapterFamily, 'kind' | 'subgroupMatrix'>,
): ConvolutionAlgorithm[] {
  const gemms = candidateAlgorithms(size, { kind }).filter(algorithm => algorithm.kind === 'gemm');
  const matrix = subgroupMatrix ? slicings(size, MATRIX_TILE) : [];
  return [
    ...gemms.map(gemm => ({ ...gemm, halfWeights: true })),
    ...matrix.map(slices => ({ kind: 'subgroup matrix' as const, slices })),
  ];
}

/** Returns the numbers of slices that a convolution's sums are worth splitting into, in ascending order. */
export function slicings(size: ConvolutionSize, tile: TileSize): number[] {
  const depth = size.channels * size.kernelSize[0] * size.kernelSize[1];
  const workgroups = workgroupsOf(size, 'packed', tile);
  return SLICES.filter(
    slices => slices === 1 || (workgroups * (slices / 2) < ENOUGH_WORKGROUPS && depth / slices >= LEAST_SLICE_DEPTH),
  );
}

/** Returns how many workgroups compute a convolution: a gemm without slices, or the matrix products of Winograd. */
export function workgroupsOf(size: ConvolutionSize, layout: WeightLayout, tile: TileSize): number {
  const rows = Math.ceil(size.outChannels / tile.channels);
  const side = isWinograd(layout) ? WINOGRAD[layout].side : 1;
  const points = isWinograd(layout) ? (side + 2) ** 2 : 1;
  const columns = outputSize(size).reduce((product, length) => product * Math.ceil(length / side), size.batch);
  return rows * Math.ceil(columns / tile.columns) * points;
}

/** Returns a name such as `direct`, `gemm 64x32`, `gemm 32x32 in 4`, `half gemm 64x32` or `winograd 2x2 64x64`. */
export function algorithmName(algorithm: ConvolutionAlgorithm): string {
  const { kind } = algorithm;
  const tile = 'tile' in algorithm && algorithm.tile ? ` ${algorithm.tile.channels}x${algorithm.tile.columns}` : '';
  const parts = 'slices' in algorithm && algorithm.slices > 1 ? ` in ${algorithm.slices}` : '';
  return `${kind === 'gemm' && algorithm.halfWeights ? 'half ' : ''}${kind}${tile}${parts}`;
}

const BY_NAME: ReadonlyMap<string, ConvolutionAlgorithm> = new Map(
  [
    { kind: 'direct' } as const,
    ...GEMM_TILES.flatMap(tile => SLICES.map(slices => ({ kind: 'gemm', tile, slices }) as const)),
    ...GEMM_TILES.flatMap(tile => SLICES.map(slices => ({ kind: 'gemm', tile, slices, halfWeights: true }) as const)),
    ...SLICES.map(slices => ({ kind: 'subgroup matrix', slices }) as const),
    ...[undefined, ...GEMM_TILES].map(tile => ({ kind: 'winograd', tile }) as const),
    ...GEMM_TILES.map(tile => ({ kind: 'winograd 2x2', tile }) as const),
  ].map(algorithm => [algorithmName(algorithm), algorithm]),
);

/** Returns the algorithm that `algorithmName` names, or undefined for an unknown name. */
export function algorithmNamed(name: string): ConvolutionAlgorithm | undefined {
  return BY_NAME.get(name);
}
