import { DeviceError, firstLine } from '../errors/index.ts';

/** The loss of a device, and who waits for something that will never come after it. */
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

  /** Why, once it is known. `destroyed`: somebody asked for it. */
  get reason(): GPUDeviceLostReason | undefined {
    return this.info && (this.info.reason ?? 'unknown');
  }

  get error(): DeviceError | undefined {
    return this.info && lostError(this.info);
  }

  /**
   * The promise's value, or the loss, whichever comes first. `Promise.race` with a promise that lives as long as the device would keep
   * something of every call for as long.
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

  /** What a failure comes from: the loss, where that is what happened. The promise `lost` may be settled after calls have failed. */
  async explain(error: unknown): Promise<unknown> {
    if (!this.info) await new Promise(resolve => setTimeout(resolve));
    return this.error ?? error;
  }
}

function lostError(info: GPUDeviceLostInfo): DeviceError {
  return new DeviceError(
    `device: lost (${info.reason ?? 'unknown'}: ${firstLine(info.message)}). No result was kept. Run the command again, or choose another adapter with --adapter`,
  );
}
