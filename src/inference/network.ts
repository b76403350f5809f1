import { DeviceError, messageOf } from '../errors/index.ts';
import type { WeightOptions } from '../nn/convolution.ts';
import { ResNet } from '../nn/resnet.ts';
import type { Tuning } from '../nn/tuning.ts';
import type { AdapterReport } from '../runtime/adapter.ts';
import { Device, type DeviceOptions } from '../runtime/device.ts';
import type { Shape } from '../runtime/shape.ts';
import type { Backbone } from '../weights/backbone.ts';

/**
 * Everything that inference needs: a device, a model whose weights are on this device, and the backbone they came from.
 */
export interface Network {
  readonly device: Device;
  readonly backbone: Backbone;
  readonly model: ResNet;
  /** Whether weights are stored untransformed, without Winograd's expansion: see `BuildOptions.compact`. */
  readonly isCompact?: boolean;
  /** Whether weights are stored as 16-bit floats: see `BuildOptions.halfWeights`. */
  readonly hasHalfWeights?: boolean;
  /**
   * Replaces a lost device with a new one and loads the weights onto the new device. Afterwards, `device` and `model`
   * are the new ones. Absent if lost devices are not replaced. Callers normally use it through `recovering`.
   *
   * @throws DeviceError  the device was lost again too soon (see `BuildOptions.rebuildsAfterMs`)
   */
  readonly rebuild?: (cause: unknown) => Promise<void>;
  /** Destroys the device and closes the files of the weights. */
  dispose(): Promise<void>;
}

export interface BuildOptions extends DeviceOptions {
  /** Called after each block is loaded, with the number of loaded blocks and the number of all blocks. */
  readonly onLoad?: (loaded: number, total: number) => void;
  /** Store weights untransformed, without Winograd's expansion, even if the expansion would be faster. */
  readonly compact?: boolean;
  /**
   * Store weights as 16-bit floats, which take half the memory and have three significant digits. If the device was
   * opened with `subgroupMatrix`, activations are also rounded to 16 bits before they are multiplied.
   */
  readonly halfWeights?: boolean;
  /**
   * Returns the adapter's tuning, if there is one: for each convolution, the algorithm that was measured as the
   * fastest.
   */
  readonly tuningFor?: (adapter: AdapterReport) => Promise<Tuning | undefined>;
  /** Returns the shape of the inputs, so that the pipelines for this shape compile while the weights load. */
  readonly prepare?: (device: Device) => Shape;
  /** Whether a lost device is replaced; true by default. */
  readonly recovers?: boolean;
  /**
   * If a replacement device is lost within this time after the previous loss, the network gives up: it does not replace
   * the device again. By default this time is infinite, so a device is replaced at most once.
   */
  readonly rebuildsAfterMs?: number;
  /** Advice for the user, appended to the error message when the device is lost a second time. */
  readonly lostTwiceAdvice?: string;
  /** Called before the network is rebuilt, with the reason for the loss. */
  readonly onRebuild?: (reason: string) => void;
  /** Called when the network is on its new device, before the interrupted work runs again. */
  readonly onRebuilt?: (network: Network) => void;
}

/** The options that determine how weights are stored on an adapter. */
export type WeightSettings = Pick<BuildOptions, 'compact' | 'halfWeights' | 'tuningFor'>;

/** Returns the options for loading weights on an adapter, including the adapter's tuning. */
export async function weightOptions(settings: WeightSettings, adapter: AdapterReport): Promise<WeightOptions> {
  const { compact, halfWeights, tuningFor } = settings;
  return { compact, halfWeights, tuning: await tuningFor?.(adapter) };
}

/**
 * Opens a device and loads a backbone's weights onto it. The network owns both the device and the backbone. If the
 * device is lost during loading, it is replaced once.
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
      options.onRebuild?.(device.lossDetail ?? messageOf(error));
    }
    const loaded = await load(await Device.open(options), backbone, options);
    return new BuiltNetwork(backbone, options, loaded, performance.now());
  } catch (error) {
    await backbone.close();
    throw error;
  }
}

/** Returns whether the device was lost for any reason other than that the program destroyed it. */
export function isLost({ lossReason }: Device): boolean {
  return lossReason !== undefined && lossReason !== 'destroyed';
}

type Loaded = Pick<Network, 'device' | 'model'>;

/** Loads the weights onto the device. If loading fails, destroys the device. */
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
  private rebuilding: Promise<void> | undefined;

  constructor(
    readonly backbone: Backbone,
    private readonly options: BuildOptions,
    private loaded: Loaded,
    private rebuiltMs = Number.NEGATIVE_INFINITY,
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

  /** Replaces the device. Concurrent callers wait for the same replacement. */
  private async replaceOnce(cause: unknown): Promise<void> {
    this.rebuilding ??= this.replace(cause).finally(() => {
      this.rebuilding = undefined;
    });
    await this.rebuilding;
  }

  private async replace(cause: unknown): Promise<void> {
    const { onRebuild, onRebuilt, rebuildsAfterMs = Number.POSITIVE_INFINITY, lostTwiceAdvice } = this.options;
    const reason = this.device.lossDetail ?? messageOf(cause);
    if (performance.now() - this.rebuiltMs < rebuildsAfterMs)
      throw new DeviceError(
        `device: was lost a second time (${reason}). ${lostTwiceAdvice ?? 'Choose another adapter with --adapter, or check this one with `raycam doctor`'}`,
        { cause },
      );
    this.rebuiltMs = performance.now();
    onRebuild?.(reason);
    this.device.dispose();
    this.loaded = await load(await Device.open(this.options), this.backbone, this.options);
    onRebuilt?.(this);
  }
}
