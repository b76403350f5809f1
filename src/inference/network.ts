import { ResNet } from '../nn/resnet.ts';
import { Device, type DeviceOptions } from '../runtime/device.ts';
import type { Backbone } from '../weights/backbone.ts';
import { type ResolveOptions, resolveBackbone } from '../weights/resolve_backbone.ts';

/** A device, a network's weights on it, and what the weights ask of an image: all that inference needs. */
export interface Network {
  readonly device: Device;
  readonly backbone: Backbone;
  readonly model: ResNet;
  dispose(): Promise<void>;
}

export interface NetworkOptions extends ResolveOptions, DeviceOptions {
  /** Called after each block, with how many of all are on the device. */
  readonly onLoad?: (loaded: number, total: number) => void;
}

/** Finds the weights, opens the adapter, and puts the one onto the other. @throws WeightsError | DeviceError | UsageError */
export async function openNetwork(options: NetworkOptions = {}): Promise<Network> {
  const backbone = await resolveBackbone(options);
  let device: Device | undefined;
  try {
    device = await Device.open(options);
    const model = await ResNet.load(device, backbone, { onProgress: options.onLoad });
    const opened = device;
    const dispose = async () => {
      opened.dispose();
      await backbone.close();
    };
    return { device, backbone, model, dispose };
  } catch (error) {
    device?.dispose();
    await backbone.close();
    throw error;
  }
}
