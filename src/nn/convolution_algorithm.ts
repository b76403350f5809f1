import type { AdapterFamily } from '../kernels/choose_conv2d.ts';
import { MATRIX_TILE } from '../kernels/conv2d_subgroup_matrix.ts';
import { GEMM_TILES, type GemmTile } from '../kernels/gemm_tile.ts';

/** What decides how fast a convolution can be computed, and which ways there are. */
export interface ConvolutionSize {
  readonly batch: number;
  readonly channels: number;
  readonly outChannels: number;
  /** Height and width of x, in pixels. */
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly padding: number;
}

/** Of a size, what is known before there is an x. */
export type WeightSize = Pick<ConvolutionSize, 'channels' | 'outChannels' | 'kernel' | 'stride' | 'padding'>;

/**
 * A way to compute a convolution; those of 32-bit floats give the same within rounding.
 *
 * `direct`           register tiles, without workgroup memory (`chooseConv2d`)
 * `gemm`             a product of matrices by tiles in workgroup memory, its sums in `slices` parts; its weights 16-bit floats if so said
 * `subgroup matrix`  the same on matrix units, with weights and pixels of 16 bits
 * `winograd`         F(4x4, 3x3); with a `tile`, its products in workgroup memory
 * `winograd 2x2`     F(2x2, 3x3) so: fewer operations saved, and less memory
 */
export type ConvolutionAlgorithm =
  | { readonly kind: 'direct' }
  | { readonly kind: 'gemm'; readonly tile: GemmTile; readonly slices: number; readonly halfWeights?: boolean }
  | { readonly kind: 'subgroup matrix'; readonly slices: number }
  | { readonly kind: 'winograd'; readonly tile?: GemmTile }
  | { readonly kind: 'winograd 2x2'; readonly tile: GemmTile };

/** How weights lie on the device: `winograd` takes 36 / 9 of the memory, `winograd 2x2` 16 / 9, `halves` half. */
export type WeightForm = 'packed' | 'halves' | 'winograd' | 'winograd 2x2';

type TileSize = Readonly<Record<keyof GemmTile, number>>;

const SLICES = [1, 2, 4, 8];
/** Workgroups that occupy a large GPU; the more a product is sliced beyond that, the more there is to add up. */
const ENOUGH_WORKGROUPS = 256;
/** Products in a slice, that filling and emptying its tiles should not outweigh. */
const LEAST_SLICE_DEPTH = 128;
/**
 * Of a form of Winograd's: pixels of a tile along a side, and the channels up to which its memory hardly counts on a GPU, where ResNet-152 then
 * takes at most 1.35 times its weights.
 */
const WINOGRAD = {
  winograd: { side: 4, mostGpuChannels: 128 },
  'winograd 2x2': { side: 2, mostGpuChannels: 256 },
} as const;

function isWinograd(form: WeightForm | ConvolutionAlgorithm['kind']): form is keyof typeof WINOGRAD {
  return form in WINOGRAD;
}

export function formOf(algorithm: ConvolutionAlgorithm): WeightForm {
  if (isWinograd(algorithm.kind)) return algorithm.kind;
  const isHalf = algorithm.kind === 'subgroup matrix' || (algorithm.kind === 'gemm' && algorithm.halfWeights);
  return isHalf ? 'halves' : 'packed';
}

/**
 * How an adapter's weights lie unless tuning says otherwise. Decided by channels, before x is known: the more there are, the
 * less the transforms of pixels weigh. At 56 x 56 x 64, 28 x 28 x 128, 14 x 14 x 256 and 7 x 7 x 512 Winograd takes 0.55, 0.45,
 * 0.37 and 0.30 of the direct time on WebAssembly, 0.30, 0.38, 0.27 and 0.45 on SwiftShader (docs/decisions.md). A GPU
 * would wait for the weights at batch 1.
 */
