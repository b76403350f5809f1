import { InputError } from '../errors/index.ts';
import { globalAvgPool2d } from '../kernels/global_avg_pool2d.ts';
import { linear } from '../kernels/linear.ts';
import { maxPool2d } from '../kernels/max_pool2d.ts';
import { expectRank } from '../kernels/shape_checks.ts';
import type { CapturedGraph } from '../runtime/captured_graph.ts';
import type { Device } from '../runtime/device.ts';
import { formatShape, type Shape } from '../runtime/shape.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Backbone } from '../weights/backbone.ts';
import { RESNET_LAYOUTS, type ResNetArchitecture } from '../weights/resnet_shapes.ts';
import { BasicBlock, type Block, Bottleneck } from './blocks.ts';
import { ConvNorm, readTensor } from './conv_norm.ts';
import type { WeightOptions } from './convolution.ts';
import { loadAll } from './load_all.ts';
import { Taps } from './taps.ts';
import type { Tuning } from './tuning.ts';

export interface LoadOptions extends WeightOptions {
  /** Called after each block, with how many of all are on the device. */
  readonly onProgress?: (loaded: number, total: number) => void;
  /** Shape of the inputs to come: `infer`'s plan is made, and its pipelines compile, while the last weights are on their way. */
  readonly prepare?: Shape;
}

export interface ForwardOptions {
  /** Module paths whose outputs to keep. */
  readonly taps?: readonly string[];
}

/** Tensors that belong to the caller. */
export interface Forward {
  /** [N, F]: what `avgpool` gives, flattened; F is 2048, or 512 for ResNet-18 and -34. */
  readonly features: Tensor;
  /** [N, 1000], before softmax. */
  readonly logits: Tensor;
  /** Outputs of the modules asked for, [N, C, H, W] but for `fc` [N, 1000]. */
  readonly taps: ReadonlyMap<string, Tensor>;
}

/**
 * ResNet-18, 34, 50, 101 or 152 for inference, its weights frozen on the device.
 * Source: torchvision.models.resnet; He et al. 2015, arXiv 1512.03385
 */
export class ResNet {
  /** For `infer`. */
  private kept: { readonly key: string; readonly graph: CapturedGraph<{ readonly x: Tensor }, Forward> } | undefined;

  private constructor(
    private readonly device: Device,
    readonly architecture: ResNetArchitecture,
    private readonly conv1: ConvNorm,
    private readonly layers: readonly (readonly Block[])[],
    private readonly fc: { readonly weight: Tensor; readonly bias: Tensor },
    /** What its convolutions were chosen by. */
    readonly tuning: Tuning | undefined,
  ) {}

  /**
   * Uploads a backbone's weights one tensor at a time. The device packs a block while the next is read, and the raw weights of no more
   * than two blocks wait. Where it fails, nothing stays on the device.
   *
   * @throws WeightsError | DeviceError
   */
  static async load(device: Device, backbone: Backbone, options: LoadOptions = {}): Promise<ResNet> {
    const { onProgress, prepare, ...weights } = options;
    const { architecture, stateDict, strideOn, eps } = backbone;
    const { block, blocks } = RESNET_LAYOUTS[architecture];
    const BlockKind = block === 'basic' ? BasicBlock : Bottleneck;
    const specs = blocks.flatMap((count, stage) =>
      Array.from({ length: count }, (_, index) => ({
        path: `layer${stage + 1}.${index}`,
        stride: index === 0 && stage > 0 ? 2 : 1,
        ...{ strideOn, eps, weights },
      })),
    );
    const upload = async (name: string) => {
      const { values, shape } = await readTensor(stateDict, name);
      return device.tensor(values, shape, name);
    };
    let [older, newer] = [Promise.resolve(), Promise.resolve()];
    const stem = { conv: 'conv1', norm: 'bn1', stride: 2, padding: 3, eps, weights };
    const [conv1, weight, bias, ...loaded] = await loadAll(
      () => ConvNorm.load(device, stateDict, stem),
      () => upload('fc.weight'),
      () => upload('fc.bias'),
      ...specs.map((spec, done) => async (): Promise<Block> => {
        await older;
        const block = await BlockKind.load(device, stateDict, spec);
        [older, newer] = [newer, device.drain()];
        newer.catch(() => {}); // thrown where it is waited for
        onProgress?.(done + 1, specs.length);
        return block;
      }),
    );
    const layers = blocks.map(count => loaded.splice(0, count));
    const network = new ResNet(device, architecture, conv1, layers, { weight, bias }, weights.tuning);
    try {
      await device.trim();
      if (prepare) network.prepare(prepare);
      await Promise.all([older, newer]);
    } catch (error) {
      network.dispose();
      throw error;
    }
    return network;
  }

  /** The path of every module whose output can be tapped, in the order they run. */
  get modulePaths(): readonly string[] {
    return modulePaths(this.architecture);
  }

