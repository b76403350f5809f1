import {
  type AdapterFamily,
  type Conv2dOptions,
  channelTile,
  chooseConv2d,
  packConv2dWeight,
} from '../kernels/conv2d.ts';
import { unfold } from '../kernels/unfold.ts';
import { winogradInput } from '../kernels/winograd_input.ts';
import { winogradMatmul } from '../kernels/winograd_matmul.ts';
import { winogradOutput } from '../kernels/winograd_output.ts';
import { winogradWeight } from '../kernels/winograd_weight.ts';
import type { Device } from '../runtime/device.ts';
import type { Shape } from '../runtime/shape.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface ConvolutionInputs {
  readonly x: Tensor;
  readonly scale?: Tensor;
  readonly shift?: Tensor;
  readonly residual?: Tensor;
}

/** A convolution whose weights lie on the device in the form that suits its size and the adapter. */
export class Convolution {
  private constructor(
    private readonly device: Device,
    private readonly options: Conv2dOptions,
    private readonly weight: Tensor,
    private readonly label: string,
    private readonly isWinograd: boolean,
  ) {}

  /**
   * weight  [O, C, KH, KW], uploaded, rearranged by a kernel, and given back to the pool
   *
   * `label` is the module's path; `compact` keeps weights at their own size, where a faster form takes more.
   */
  static load(
    device: Device,
    weight: { readonly values: Float32Array; readonly shape: Shape },
    { stride, padding, label, compact = false }: { stride: number; padding: number; label: string; compact?: boolean },
  ): Convolution {
    const [outChannels, channels, height, width] = weight.shape as [number, number, number, number];
    const options = { outChannels, kernel: [height, width] as const, stride, padding };
    const isWinograd = !compact && prefersWinograd(options, channels, device.adapter);
    const arranged = device.scope(() => {
      const name = `${label}.weight`;
      const unpacked = device.tensor(weight.values, weight.shape, name);
      const tile = channelTile(device.adapter);
      return isWinograd
        ? device.run(winogradWeight, { weight: unpacked }, { tile }, { label: name }).u
        : device.run(packConv2dWeight, { weight: unpacked }, { tile }, { label: name }).y;
    });
    return new Convolution(device, options, arranged, label, isWinograd);
  }

  /** x [N, C, H, W] -> relu?(conv(x) * scale + shift + residual) [N, O, OH, OW] */
  forward(inputs: ConvolutionInputs, { relu = false }: { relu?: boolean } = {}): Tensor {
    if (this.isWinograd) return this.forwardWinograd(inputs, relu);
    const { device, weight, label } = this;
    return device.scope(() => {
      const { x, options } = this.unfolded(inputs.x);
      const variant = chooseConv2d(options, device.adapter);
      return device.run(variant, { ...inputs, x, weight }, { ...options, relu }, { label }).y;
    });
  }

  dispose(): void {
    this.weight.dispose();
  }

  /** On WebAssembly every convolution is a 1x1 at stride 1, if need be of its windows as columns (docs/decisions.md). */
  private unfolded(x: Tensor): { x: Tensor; options: Conv2dOptions } {
    const { device, options, label } = this;
    const { kernel, stride, padding } = options;
    const isPointwise = kernel[0] === 1 && kernel[1] === 1 && stride === 1 && padding === 0;
    if (device.adapter.kind !== 'wasm' || isPointwise) return { x, options };
    const columns = device.run(unfold, { x }, { kernel, stride, padding }, { label }).y;
    return { x: columns, options: { ...options, kernel: [1, 1], stride: 1, padding: 0 } };
  }

  private forwardWinograd({ x, ...epilogue }: ConvolutionInputs, relu: boolean): Tensor {
    const { device, weight, label } = this;
    const { outChannels } = this.options;
    const [batch, , height, width] = x.shape as [number, number, number, number];
    return device.scope(() => {
      const { v } = device.run(winogradInput, { x }, {}, { label });
      const { m } = device.run(winogradMatmul, { v, u: weight }, { outChannels }, { label });
      v.dispose();
      const shape = [batch, outChannels, height, width];
      return device.run(winogradOutput, { m, ...epilogue }, { shape, relu }, { label }).y;
    });
  }
}

/**
 * Whether a convolution runs as Winograd's F(4x4, 3x3): a quarter of the products for four times the weights. Decided by
 * channels, before x is known: the more there are, the less the transforms of pixels weigh. At 56 x 56 x 64,
 * 28 x 28 x 128, 14 x 14 x 256 and 7 x 7 x 512 it takes 0.55, 0.45, 0.37 and 0.30 of the direct time on WebAssembly, 0.30,
 * 0.38, 0.27 and 0.45 on SwiftShader (docs/decisions.md). A GPU would wait for the weights at batch 1.
 */
export function prefersWinograd(
  { kernel, stride, padding, outChannels }: Conv2dOptions,
  channels: number,
  adapter: Pick<AdapterFamily, 'kind'>,
): boolean {
  const fits = kernel[0] === 3 && kernel[1] === 3 && stride === 1 && padding === 1;
  return fits && channels >= 64 && outChannels >= 64 && adapter.kind !== 'gpu';
}
