import type { DecodedImage } from '#platform';
import { squashTransform } from '../data/transforms.ts';
import type { Activations } from '../inference/activations.ts';
import { finite } from '../inference/finite.ts';
import { preprocessBatch } from '../inference/inputs.ts';
import type { Network } from '../inference/network.ts';
import { relu } from '../kernels/relu.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { resnetUnits } from '../weights/resnet_shapes.ts';
import { findOperation, type Operation, operationsOf } from './operations.ts';

/** Number of outputs kept on the host: those of one operation and of the operations that it reads. */
const KEPT_ON_HOST = 4;

/**
 * The forward pass of one X-ray, from which the output of every operation can be read. The outputs of the units stay on
 * the device (52 MB for ResNet-152). An output inside a unit is computed again from the unit's input, with the kernels
 * of the pass.
 */
export class RecordedPass {
  readonly operations: readonly Operation[];
  private readonly onHost = new Map<string, Promise<Float32Array>>();

  private constructor(
    readonly network: Network,
    /** `x`, `maxpool`, and the outputs of blocks by path. */
    private readonly kept: ReadonlyMap<string, Tensor>,
    /** [1, F] */
    readonly features: Tensor,
    /** [1, K]; undefined if the network has no fc. */
    private readonly logits: Tensor | undefined,
  ) {
    const all = operationsOf(network.backbone);
    this.operations = logits ? all : all.filter(({ path }) => path !== 'fc');
  }

  /** Records the pass of an image squashed to 224 x 224. The caller must dispose of the pass. */
  static record(network: Network, image: DecodedImage): RecordedPass {
    const { device, backbone, model } = network;
    const blocks = resnetUnits(backbone.architecture).blocks.map(({ path }) => path);
    const { x, forward } = device.scope(() => {
      const inputs = preprocessBatch(device, [image], squashTransform(backbone.preprocessing));
      return { x: inputs.x, forward: model.forward(inputs.x, { taps: ['maxpool', ...blocks] }) };
    });
    const { features, logits, taps } = forward;
    return new RecordedPass(network, new Map([['x', x], ...taps]), features, logits);
  }

  /** The output of layer4, [1, C, H, W]. It belongs to the pass. */
  get layer4(): Tensor {
    return this.kept.get(this.operation('layer4').unit)!;
  }

  /** @throws InputError  no operation has this name */
  operation(path: string): Operation {
    return findOperation(this.operations, path);
  }

  /**
   * Returns the output of an operation, or `x`.
   *
   * @throws InputError  no operation has this name
   * @throws DeviceError  a value is not finite
   */
  async output(path: string): Promise<Activations> {
    if (path === 'x') return { shape: this.kept.get('x')!.shape.slice(1), values: await this.read('x') };
    const operation = this.operation(path);
    return { shape: operation.shape, values: await this.read(operation.path) };
  }

  dispose(): void {
    for (const tensor of [...this.kept.values(), this.features, this.logits]) tensor?.dispose();
    this.onHost.clear();
  }

  private read(path: string): Promise<Float32Array> {
    const known = this.onHost.get(path) ?? this.compute(path);
    this.onHost.delete(path);
    this.onHost.set(path, known);
    known.catch(() => this.onHost.delete(path));
    if (this.onHost.size > KEPT_ON_HOST) this.onHost.delete(this.onHost.keys().next().value!);
    return known;
  }

  private async compute(path: string): Promise<Float32Array> {
    const kept = this.keptOutput(path);
    if (kept) return finite(path, await kept.read());
    const made = this.replay(path);
    try {
      return finite(path, await made.read());
    } finally {
      made.dispose();
    }
  }

  private keptOutput(path: string): Tensor | undefined {
    if (path === 'avgpool') return this.features;
    if (path === 'fc') return this.logits;
    const { kept } = this;
    return kept.get(path) ?? (path.endsWith('.relu') ? kept.get(path.slice(0, -'.relu'.length)) : undefined);
  }

  /** Runs the operation's unit again, on the unit's input from the pass. */
  private replay(path: string): Tensor {
    const { device, model } = this.network;
    const { unit, kind, input } = this.operation(path);
    const first = this.operations.find(operation => operation.unit === unit)!;
    const x = this.keptOutput(first.input)!;
    const isInnerRelu = kind === 'relu' && path.includes(':'); // a tap would return the last run's output
    const module = isInnerRelu ? input : path;
    return device.scope(() => {
      const { y, taps } = model.forwardUnit(unit, x, { taps: [module] });
      y.dispose();
      const tapped = device.track(taps.get(module)!);
      return isInnerRelu ? device.run(relu, { x: tapped }, {}, { label: path }).y : tapped;
    });
  }
}