  /**
   * Records one forward pass; nothing is read back.
   *
   * x  [N, 3, H, W], normalised as the weights ask
   *
   * @throws InputError  a tap names no module
   */
  forward(x: Tensor, options: ForwardOptions = {}): Forward {
    const { device } = this;
    expectRank('resnet', 'x', x.shape, 4);
    const taps = new Taps(options.taps ?? [], this.modulePaths);
    const record = () => {
      let out = device.scope(() => this.stem(x, taps));
      for (const [stage, blocks] of this.layers.entries()) {
        for (const [index, block] of blocks.entries()) {
          const next = device.scope(() => block.forward(out, taps));
          out.dispose();
          out = taps.keep(`layer${stage + 1}.${index}`, next);
        }
        taps.keep(`layer${stage + 1}`, out);
      }
      return this.classify(out, taps);
    };
    const { features, logits } = taps.attempt(() => device.scope(record));
    return { features, logits, taps: taps.kept };
  }

  /**
   * Records one unit alone, as `forward` runs it: `stem` (conv1 to maxpool), or a block by its path. With the input that an
   * earlier pass gave it, any module's output can be had without running the network again.
   *
   * x  [N, C, H, W], what the unit takes
   *
   * @throws InputError  no such unit, or a tap names no module
   */
  forwardUnit(unit: string, x: Tensor, options: ForwardOptions = {}): Pick<Forward, 'taps'> & { readonly y: Tensor } {
    const taps = new Taps(options.taps ?? [], this.modulePaths);
    const [, stage, index] = /^layer(\d+)\.(\d+)$/.exec(unit) ?? [];
    const block = this.layers[Number(stage) - 1]?.[Number(index)];
    if (unit !== 'stem' && !block)
      throw new InputError(`resnet: no unit "${unit}" in ${this.architecture}. There are stem, layer1.0 and so on`);
    const record = () => (block ? block.forward(x, taps) : this.stem(x, taps));
    const y = taps.attempt(() => this.device.scope(record));
    return { y, taps: taps.kept };
  }

  /** `forward` for inputs of x's shape, to be run many times: what it gives belongs to the plan. @throws InputError */
  capture(x: Tensor, options: ForwardOptions = {}): CapturedGraph<{ readonly x: Tensor }, Forward> {
    return this.device.capture({ x }, inputs => this.forward(inputs.x, options));
  }

  /**
   * `forward` by a plan that is kept for the next image of the same shape. What it gives belongs to the network, and the next call
   * overwrites it: read it, or record what uses it, first.
   */
  infer(x: Tensor): Pick<Forward, 'features' | 'logits'> {
    const key = formatShape(x.shape);
    const isUsable = this.kept?.key === key && !this.kept.graph.outputs.some(({ failure }) => failure);
    if (!isUsable) this.keepGraph(x);
    return this.kept!.graph.run({ x });
  }

  /** Makes `infer`'s plan for inputs of this shape, and has its pipelines compiled, before there is one. */
  prepare(shape: Shape): void {
    const x = this.device.empty(shape, 'x');
    try {
      this.keepGraph(x);
    } finally {
      x.dispose();
    }
  }

  dispose(): void {
    this.kept?.graph.dispose();
    this.conv1.dispose();
    for (const block of this.layers.flat()) block.dispose();
    this.fc.weight.dispose();
    this.fc.bias.dispose();
  }

  private keepGraph(x: Tensor): void {
    this.kept?.graph.dispose();
    this.kept = undefined; // capturing may fail
    this.kept = { key: formatShape(x.shape), graph: this.capture(x) };
  }

  private stem(x: Tensor, taps: Taps): Tensor {
    const out = this.conv1.forward(x, taps, { relu: 'relu' });
    const pooled = this.device.run(maxPool2d, { x: out }, { kernel: 3, stride: 2, padding: 1 }, { label: 'maxpool' }).y;
    return taps.keep('maxpool', pooled);
  }

  private classify(x: Tensor, taps: Taps): { features: Tensor; logits: Tensor } {
    const { device, fc } = this;
    const features = device.run(globalAvgPool2d, { x }, {}, { label: 'avgpool' }).y;
    taps.keep('avgpool', features.view([...features.shape, 1, 1]));
    const logits = device.run(linear, { x: features, ...fc }, {}, { label: 'fc' }).y;
    return { features, logits: taps.keep('fc', logits) };
  }
}

/** The path of every module of an architecture, in the order they run. */
export function modulePaths(architecture: ResNetArchitecture): string[] {
  const { block, blocks } = RESNET_LAYOUTS[architecture];
  const inner = block === 'basic' ? ['conv1', 'bn1', 'conv2', 'bn2'] : ['conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3'];
  const paths = ['conv1', 'bn1', 'relu', 'maxpool'];
  for (const [stage, count] of blocks.entries()) {
    const layer = `layer${stage + 1}`;
    for (let index = 0; index < count; index++) {
      const path = `${layer}.${index}`;
      const hasDownsample = index === 0 && (stage > 0 || block === 'bottleneck');
      const shortcut = hasDownsample ? ['downsample.0', 'downsample.1', 'downsample'] : [];
      paths.push(...[...inner, ...shortcut, 'relu'].map(name => `${path}.${name}`), path);
    }
    paths.push(layer);
  }
  return [...paths, 'avgpool', 'fc'];
}
