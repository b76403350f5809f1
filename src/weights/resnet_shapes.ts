/**
 * Describes torchvision's ResNets: their units, and the tensors of their state dicts. Source:
 * torchvision/models/resnet.py
 */

export const RESNET_ARCHITECTURES = ['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152'] as const;

export type ResNetArchitecture = (typeof RESNET_ARCHITECTURES)[number];

export interface ResNetLayout {
  /** `basic`: two 3x3 convolutions; `bottleneck`: 1x1, 3x3 and 1x1 convolutions, the last one four times as wide. */
  readonly block: 'basic' | 'bottleneck';
  /** Number of blocks in layer1 … layer4. */
  readonly blocks: readonly [number, number, number, number];
  /** Channels of the last block, which are the inputs of `fc`. */
  readonly features: 512 | 2048;
}

export const RESNET_LAYOUTS: Readonly<Record<ResNetArchitecture, ResNetLayout>> = {
  resnet18: { block: 'basic', blocks: [2, 2, 2, 2], features: 512 },
  resnet34: { block: 'basic', blocks: [3, 4, 6, 3], features: 512 },
  resnet50: { block: 'bottleneck', blocks: [3, 4, 6, 3], features: 2048 },
  resnet101: { block: 'bottleneck', blocks: [3, 4, 23, 3], features: 2048 },
  resnet152: { block: 'bottleneck', blocks: [3, 8, 36, 3], features: 2048 },
};

export function isResNetArchitecture(name: unknown): name is ResNetArchitecture {
  return RESNET_ARCHITECTURES.some(architecture => architecture === name);
}

/**
 * Which convolution of a bottleneck has the stride of 2: the first 1x1 (He et al., "v1") or the 3x3 (torchvision,
 * "v1.5"). Weights files do not contain this.
 */
export type StrideOn = '1x1' | '3x3';

/** Kernel size, stride and padding of the stem's max pooling, in pixels. */
export const STEM_POOL = { kernelSize: 3, stride: 2, padding: 1 } as const;

/** A convolution with a square window, and what follows it: batch norm, addition of the shortcut, relu. */
export interface UnitConvolution {
  /** Module path: `layer1.0.conv1`. */
  readonly conv: string;
  /** Module path of the batch norm: `layer1.0.bn1`. */
  readonly norm: string;
  readonly channels: number;
  readonly outChannels: number;
  /** Height and width of the window in pixels. */
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  /** Whether the block's shortcut is added after the batch norm. */
  readonly residual: boolean;
  /** Module path of the relu; absent on the shortcut. */
  readonly relu?: string;
}

/** A residual block. */
export interface BlockUnit {
  /** Module path: `layer1.0`. */
  readonly path: string;
  /** In the order in which they run. The last one adds the shortcut. */
  readonly convolutions: readonly UnitConvolution[];
  /** The 1x1 convolution of the shortcut. Without it, the shortcut is the block's input. */
  readonly downsample?: UnitConvolution;
  /** Module path of the layer whose last block this is: `layer1`. */
  readonly endOf?: string;
}

/** The units of a ResNet, each of which can run alone, in the order in which they run. */
export interface ResNetUnits {
  /** The stem: `conv1` with batch norm and relu, then `maxpool`. */
  readonly stem: UnitConvolution;
  readonly blocks: readonly BlockUnit[];
  /** The end: `avgpool`, then `fc`. */
  readonly end: { readonly features: number };
}

/** torchvision's two kinds of block: kernel sizes, and the ratio of the last convolution's width to the others'. */
const BLOCKS = {
  basic: { kernelSizes: [3, 3], expansion: 1 },
  bottleneck: { kernelSizes: [1, 3, 1], expansion: 4 },
} as const;

/** Returns the units of an architecture. State dict, module paths, work and operations derive from them. */
export function resnetUnits(architecture: ResNetArchitecture, strideOn: StrideOn = '3x3'): ResNetUnits {
  const { block, blocks: counts, features } = RESNET_LAYOUTS[architecture];
  const kind = { ...BLOCKS[block], strided: block === 'bottleneck' && strideOn === '3x3' ? 1 : 0 };
  const stem = { channels: 3, outChannels: 64, kernelSize: 7, stride: 2, residual: false, relu: 'relu' };
  const blocks: BlockUnit[] = [];
  let channels = stem.outChannels;
  for (const [stage, count] of counts.entries()) {
    const [layer, width] = [`layer${stage + 1}`, 64 * 2 ** stage];
    for (let index = 0; index < count; index++) {
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const unit = residualBlock(`${layer}.${index}`, kind, { channels, width, stride });
      blocks.push(index === count - 1 ? { ...unit, endOf: layer } : unit);
      channels = kind.expansion * width;
    }
  }
  return { stem: convolution(['conv1', 'bn1'], stem), blocks, end: { features } };
}

interface BlockKind {
  readonly kernelSizes: readonly number[];
  readonly expansion: number;
  /** Index of the convolution that has the block's stride. */
  readonly strided: number;
}

interface BlockSize {
  /** Channels of the block's input. */
  readonly channels: number;
  /** Channels of all convolutions except the last. */
  readonly width: number;
  readonly stride: number;
}

function residualBlock(path: string, kind: BlockKind, { channels, width, stride }: BlockSize): BlockUnit {
  const { kernelSizes, expansion, strided } = kind;
  const [outChannels, last] = [expansion * width, kernelSizes.length - 1];
  const convolutions = kernelSizes.map((kernelSize, i) =>
    convolution([`${path}.conv${i + 1}`, `${path}.bn${i + 1}`], {
      channels: i === 0 ? channels : width,
      outChannels: i === last ? outChannels : width,
      kernelSize,
      stride: i === strided ? stride : 1,
      residual: i === last,
      relu: `${path}.relu`,
    }),
  );
  if (channels === outChannels) return { path, convolutions };
  const shortcut = { channels, outChannels, kernelSize: 1, stride, residual: false };
  return { path, convolutions, downsample: convolution([`${path}.downsample.0`, `${path}.downsample.1`], shortcut) };
}

function convolution(
  [conv, norm]: readonly [string, string],
  size: Omit<UnitConvolution, 'conv' | 'norm' | 'padding'>,
): UnitConvolution {
  return { conv, norm, ...size, padding: (size.kernelSize - 1) / 2 };
}

/** Returns all convolutions of a block in the order of the state dict: the shortcut's comes last. */
export function convolutionsOf({ convolutions, downsample }: BlockUnit): readonly UnitConvolution[] {
  return downsample ? [...convolutions, downsample] : convolutions;
}

/** Shapes by name. */
export type TensorShapes = ReadonlyMap<string, readonly number[]>;

/**
 * Returns the tensors of the state dict in torchvision's order, without `num_batches_tracked`, which inference does not
 * read.
 */
export function expectedTensors(architecture: ResNetArchitecture, classes = 1000): TensorShapes {
  const { stem, blocks, end } = resnetUnits(architecture);
  const shapes = new Map<string, readonly number[]>();
  for (const { conv, norm, channels, outChannels, kernelSize } of [stem, ...blocks.flatMap(convolutionsOf)]) {
    shapes.set(`${conv}.weight`, [outChannels, channels, kernelSize, kernelSize]);
    for (const part of ['weight', 'bias', 'running_mean', 'running_var']) shapes.set(`${norm}.${part}`, [outChannels]);
  }
  shapes.set('fc.weight', [classes, end.features]);
  shapes.set('fc.bias', [classes]);
  return shapes;
}
