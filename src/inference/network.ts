import { DeviceError, messageOf } from '../errors/index.ts';
import type { WeightOptions } from '../nn/convolution.ts';
import { ResNet } from '../nn/resnet.ts';
import type { Tuning } from '../nn/tuning.ts';
import type { AdapterReport } from '../runtime/adapter.ts';
import { Device, type DeviceOptions } from '../runtime/device.ts';
import type { Shape } from '../runtime/shape.ts';
import type { Backbone } from '../weights/backbone.ts';
import { isLost } from './recovery.ts';

/** A device, a network's weights on it, and what the weights ask of an image: all that inference needs. */
export interface Network {
  readonly device: Device;
  readonly backbone: Backbone;
  readonly model: ResNet;
  /** Its weights are at their own size: see `BuildOptions.compact`. */
  readonly isCompact?: boolean;
  /** Its weights are 16-bit floats: see `BuildOptions.halfWeights`. */
  readonly hasHalfWeights?: boolean;
  /**
   * Puts the weights onto a fresh device, once; `device` and `model` are others afterwards. See `recovering`. Absent where somebody else
   * sees to that.
   *
   * @throws DeviceError  it has been done before
   */
  readonly rebuild?: (cause: unknown) => Promise<void>;
  /** Ends the device and closes the weights. */
  dispose(): Promise<void>;
}

export interface BuildOptions extends DeviceOptions {
  /** Called after each block, with how many of all are on the device. */
  readonly onLoad?: (loaded: number, total: number) => void;
  /** Weights at their own size, where a faster form takes more memory. */
  readonly compact?: boolean;
  /** Weights as 16-bit floats: half of their memory, three digits. With `subgroupMatrix`, pixels too where they are multiplied. */
  readonly halfWeights?: boolean;
  /** Which way of computing each convolution was measured to be the fastest on the adapter that was opened. */
  readonly tuningFor?: (adapter: AdapterReport) => Promise<Tuning | undefined>;
  /** Shape of the inputs to come: what runs them is compiled while the weights are on their way. */
  readonly prepare?: (device: Device) => Shape;
  /** Whether a lost device is replaced, once; true unless said. */
  readonly recovers?: boolean;
  /** Told why the network is built anew: its device was lost. */
  readonly onRebuild?: (reason: string) => void;
}

/** What decides how a network's weights lie on an adapter. */
export type WeightSettings = Pick<BuildOptions, 'compact' | 'halfWeights' | 'tuningFor'>;

/** The same for one that is open. */
export async function weightOptions(settings: WeightSettings, adapter: AdapterReport): Promise<WeightOptions> {
  const { compact, halfWeights, tuningFor } = settings;
  return { compact, halfWeights, tuning: await tuningFor?.(adapter) };
}

/**
 * Opens an adapter and puts a backbone's weights onto it. The network owns both. A device that is lost meanwhile is replaced, once.
 *
 * @throws DeviceError | WeightsError
 */
export async function buildNetwork(backbone: Backbone, options: BuildOptions = {}): Promise<Network> {
  try {
    const device = await Device.open(options);
    try {
      return new BuiltNetwork(backbone, options, await load(device, backbone, options));
    } catch (error) {
      if (!isLost(device) || options.recovers === false) throw error;
      options.onRebuild?.(messageOf(error));
    }
    const loaded = await load(await Device.open(options), backbone, options);
    return new BuiltNetwork(backbone, options, loaded, Promise.resolve());
  } catch (error) {
    await backbone.close();
    throw error;
  }
}

type Loaded = Pick<Network, 'device' | 'model'>;

/** The device is ended where its weights do not get onto it. */
async function load(device: Device, backbone: Backbone, options: BuildOptions): Promise<Loaded> {
  const { onLoad, prepare } = options;
  try {
    const weights = await weightOptions(options, device.adapter);
    const loading = { onProgress: onLoad, ...weights, prepare: prepare?.(device) };
    return { device, model: await ResNet.load(device, backbone, loading) };
  } catch (error) {
    device.dispose();
    throw error;
  }
}

class BuiltNetwork implements Network {
  readonly rebuild: Network['rebuild'];

  /** `rebuilding` is the one time that the device is replaced, as soon as it has begun. */
  constructor(
    readonly backbone: Backbone,
    private readonly options: BuildOptions,
    private loaded: Loaded,
    private rebuilding?: Promise<void>,
  ) {
    if (options.recovers !== false) this.rebuild = cause => this.replaceOnce(cause);
  }

  get device(): Device {
    return this.loaded.device;
  }

  get isCompact(): boolean {
    return this.options.compact === true;
  }

  get hasHalfWeights(): boolean {
    return this.options.halfWeights === true;
  }

  get model(): ResNet {
    return this.loaded.model;
  }

  async dispose(): Promise<void> {
    this.device.dispose();
    await this.backbone.close();
  }

  /** Callers that lose the device together wait for one and the same. */
  private async replaceOnce(cause: unknown): Promise<void> {
    const lost = this.loaded.device;
    this.rebuilding ??= this.replace(cause);
    await this.rebuilding;
    if (this.loaded.device === lost)
      throw new DeviceError(
        `device: lost a second time (${messageOf(cause)}). Choose another adapter with --adapter, and see \`raycam doctor\``,
        { cause },
      );
  }

  private async replace(cause: unknown): Promise<void> {
    this.options.onRebuild?.(messageOf(cause));
    this.loaded.device.dispose();
    this.loaded = await load(await Device.open(this.options), this.backbone, this.options);
  }
}
