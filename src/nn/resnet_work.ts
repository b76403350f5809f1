import { elementCount, type Shape } from '../runtime/shape.ts';
import {
  type ResNetArchitecture,
  resnetUnits,
  STEM_POOL,
  type StrideOn,
  type UnitConvolution,
} from '../weights/resnet_shapes.ts';
import { type ConvolutionSize, sizeKey } from './convolution_algorithm.ts';

/** The output shape and the operations of one module, computed from shapes alone. */
export interface ModuleWork {
  /** Module path: `layer1.0.conv1`, `maxpool`, `fc`. */
  readonly path: string;
  readonly y: Shape;
  /** A multiply-add counts as two. Convolutions count as computed directly, whichever algorithm runs. */
  readonly flop: number;
  /** Present if the module is a convolution. */
  readonly convolution?: ConvolutionShape;
}

/** A convolution of square planes with a square window. */
export interface ConvolutionShape {
  readonly batch: number;
  readonly channels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  /** Height and width of x in pixels. */
  readonly side: number;
  /** Whether the shortcut is added in the epilogue. */
  readonly residual: boolean;
  /** Whether a relu ends the epilogue. */
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
    const convolution = shapeOf(described, { batch, side });
    modules.push({ path: described.conv, ...convolutionWork(convolution), convolution });
    return outSide(convolution);
  };
  const pool = (path: string, y: Shape, perElement: number) =>
    modules.push({ path, y, flop: perElement * elementCount(y) });

  let side = outSide({ ...STEM_POOL, side: convolve(stem, imageSide) });
  pool('maxpool', [batch, stem.outChannels, side, side], STEM_POOL.kernel ** 2);
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

function shapeOf(described: UnitConvolution, x: Pick<ConvolutionShape, 'batch' | 'side'>): ConvolutionShape {
  const { channels, outChannels, kernelSize: kernel, stride, padding, residual, relu } = described;
  return { ...x, channels, outChannels, kernel, stride, padding, residual, relu: relu !== undefined };
}

type Window = Pick<ConvolutionShape, 'side' | 'kernel' | 'stride' | 'padding'>;

function outSide({ side, kernel, stride, padding }: Window): number {
  return Math.floor((side + 2 * padding - kernel) / stride) + 1;
}

/** Counts multiplications with the padding too, as FLOP counts of convolutions usually do. */
export function convolutionWork(shape: ConvolutionShape): { y: Shape; flop: number } {
  const { batch, channels, outChannels, kernel } = shape;
  const side = outSide(shape);
  const y = [batch, outChannels, side, side];
  return { y, flop: 2 * batch * outChannels * side * side * channels * kernel * kernel };
}

/** Returns the size from which the algorithm is chosen. */
export function sizeOf(shape: ConvolutionShape): ConvolutionSize {
  const { batch, channels, outChannels, side, kernel, stride, padding } = shape;
  return { batch, channels, outChannels, size: [side, side], kernel: [kernel, kernel], stride, padding };
}

/** Returns each size of a network's convolutions once, with the most common epilogue: scale, shift and relu. */
export function plainConvolutions(architecture: ResNetArchitecture, options?: WorkOptions): ConvolutionShape[] {
  const plain = distinctConvolutions(architecture, options).map(({ shape }) => ({
    ...shape,
    residual: false,
    relu: true,
  }));
  return [...new Map(plain.map(shape => [sizeKey(sizeOf(shape)), shape])).values()];
}

/** Returns the distinct convolutions of a network, each with the paths of its modules. */
export function distinctConvolutions(
  architecture: ResNetArchitecture,
  options: WorkOptions = {},
): { shape: ConvolutionShape; modules: readonly string[] }[] {
  const found = new Map<string, { shape: ConvolutionShape; modules: string[] }>();
  for (const { path, convolution } of resnetWork(architecture, options)) {
    if (!convolution) continue;
    const key = JSON.stringify(convolution);
    const known = found.get(key) ?? { shape: convolution, modules: [] };
    known.modules.push(path);
    found.set(key, known);
  }
  return [...found.values()];
}
