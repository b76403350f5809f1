import { Device, type DeviceOptions } from '../runtime/device.ts';
import { Observer } from './observer.ts';

export interface WatchedDevice {
  readonly device: Device;
  readonly observer: Observer;
}

/** A device whose every pass goes by an observer: none is encoded before the run that it belongs to. @throws DeviceError */
export async function openWatched(options: DeviceOptions): Promise<WatchedDevice> {
  const observer = new Observer();
  const device = await Device.open({ ...options, observe: observer.attach });
  device.encodesAhead = false;
  return { device, observer };
}
