import { DeviceError, firstLine } from '../errors/index.ts';

/** Tracks the loss of a device, and rejects the promises that wait for the device. */
export class Loss {
  private info: GPUDeviceLostInfo | undefined;
  private readonly waiting = new Set<(error: DeviceError) => void>();

  constructor(lost: Promise<GPUDeviceLostInfo>) {
    lost.then(info => {
      this.info = info;
      for (const reject of this.waiting) reject(lostError(info));
      this.waiting.clear();
    });
  }

  /** The reason, once the device is lost. `destroyed` means that the program destroyed it. */
  get reason(): GPUDeviceLostReason | undefined {
    return this.info && (this.info.reason ?? 'unknown');
  }

  /** The reason and the driver's message, once the device is lost: `unknown: the driver was reset`. */
  get detail(): string | undefined {
    return this.info && detailOf(this.info);
  }

  get error(): DeviceError | undefined {
    return this.info && lostError(this.info);
  }

  /**
   * Resolves with the promise's value, or rejects with the loss, whichever comes first. `Promise.race` would leak: it
   * adds a reaction to the long-lived `lost` promise for every call.
   *
   * @throws DeviceError  the device is lost
   */
  race<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      const settled = () => this.waiting.delete(reject);
      promise.then(
        value => {
          settled();
          if (this.error) reject(this.error);
          else resolve(value);
        },
        error => {
          settled();
          reject(error);
        },
      );
      if (this.error) reject(this.error);
    });
  }

  /**
   * Returns the loss if it caused the error, otherwise the error. `lost` may settle only after the calls that fail
   * because of the loss.
   */
  async explain(error: unknown): Promise<unknown> {
    if (!this.info) await new Promise(resolve => setTimeout(resolve));
    return this.error ?? error;
  }
}

function detailOf({ reason = 'unknown', message }: GPUDeviceLostInfo): string {
  return `${reason}: ${firstLine(message)}`;
}

function lostError(info: GPUDeviceLostInfo): DeviceError {
  return new DeviceError(
    `device: was lost (${detailOf(info)}). Run the command again, or choose another adapter with --adapter`,
  );
}
