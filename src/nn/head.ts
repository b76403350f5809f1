/** The trainable head: `Sequential(Linear(F, K), LogSoftmax(dim=1))` on the pooled features of a frozen backbone. */
import { parameter, type Tape, type Variable } from '../autograd/tape.ts';
import { DeviceError, InputError } from '../errors/index.ts';
import { linear } from '../kernels/linear.ts';
import { logSoftmax } from '../kernels/log_softmax.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { TorchRandom } from './torch_random.ts';

/** A head on the host. */
export interface HeadValues {
  /** Class names, in the order of the outputs. */
  readonly classes: readonly string[];
  /** F, the length of a feature vector. */
  readonly featureCount: number;
  /** [K, F] */
  readonly weight: Float32Array;
  /** [K] */
  readonly bias: Float32Array;
}

export interface InitialHead {
  readonly classes: readonly string[];
  readonly featureCount: number;
  /** The generator that weight and bias are drawn from. */
  readonly random: TorchRandom;
}

/**
 * Returns a head whose weight and bias are uniform in ±1 / sqrt(F). With `new TorchRandom(seed)` they are bit-identical
 * to those of PyTorch's `nn.Linear(F, K)` right after `torch.manual_seed(seed)`.
 *
 * Source: torch.nn.Linear.reset_parameters
 */
export function initialHead({ classes, featureCount, random }: InitialHead): HeadValues {
  return { classes: [...classes], featureCount, ...random.linear(featureCount, classes.length) };
}

/** A head on a device. */
export class Head {
  readonly classes: readonly string[];
  readonly featureCount: number;
  /** [K, F]. A class activation map weights the channels with a row. */
  readonly weight: Variable;
  /** [K] */
  readonly bias: Variable;
  /** The values that the head was created from; undefined once it is trained. */
  private untrained: HeadValues | undefined;
  /** The same head on another device. */
  private copy: Head | undefined;

  /** @throws InputError  the sizes of weight and bias do not match classes and featureCount */
  constructor(
    private readonly device: Device,
    values: HeadValues,
  ) {
    const { classes, featureCount, weight, bias } = values;
    const K = classes.length;
    if (weight.length !== K * featureCount || bias.length !== K)
      throw new InputError(
        `head: ${K} classes on ${featureCount} features need ${K * featureCount} weights and ${K} biases, got ${weight.length} and ${bias.length}`,
      );
    this.classes = classes;
    this.featureCount = featureCount;
    this.untrained = values;
    this.weight = parameter(device.tensor(weight, [K, featureCount], 'fc.0.weight'));
    this.bias = parameter(device.tensor(bias, [K], 'fc.0.bias'));
  }

  get parameters(): readonly Variable[] {
    return [this.weight, this.bias];
  }

  /**
   * Returns the same head on another device, after its own was lost. The copy belongs to this head.
   *
   * @throws DeviceError  it was trained, so that its weights were lost with its device
   */
  on(device: Device): Head {
    if (device === this.device) return this;
    if (!this.untrained) throw new DeviceError('head: its trained weights were lost with the device. Train it again');
    if (this.copy?.device !== device) this.copy = new Head(device, this.untrained);
    return this.copy;
  }

  /** features [N, F] -> logits [N, K] */
  logits(features: Tensor): Tensor {
    return this.device.run(
      linear,
      { x: features, weight: this.weight.tensor, bias: this.bias.tensor },
      {},
      { label: 'fc.0' },
    ).y;
  }

  /** features [N, F] -> log-probabilities [N, K] */
  forward(features: Tensor): Tensor {
    return this.device.scope(() => this.device.run(logSoftmax, { x: this.logits(features) }, {}, { label: 'fc.1' }).y);
  }

  /** Records `forward` on a tape, for training. */
  record(tape: Tape, features: Variable): Variable {
    this.untrained = undefined;
    const logits = tape.apply(linear, { x: features, weight: this.weight, bias: this.bias }, {});
    return tape.apply(logSoftmax, { x: logits }, {});
  }

  /** Reads the weights. @throws DeviceError */
  async values(): Promise<HeadValues> {
    const weight = await this.weight.tensor.read();
    const bias = await this.bias.tensor.read();
    return { classes: this.classes, featureCount: this.featureCount, weight, bias };
  }

  dispose(): void {
    for (const { tensor } of this.parameters) tensor.dispose();
    this.copy?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
