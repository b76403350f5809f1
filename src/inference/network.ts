import { ResNet } from '../nn/resnet.ts';
import { Device, type DeviceOptions } from '../runtime/device.ts';
import type { Backbone } from '../weights/backbone.ts';

/** A device, a network's weights on it, and what the weights ask of an image: all that inference needs. */
export interface Network {
  readonly device: Device;
  readonly backbone: Backbone;
  readonly model: ResNet;
  /** Ends the device and closes the weights. */
  dispose(): Promise<void>;
}

export interface BuildOptions extends DeviceOptions {
  /** Called after each block, with how many of all are on the device. */
  readonly onLoad?: (loaded: number, total: number) => void;
  /** Weights at their own size, where a faster form takes more memory. */
  readonly compact?: boolean;
}

/** Opens an adapter and puts a backbone's weights onto it. The network owns both. @throws DeviceError | WeightsError */
export async function buildNetwork(backbone: Backbone, options: BuildOptions = {}): Promise<Network> {
  let device: Device | undefined;
  try {
    const opened = await Device.open(options);
    device = opened;
    const model = await ResNet.load(opened, backbone, { onProgress: options.onLoad, compact: options.compact });
    const dispose = async () => {
      opened.dispose();
      await backbone.close();
    };
    return { device: opened, backbone, model, dispose };
  } catch (error) {
    device?.dispose();
    await backbone.close();
    throw error;
  }
}
