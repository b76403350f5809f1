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
import { convolutionsOf, type ResNetArchitecture, resnetUnits, STEM_POOL } from '../weights/resnet_shapes.ts';
import { Block } from './block.ts';
import { ConvNorm, readTensor } from './conv_norm.ts';
import type { WeightOptions } from './convolution.ts';
import { loadAll } from './load_all.ts';
import { Taps } from './taps.ts';
import type { Tuning } from './tuning.ts';

export interface LoadOptions extends WeightOptions {
  /** Called after each block is loaded, with the number of loaded blocks and the number of all blocks. */
  readonly onProgress?: (loaded: number, total: number) => void;
  /**
   * Expected shape of the inputs. If given, the graph of `infer` is captured, and its pipelines are compiled, while the
   * last weights are uploaded.
   */
  readonly prepare?: Shape;
}

export interface ForwardOptions {
  /** Module paths whose outputs to keep. */
  readonly taps?: readonly string[];
}

/** Outputs of a forward pass. They belong to the caller. */
export interface Forward {
  /** [N, F]: the output of `avgpool`, flattened. F is 512 for ResNet-18 and ResNet-34, and 2048 for the others. */
  readonly features: Tensor;
  /** [N, K], before softmax. K is 1000 for ImageNet. Undefined if the network has no `fc`. */
  readonly logits: Tensor | undefined;
  /** Outputs of the tapped modules, by path. They are [N, C, H, W], except for `fc`, whose output is [N, K]. */
  readonly taps: ReadonlyMap<string, Tensor>;
}

/** The graph that `infer` keeps. */
interface KeptGraph {
  /** The shape of the graph's input, as text. */
  readonly key: string;
  readonly graph: CapturedGraph<{ readonly x: Tensor }, Forward>;
}

interface LinearWeights {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** The weights of `fc`, if the backbone has one. */
class Classifier {
  private constructor(readonly weights: LinearWeights | undefined) {}

  /** Without `upload`, there is no `fc`. */
  static async load(upload?: (name: string) => Promise<Tensor>): Promise<Classifier> {
    if (upload === undefined) return new Classifier(undefined);
    const [weight, bias] = await loadAll<[Tensor, Tensor]>(
      () => upload('fc.weight'),
      () => upload('fc.bias'),
    );
    return new Classifier({ weight, bias });
  }

  dispose(): void {
    this.weights?.weight.dispose();
    this.weights?.bias.dispose();
  }
}

interface Modules {
  readonly conv1: ConvNorm;
  readonly blocks: readonly Block[];
  readonly fc: Classifier;
}

/**
 * ResNet-18, 34, 50, 101 or 152 for inference, with frozen weights on the device.
 * Source: torchvision.models.resnet; He et al. 2015, arXiv 1512.03385
 */
export class ResNet {
  /** The paths of all modules whose outputs can be tapped, in the order of PyTorch's forward pass. */
  readonly modulePaths: readonly string[];
  private kept: KeptGraph | undefined;

  private constructor(
    private readonly device: Device,
    readonly architecture: ResNetArchitecture,
    private readonly modules: Modules,
    /** The tuning from which the algorithms of the network's convolutions are chosen. */
    readonly tuning: Tuning | undefined,
  ) {
    const paths = modulePaths(architecture);
    this.modulePaths = modules.fc.weights ? paths : paths.filter(path => path !== 'fc');
  }

