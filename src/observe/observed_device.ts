import { Device, type DeviceOptions } from '../runtime/device.ts';
import { Observer } from './observer.ts';

export interface ObservedDevice {
  readonly device: Device;
  readonly observer: Observer;
}

/**
 * Opens a device whose passes all go through an observer. It never encodes commands ahead of the run they belong to.
 * @throws DeviceError
 */
export async function openObserved(options: DeviceOptions): Promise<ObservedDevice> {
  const observer = new Observer();
  const device = await Device.open({ ...options, observe: observer.attach });
  device.encodesAhead = false;
  return { device, observer };
}
