import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { type BlockUnit, convolutionsOf } from '../weights/resnet_shapes.ts';
import type { StateDict } from '../weights/tensor_entry.ts';
import { ConvNorm, type ConvNormOptions } from './conv_norm.ts';
import { loadAll } from './load_all.ts';
import type { Taps } from './taps.ts';

/** A residual block. Source: torchvision.models.resnet.BasicBlock and Bottleneck */
export class Block {
  private constructor(
    readonly unit: BlockUnit,
    private readonly convolutions: readonly ConvNorm[],
    private readonly downsample: ConvNorm | undefined,
  ) {}

  /** Reads the block's tensors and uploads what inference needs. @throws WeightsError  one is missing */
  static async load(device: Device, stateDict: StateDict, unit: BlockUnit, options: ConvNormOptions): Promise<Block> {
    const loads = convolutionsOf(unit).map(one => () => ConvNorm.load(device, stateDict, { ...one, ...options }));
    const loaded = await loadAll(...loads);
    const { length } = unit.convolutions;
    return new Block(unit, loaded.slice(0, length), loaded[length]);
  }

  /** x [N, C, H, W] -> [N, O, H / stride, W / stride] */
  forward(x: Tensor, taps: Taps): Tensor {
    let out = x;
    for (const convolution of this.convolutions) {
      const residual = convolution.spec.residual ? this.shortcut(x, taps) : undefined;
      const next = convolution.forward(out, taps, residual);
      if (out !== x) out.dispose();
      out = next;
    }
    return out;
  }

  dispose(): void {
    for (const convolution of this.convolutions) convolution.dispose();
    this.downsample?.dispose();
  }

  private shortcut(x: Tensor, taps: Taps): Tensor {
    return this.downsample ? taps.keep(`${this.unit.path}.downsample`, this.downsample.forward(x, taps)) : x;
  }
}