  /**
   * Uploads a backbone's weights one tensor at a time. The device packs the weights of a block while the next block is
   * read, so the raw weights of at most two blocks are in memory at once. If loading fails, nothing stays on the
   * device.
   *
   * @throws WeightsError | DeviceError
   */
  static async load(device: Device, backbone: Backbone, options: LoadOptions = {}): Promise<ResNet> {
    const { onProgress, prepare, ...weights } = options;
    const { architecture, stateDict, strideOn, eps } = backbone;
    const { stem, blocks: units } = resnetUnits(architecture, strideOn);
    const upload = async (name: string) => {
      const { values, shape } = await readTensor(stateDict, name);
      return device.tensor(values, shape, name);
    };
    let [older, newer] = [Promise.resolve(), Promise.resolve()];
    const hasClassifier = stateDict.has('fc.weight');
    const [conv1, fc, ...blocks] = await loadAll(
      () => ConvNorm.load(device, stateDict, { ...stem, eps, weights }),
      () => Classifier.load(hasClassifier ? upload : undefined),
      ...units.map((unit, done) => async (): Promise<Block> => {
        await older;
        const block = await Block.load(device, stateDict, unit, { eps, weights });
        [older, newer] = [newer, device.drain()];
        // The promise is awaited below or by a later block. If it rejected, the error is thrown there.
        newer.catch(() => {});
        onProgress?.(done + 1, units.length);
        return block;
      }),
    );
    const network = new ResNet(device, architecture, { conv1, blocks, fc }, weights.tuning);
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

  /**
   * Records one forward pass, and reads nothing back.
   *
   * x  [N, 3, H, W], normalised as the weights require
   *
   * @throws InputError  a tap is not the path of a module
   */
  forward(x: Tensor, options: ForwardOptions = {}): Forward {
    const { device } = this;
    expectRank('resnet', 'x', x.shape, 4);
    const taps = new Taps(options.taps ?? [], this.modulePaths);
    const record = () => {
      let out = device.scope(() => this.stem(x, taps));
      for (const block of this.modules.blocks) {
        const { path, endOf } = block.unit;
        const next = device.scope(() => block.forward(out, taps));
        out.dispose();
        out = taps.keep(path, next);
        if (endOf !== undefined) taps.keep(endOf, out);
      }
      return this.classify(out, taps);
    };
    const { features, logits } = taps.attempt(() => device.scope(record));
    return { features, logits, taps: taps.kept };
  }

  /**
   * Records one unit alone, as `forward` runs it. A unit is the `stem` (conv1 to maxpool), or a block, named by its
   * path. If the unit's input was kept from an earlier pass, this computes the output of any module of the unit without
   * running the rest of the network again.
   *
   * x  [N, C, H, W], the input of the unit
   *
   * @throws InputError  the unit is unknown, or a tap is not the path of a module
   */
  forwardUnit(unit: string, x: Tensor, options: ForwardOptions = {}): Pick<Forward, 'taps'> & { readonly y: Tensor } {
    const taps = new Taps(options.taps ?? [], this.modulePaths);
    const { blocks } = this.modules;
    const block = blocks.find(one => one.unit.path === unit);
    if (unit !== 'stem' && !block) {
      const [first, last] = [blocks[0]!, blocks.at(-1)!];
      throw new InputError(`resnet: unknown unit "${unit}". Known: stem, ${first.unit.path} … ${last.unit.path}`);
    }
    const record = () => (block ? block.forward(x, taps) : this.stem(x, taps));
    const y = taps.attempt(() => this.device.scope(record));
    return { y, taps: taps.kept };
  }

  /** Captures `forward` as a graph for inputs of x's shape. The graph owns the outputs. @throws InputError */
  capture(x: Tensor, options: ForwardOptions = {}): CapturedGraph<{ readonly x: Tensor }, Forward> {
    return this.device.capture({ x }, inputs => this.forward(inputs.x, options));
  }

  /**
   * Runs `forward` as a graph, and keeps the graph for the next input of the same shape. The outputs belong to the
   * network, and the next call overwrites them. Before that call, read the outputs or record the operations that use
   * them.
   */
  infer(x: Tensor): Pick<Forward, 'features' | 'logits'> {
    const key = formatShape(x.shape);
    const isUsable = this.kept?.key === key && !this.kept.graph.outputs.some(({ failure }) => failure);
    if (!isUsable) this.keepGraph(x);
    return this.kept!.graph.run({ x });
  }

  /**
   * Captures `infer`'s graph for inputs of this shape and starts compiling its pipelines, before the first input
   * exists.
   */
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
    const { conv1, blocks, fc } = this.modules;
    for (const owned of [conv1, ...blocks, fc]) owned.dispose();
  }

  private keepGraph(x: Tensor): void {
    this.kept?.graph.dispose();
    // Capturing may fail, and a disposed graph must not be kept.
    this.kept = undefined;
    this.kept = { key: formatShape(x.shape), graph: this.capture(x) };
  }

  private stem(x: Tensor, taps: Taps): Tensor {
    const out = this.modules.conv1.forward(x, taps);
    const pooled = this.device.run(maxPool2d, { x: out }, STEM_POOL, { label: 'maxpool' }).y;
    return taps.keep('maxpool', pooled);
  }

  private classify(x: Tensor, taps: Taps): Pick<Forward, 'features' | 'logits'> {
    const { device } = this;
    const features = device.run(globalAvgPool2d, { x }, {}, { label: 'avgpool' }).y;
    taps.keep('avgpool', features.view([...features.shape, 1, 1]));
    const { weights } = this.modules.fc;
    if (weights === undefined) return { features, logits: undefined };
    const logits = device.run(linear, { x: features, ...weights }, {}, { label: 'fc' }).y;
    return { features, logits: taps.keep('fc', logits) };
  }
}

/**
 * Returns the paths of all modules of an architecture, in the order of PyTorch's forward pass. A block's relu, which
 * runs several times, is listed once, where it runs last.
 */
export function modulePaths(architecture: ResNetArchitecture): string[] {
  const blocks = resnetUnits(architecture).blocks.flatMap(unit => {
    const { path, downsample, endOf } = unit;
    const inner = convolutionsOf(unit).flatMap(({ conv, norm }) => [conv, norm]);
    return [...inner, ...(downsample ? [`${path}.downsample`] : []), `${path}.relu`, path, ...(endOf ? [endOf] : [])];
  });
  return ['conv1', 'bn1', 'relu', 'maxpool', ...blocks, 'avgpool', 'fc'];
}
