import { ShapeError } from '../errors/index.ts';
import { expectRank } from '../kernels/shape_checks.ts';
import type { Device } from '../runtime/device.ts';
import { formatShapes, type Shape } from '../runtime/shape.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { ConvolutionLayer } from './convolution_size.ts';
import { halfFactors } from './half_weights.ts';
import { type PlanOptions, planConvolution, planWeights, type Step } from './plan_convolution.ts';

export type { WeightOptions } from './plan_convolution.ts';

export interface ConvolutionInputs {
  readonly x: Tensor;
  readonly scale?: Tensor;
  readonly shift?: Tensor;
  readonly residual?: Tensor;
}

export interface ConvolutionOptions extends PlanOptions {
  readonly stride: number;
  readonly padding: number;
  /** The module's path. */
  readonly label: string;
}

/** A convolution whose weights are on the device. It runs what `planConvolution` plans. */
export class Convolution {
  private constructor(
    private readonly device: Device,
    private readonly layer: ConvolutionLayer,
    private readonly weight: Tensor,
    private readonly options: ConvolutionOptions,
    /** [O]. `scale` must be multiplied by it, to undo the factors that bring 16-bit weights into range. */
    readonly descale: Float32Array | undefined,
  ) {}

  /**
   * Uploads weights, packs them on the device, and frees the upload.
   *
   * weight  [O, C, KH, KW]
   *
   * @throws WeightsError  a weight that should become a 16-bit float is not finite
   */
  static load(
    device: Device,
    weight: { readonly values: Float32Array; readonly shape: Shape },
    options: ConvolutionOptions,
  ): Convolution {
    const [outChannels, channels, height, width] = weight.shape as [number, number, number, number];
    const { stride, padding, label } = options;
    const layer: ConvolutionLayer = { channels, outChannels, kernelSize: [height, width], stride, padding };
    const { layout, packing } = planWeights(layer, device.adapter, options);
    const factors = layout === 'halves' ? halfFactors(label, weight) : undefined;
    const packed = device.scope(() => {
      const name = `${label}.weight`;
      const inputs = {
        weight: device.tensor(weight.values, weight.shape, name),
        ...(factors && { factors: device.tensor(factors, [outChannels], name) }),
      };
      const { kernel } = packing;
      return device.run(kernel, inputs, packing.options, { label: name })[kernel.outputs[0]]!;
    });
    const descale = factors?.map(factor => 1 / factor);
    return new Convolution(device, layer, packed, { ...options, layout }, descale);
  }

  /** x [N, C, H, W] -> relu?(conv(x) * scale + shift + residual) [N, O, OH, OW]. @throws ShapeError */
  forward(inputs: ConvolutionInputs, { relu = false }: { relu?: boolean } = {}): Tensor {
    const { device, layer, options } = this;
    const [batch, channels, ...size] = expectRank(options.label, 'x', inputs.x.shape, 4);
    // If a kernel made this check, its message would name the kernel's own input instead of the module.
    if (channels !== layer.channels)
      throw new ShapeError(
        `${options.label}: x must have ${layer.channels} channels, got ${channels} (${formatShapes({ x: inputs.x.shape })})`,
      );
    const plan = planConvolution({ ...layer, batch, size }, device.adapter, options);
    return device.scope(() => {
      const y = plan.y && device.empty(plan.y, options.label);
      return plan.bands.map(steps => this.runBand(steps, inputs, relu, y)).at(-1)!;
    });
  }

  dispose(): void {
    this.weight.dispose();
  }

  /** Runs the steps of one band, into `y` if it is given. */
  private runBand(steps: readonly Step[], { x, ...epilogue }: ConvolutionInputs, relu: boolean, y?: Tensor): Tensor {
    const { device, weight, options } = this;
    const last = steps.at(-1);
    let read = x;
    for (const step of steps) {
      const { kernel } = step;
      const [source, packed] = kernel.inputs;
      const inputs = { [source]: read, ...(packed && { [packed]: weight }), ...(step === last && epilogue) };
      const written = device.run(
        kernel,
        inputs,
        { ...step.options, ...(step === last && { relu }) },
        { label: options.label, ...(step === last && y && { outputs: { y } }) },
      )[kernel.outputs[0]]!;
      if (read !== x) read.dispose();
      read = written;
    }
    return read;
  }
}