export function chooseForm(weight: WeightSize, { kind }: Pick<AdapterFamily, 'kind'>): WeightForm {
  const { channels, outChannels } = weight;
  return kind !== 'gpu' && fitsWinograd(weight) && channels >= 64 && outChannels >= 64 ? 'winograd' : 'packed';
}

/** The way to compute a convolution whose weights lie in a form, as long as nothing was measured. */
export function chooseAlgorithm(
  size: ConvolutionSize,
  form: WeightForm,
  { kind, subgroupMatrix }: Pick<AdapterFamily, 'kind' | 'subgroupMatrix'>,
): ConvolutionAlgorithm {
  if (form === 'halves' && subgroupMatrix) return { kind: 'subgroup matrix', slices: mostSlices(size, MATRIX_TILE) };
  if (kind !== 'gpu' && form !== 'halves') return { kind: form === 'winograd' ? 'winograd' : 'direct' };
  const fills = (tile: GemmTile) => workgroupsOf(size, form, tile) >= ENOUGH_WORKGROUPS;
  const tile = GEMM_TILES.findLast(fills) ?? GEMM_TILES[0]!;
  if (isWinograd(form)) return { kind: form, tile };
  const slices = mostSlices(size, tile);
  return { kind: 'gemm', tile, slices, ...(form === 'halves' && { halfWeights: true }) };
}

/** The same for two sizes that are equal. */
export function sizeKey(size: ConvolutionSize): string {
  return [size.batch, ...size.size, weightKey(size)].join();
}

export function weightKey({ channels, outChannels, kernel, stride, padding }: WeightSize): string {
  return [channels, outChannels, ...kernel, stride, padding].join();
}

/** What is worth measuring on an adapter: what `chooseAlgorithm` and `chooseForm` take, and what may beat it. */
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

/** What computes it with weights of 16 bits: never measured against the above, since it is less exact. */
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

/** Whether F(4x4, 3x3) and F(2x2, 3x3) compute such a convolution. */
export function fitsWinograd({ kernel, stride, padding }: WeightSize): boolean {
  return kernel[0] === 3 && kernel[1] === 3 && stride === 1 && padding === 1;
}

/** In how many parts its sums may be computed. */
function slicings(size: ConvolutionSize, tile: TileSize): number[] {
  return SLICES.filter(slices => slices === 1 || isWorthSlicing(size, tile, slices));
}

function mostSlices(size: ConvolutionSize, tile: TileSize): number {
  return slicings(size, tile).at(-1)!;
}

function isWorthSlicing(size: ConvolutionSize, tile: TileSize, slices: number): boolean {
  const depth = size.channels * size.kernel[0] * size.kernel[1];
  const before = workgroupsOf(size, 'packed', tile) * (slices / 2);
  return before < ENOUGH_WORKGROUPS && depth / slices >= LEAST_SLICE_DEPTH;
}

function workgroupsOf(
  { batch, outChannels, size, kernel, stride, padding }: ConvolutionSize,
  form: WeightForm,
  tile: TileSize,
) {
  const rows = Math.ceil(outChannels / tile.channels);
  const outputs = size.map((length, i) => Math.floor((length + 2 * padding - kernel[i]!) / stride) + 1);
  const side = isWinograd(form) ? WINOGRAD[form].side : 1;
  const points = isWinograd(form) ? (side + 2) ** 2 : 1;
  const columns = outputs.reduce((product, length) => product * Math.ceil(length / side), batch);
  return rows * Math.ceil(columns / tile.columns) * points;
}

/** `direct`, `gemm 64x32`, `gemm 32x32 in 4`, `half gemm 64x32`, `subgroup matrix in 2`, `winograd`, `winograd 64x64`, `winograd 2x2 64x64` */
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

/** What `algorithmName` named; nothing where there is none of that name. */
export function algorithmNamed(name: string): ConvolutionAlgorithm | undefined {
  return BY_NAME.get(name);
}
