import { DeviceError, messageOf } from '../errors.ts';
import { ResNet } from '../nn/resnet.ts';
import { Device, type DeviceOptions } from '../runtime/device.ts';
import type { Backbone } from '../weights/backbone.ts';

/** A device, a network's weights on it, and what the weights ask of an image: all that inference needs. */
export interface Network {
  readonly device: Device;
  readonly backbone: Backbone;
  readonly model: ResNet;
  /**
   * Puts the weights onto a fresh device, once; `device` and `model` are others afterwards. See `recovering`.
   *
   * @throws DeviceError  it has been done before
   */
  rebuild?(cause: unknown): Promise<void>;
  /** Ends the device and closes the weights. */
  dispose(): Promise<void>;
}

export interface BuildOptions extends DeviceOptions {
  /** Called after each block, with how many of all are on the device. */
  readonly onLoad?: (loaded: number, total: number) => void;
  /** Weights at their own size, where a faster form takes more memory. */
  readonly compact?: boolean;
  /** Told why the network is built anew: its device was lost. */
  readonly onRebuild?: (reason: string) => void;
}

/** Opens an adapter and puts a backbone's weights onto it. The network owns both. @throws DeviceError | WeightsError */
export async function buildNetwork(backbone: Backbone, options: BuildOptions = {}): Promise<Network> {
  try {
    return new BuiltNetwork(backbone, options, await load(backbone, options));
  } catch (error) {
    await backbone.close();
    throw error;
  }
}

type Loaded = Pick<Network, 'device' | 'model'>;

async function load(backbone: Backbone, options: BuildOptions): Promise<Loaded> {
  const device = await Device.open(options);
  try {
    const model = await ResNet.load(device, backbone, { onProgress: options.onLoad, compact: options.compact });
    return { device, model };
  } catch (error) {
    device.dispose();
    throw error;
  }
}

class BuiltNetwork implements Network {
  private rebuilding: Promise<void> | undefined;

  constructor(
    readonly backbone: Backbone,
    private readonly options: BuildOptions,
    private loaded: Loaded,
  ) {}

  get device(): Device {
    return this.loaded.device;
  }

  get model(): ResNet {
    return this.loaded.model;
  }

  /** Callers that lose the device together wait for one and the same. */
  async rebuild(cause: unknown): Promise<void> {
    const lost = this.loaded.device;
    this.rebuilding ??= this.replace(cause);
    await this.rebuilding;
    if (this.loaded.device === lost)
      throw new DeviceError(
        `device: lost a second time (${messageOf(cause)}). Choose another adapter with --adapter, and see \`raycam doctor\``,
        { cause },
      );
  }

  async dispose(): Promise<void> {
    this.device.dispose();
    await this.backbone.close();
  }

  private async replace(cause: unknown): Promise<void> {
    this.options.onRebuild?.(messageOf(cause));
    this.loaded.device.dispose();
    this.loaded = await load(this.backbone, this.options);
  }
}
