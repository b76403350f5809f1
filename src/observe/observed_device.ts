import { Device, type DeviceOptions } from '../runtime/device.ts';
import { Observer } from './observer.ts';

export interface ObservedDevice {
  readonly device: Device;
  readonly observer: Observer;
}

/** A device whose every pass goes by an observer: none is encoded before the run that it belongs to. @throws DeviceError */
export async function openObserved(options: DeviceOptions): Promise<ObservedDevice> {
  const observer = new Observer();
  const device = await Device.open({ ...options, observe: observer.attach });
  device.encodesAhead = false;
  return { device, observer };
}
