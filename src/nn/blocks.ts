import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { StateDict } from '../weights/tensor_entry.ts';
import type { StrideOn } from '../weights/zoo.ts';
import { ConvNorm } from './conv_norm.ts';
import type { WeightOptions } from './convolution.ts';
import { loadAll } from './load_all.ts';
import type { Taps } from './taps.ts';

export interface BlockSpec {
  /** Module path: `layer1.0`. */
  readonly path: string;
  readonly stride: number;
  readonly strideOn: StrideOn;
  readonly eps: number;
  readonly weights: WeightOptions;
}

/** One residual block of either kind. */
export interface Block {
  /** x [N, C, H, W] -> [N, O, H / stride, W / stride] */
  forward(x: Tensor, taps: Taps): Tensor;
  dispose(): void;
}

/** Two 3x3 convolutions and a shortcut, as in ResNet-18 and -34. Source: torchvision.models.resnet.BasicBlock */
export class BasicBlock implements Block {
  private constructor(
    private readonly path: string,
    private readonly conv1: ConvNorm,
    private readonly conv2: ConvNorm,
    private readonly downsample: ConvNorm | undefined,
  ) {}

  static async load(
    device: Device,
    stateDict: StateDict,
    { path, stride, eps, weights }: BlockSpec,
  ): Promise<BasicBlock> {
    const unit = (index: number, unitStride: number) =>
      ConvNorm.load(device, stateDict, {
        conv: `${path}.conv${index}`,
        norm: `${path}.bn${index}`,
        stride: unitStride,
        padding: 1,
        eps,
        weights,
      });
    const units = await loadAll(
      () => unit(1, stride),
      () => unit(2, 1),
      () => loadDownsample(device, stateDict, { path, stride, eps, weights }),
    );
    return new BasicBlock(path, ...units);
  }

  forward(x: Tensor, taps: Taps): Tensor {
    const relu = `${this.path}.relu`;
    const out = this.conv1.forward(x, taps, { relu });
    return this.conv2.forward(out, taps, { residual: shortcut(this.downsample, x, taps, this.path), relu });
  }

  dispose(): void {
    for (const unit of [this.conv1, this.conv2, this.downsample]) unit?.dispose();
  }
}

/**
 * 1x1, 3x3 and 1x1 convolutions and a shortcut, as in ResNet-50, -101 and -152. A stride of 2 sits on the 3x3 in
 * torchvision's networks, on the first 1x1 in He et al.'s own. Source: torchvision.models.resnet.Bottleneck
 */
export class Bottleneck implements Block {
  private constructor(
    private readonly path: string,
    private readonly conv1: ConvNorm,
    private readonly conv2: ConvNorm,
    private readonly conv3: ConvNorm,
    private readonly downsample: ConvNorm | undefined,
  ) {}

  static async load(
    device: Device,
    stateDict: StateDict,
    { path, stride, strideOn, eps, weights }: BlockSpec,
  ): Promise<Bottleneck> {
    const unit = (index: number, unitStride: number, padding: number) =>
      ConvNorm.load(device, stateDict, {
        conv: `${path}.conv${index}`,
        norm: `${path}.bn${index}`,
        stride: unitStride,
        padding,
        eps,
        weights,
      });
    const [first, second] = strideOn === '1x1' ? [stride, 1] : [1, stride];
    const units = await loadAll(
      () => unit(1, first, 0),
      () => unit(2, second, 1),
      () => unit(3, 1, 0),
      () => loadDownsample(device, stateDict, { path, stride, eps, weights }),
    );
    return new Bottleneck(path, ...units);
  }

  forward(x: Tensor, taps: Taps): Tensor {
    const relu = `${this.path}.relu`;
    const reduced = this.conv1.forward(x, taps, { relu });
    const out = this.conv2.forward(reduced, taps, { relu });
    reduced.dispose();
    return this.conv3.forward(out, taps, { residual: shortcut(this.downsample, x, taps, this.path), relu });
  }

  dispose(): void {
    for (const unit of [this.conv1, this.conv2, this.conv3, this.downsample]) unit?.dispose();
  }
}

/** The 1x1 of the shortcut, where the state dict has one. */
async function loadDownsample(
  device: Device,
  stateDict: StateDict,
  { path, stride, eps, weights }: Omit<BlockSpec, 'strideOn'>,
): Promise<ConvNorm | undefined> {
  if (!stateDict.has(`${path}.downsample.0.weight`)) return undefined;
  return ConvNorm.load(device, stateDict, {
    conv: `${path}.downsample.0`,
    norm: `${path}.downsample.1`,
    stride,
    padding: 0,
    eps,
    weights,
  });
}

function shortcut(downsample: ConvNorm | undefined, x: Tensor, taps: Taps, path: string): Tensor {
  return downsample ? taps.keep(`${path}.downsample`, downsample.forward(x, taps)) : x;
}
