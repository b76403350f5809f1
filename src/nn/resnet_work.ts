import { elementCount, type Shape } from '../runtime/shape.ts';
import {
  type ResNetArchitecture,
  resnetUnits,
  STEM_POOL,
  type StrideOn,
  type UnitConvolution,
} from '../weights/resnet_shapes.ts';
import { type ConvolutionSize, outputSize, sizeKey } from './convolution_size.ts';

/** The output shape and the operations of one module, computed from shapes alone. */
export interface ModuleWork {
  /** Module path: `layer1.0.conv1`, `maxpool`, `fc`. */
  readonly path: string;
  readonly y: Shape;
  /** A multiply-add counts as two operations. Convolutions count as if computed directly, whichever algorithm runs. */
  readonly flop: number;
  /** Present if the module is a convolution. */
  readonly convolution?: FusedConvolution;
}

/** A convolution with its epilogue, as a network runs it. */
export interface FusedConvolution extends ConvolutionSize {
  /** Whether the shortcut is added in the epilogue. */
  readonly residual: boolean;
  /** Whether the epilogue ends with a relu. */
  readonly relu: boolean;
}

export interface WorkOptions {
  readonly batch?: number;
  /** Height and width of the images in pixels. */
  readonly side?: number;
  readonly strideOn?: StrideOn;
}

/** Returns the work of every convolution, both pools and the classifier, in the order in which they run. */
export function resnetWork(architecture: ResNetArchitecture, options: WorkOptions = {}): ModuleWork[] {
  const { batch = 1, side: imageSide = 224, strideOn } = options;
  const { stem, blocks, end } = resnetUnits(architecture, strideOn);
  const modules: ModuleWork[] = [];
  /** Returns the height and width of y. */
  const convolve = (described: UnitConvolution, side: number): number => {
    const convolution = fusedConvolution(described, { batch, size: [side, side] });
    modules.push({ path: described.conv, ...convolutionWork(convolution), convolution });
    return outputSize(convolution)[0];
  };
  const pool = (path: string, y: Shape, perElement: number) =>
    modules.push({ path, y, flop: perElement * elementCount(y) });

  let side = pooledSide(convolve(stem, imageSide));
  pool('maxpool', [batch, stem.outChannels, side, side], STEM_POOL.kernelSize ** 2);
  for (const { convolutions, downsample } of blocks) {
    let inner = side;
    for (const convolution of convolutions) {
      if (convolution.residual && downsample) convolve(downsample, side);
      inner = convolve(convolution, inner);
    }
    side = inner;
  }
  pool('avgpool', [batch, end.features], side * side);
  modules.push({ path: 'fc', y: [batch, 1000], flop: 2 * batch * end.features * 1000 });
  return modules;
}

function fusedConvolution(described: UnitConvolution, x: Pick<ConvolutionSize, 'batch' | 'size'>): FusedConvolution {
  const { channels, outChannels, kernelSize, stride, padding, residual, relu } = described;
  const window = { kernelSize: [kernelSize, kernelSize], stride, padding } as const;
  return { ...x, channels, outChannels, ...window, residual, relu: relu !== undefined };
}

/** Returns the height and width of the stem's output. */
function pooledSide(side: number): number {
  const { kernelSize, stride, padding } = STEM_POOL;
  return Math.floor((side + 2 * padding - kernelSize) / stride) + 1;
}

/** Counts multiplications with the padding too, as FLOP counts of convolutions usually do. */
export function convolutionWork(convolution: ConvolutionSize): { y: Shape; flop: number } {
  const { batch, channels, outChannels, kernelSize } = convolution;
  const y = [batch, outChannels, ...outputSize(convolution)];
  return { y, flop: 2 * elementCount(y) * channels * kernelSize[0] * kernelSize[1] };
}

/** Returns each size of a network's convolutions once, with the most common epilogue: scale, shift and relu. */
export function plainConvolutions(architecture: ResNetArchitecture, options?: WorkOptions): FusedConvolution[] {
  const plain = distinctConvolutions(architecture, options).map(({ shape }) => ({
    ...shape,
    residual: false,
    relu: true,
  }));
  return [...new Map(plain.map(shape => [sizeKey(shape), shape])).values()];
}

/** Returns the distinct convolutions of a network, each with the paths of its modules. */
export function distinctConvolutions(
  architecture: ResNetArchitecture,
  options: WorkOptions = {},
): { shape: FusedConvolution; modules: readonly string[] }[] {
  const found = new Map<string, { shape: FusedConvolution; modules: string[] }>();
  for (const { path, convolution } of resnetWork(architecture, options)) {
    if (!convolution) continue;
    const key = JSON.stringify(convolution);
    const known = found.get(key) ?? { shape: convolution, modules: [] };
    known.modules.push(path);
    found.set(key, known);
  }
  return [...found.values()];
}
