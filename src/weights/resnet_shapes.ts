/** The names and shapes of torchvision's ResNets. Source: torchvision/models/resnet.py */

export const RESNET_ARCHITECTURES = ['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152'] as const;

export type ResNetArchitecture = (typeof RESNET_ARCHITECTURES)[number];

export interface ResNetLayout {
  /** `basic`: two 3x3; `bottleneck`: 1x1, 3x3, 1x1 with four times the width. */
  readonly block: 'basic' | 'bottleneck';
  /** Blocks in layer1 … layer4. */
  readonly blocks: readonly [number, number, number, number];
  /** What `avgpool` gives and `fc` takes. */
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

/** Shapes by name. */
export type TensorShapes = ReadonlyMap<string, readonly number[]>;

/** Every tensor of the state dict in the network's order, `num_batches_tracked` (which inference never reads) left out. */
export function expectedTensors(architecture: ResNetArchitecture, classes = 1000): TensorShapes {
  const { block, blocks, features } = RESNET_LAYOUTS[architecture];
  const shapes = new Map<string, readonly number[]>();
  addConvolution(shapes, ['conv1', 'bn1'], [64, 3, 7, 7]);
  const addBlock = block === 'basic' ? addBasicBlock : addBottleneck;
  let channels = 64;
  for (const [stage, count] of blocks.entries()) {
    const width = 64 * 2 ** stage;
    for (let b = 0; b < count; b++) channels = addBlock(shapes, `layer${stage + 1}.${b}`, { channels, width });
  }
  shapes.set('fc.weight', [classes, features]);
  shapes.set('fc.bias', [classes]);
  return shapes;
}

interface BlockSize {
  /** Into the block. */
  readonly channels: number;
  readonly width: number;
}

type Shapes = Map<string, readonly number[]>;

/** Returns the channels out of the block. */
function addBasicBlock(shapes: Shapes, path: string, { channels, width }: BlockSize): number {
  addConvolution(shapes, [`${path}.conv1`, `${path}.bn1`], [width, channels, 3, 3]);
  addConvolution(shapes, [`${path}.conv2`, `${path}.bn2`], [width, width, 3, 3]);
  addDownsample(shapes, path, [width, channels, 1, 1]);
  return width;
}

function addBottleneck(shapes: Shapes, path: string, { channels, width }: BlockSize): number {
  addConvolution(shapes, [`${path}.conv1`, `${path}.bn1`], [width, channels, 1, 1]);
  addConvolution(shapes, [`${path}.conv2`, `${path}.bn2`], [width, width, 3, 3]);
  addConvolution(shapes, [`${path}.conv3`, `${path}.bn3`], [4 * width, width, 1, 1]);
  addDownsample(shapes, path, [4 * width, channels, 1, 1]);
  return 4 * width;
}

/** The shortcut's 1x1, where the number of channels changes. */
function addDownsample(shapes: Shapes, path: string, shape: readonly [number, number, number, number]): void {
  const [outputs, inputs] = shape;
  if (outputs !== inputs) addConvolution(shapes, [`${path}.downsample.0`, `${path}.downsample.1`], shape);
}

function addConvolution(
  shapes: Shapes,
  [convolution, norm]: readonly [string, string],
  shape: readonly [number, number, number, number],
): void {
  shapes.set(`${convolution}.weight`, shape);
  for (const part of ['weight', 'bias', 'running_mean', 'running_var']) shapes.set(`${norm}.${part}`, [shape[0]]);
}
