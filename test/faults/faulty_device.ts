import { vi } from 'vitest';
import { Device } from '../../src/runtime/device.ts';
import type { WasmDevice } from '../../src/wasm/device/device.ts';

/**
 * What goes wrong, at the n-th occasion:
 *
 *     memory    an allocation of the wasm device finds none: a buffer, or what a submit needs for itself
 *     throws    createBuffer throws a RangeError, as browsers do
 *     mapping   mapAsync rejects
 *     pipeline  createComputePipelineAsync rejects
 *     loss      the device is lost, by a driver's reset, right before a call of any kind
 */
export type Fault = 'memory' | 'throws' | 'mapping' | 'pipeline' | 'loss';

export const FAULTS: readonly Fault[] = ['memory', 'throws', 'mapping', 'pipeline', 'loss'];

export const RESET = 'the driver was reset';

const CALLS: Readonly<Record<Exclude<Fault, 'memory' | 'loss'>, string>> = {
  throws: 'createBuffer',
  mapping: 'mapAsync',
  pipeline: 'createComputePipelineAsync',
};

/** A Device on WebAssembly, computing on the calling thread, that fails when it is told to. */
export class FaultyDevice {
  device!: Device;
  private gpu!: WasmDevice;
  private fault: Fault | undefined;
  private occasions = 0;
  private at = 0;

  static async open(): Promise<FaultyDevice> {
    const faulty = new FaultyDevice();
    faulty.device = await Device.open({ adapter: 'wasm', threads: 0, observe: faulty.observe });
    return faulty;
  }

  /** Stands between a device and whoever opened it, for `DeviceOptions`. */
  readonly observe = (gpu: GPUDevice): GPUDevice => {
    this.gpu = gpu as WasmDevice;
    // biome-ignore lint/complexity/useLiteralKeys: it is private
    const { heap } = this.gpu['context'];
    const allocate = heap.allocate.bind(heap);
    vi.spyOn(heap, 'allocate').mockImplementation(sizeBytes =>
      this.strikes('memory') ? undefined : allocate(sizeBytes),
    );
    return this.watched(gpu);
  };

  /** Bytes of the device that are in use, with nothing kept for later. */
  async usedBytes(): Promise<number> {
    await this.device.trim();
    await this.gpu.queue.onSubmittedWorkDone();
    return this.gpu.heapUse.usedBytes;
  }

  /** From now on the `at`-th occasion fails; 0 counts them, and lets all pass. */
  arm(fault: Fault, at: number): void {
    this.fault = fault;
    this.at = at;
    this.occasions = 0;
  }

  /** How many occasions there have been. */
  get count(): number {
    return this.occasions;
  }

  /** Returns how many occasions there were. */
  disarm(): number {
    this.fault = undefined;
    return this.occasions;
  }

  private strikes(fault: Fault): boolean {
    return this.fault === fault && ++this.occasions === this.at;
  }

  /** The object, its calls watched, and those of what it gives. */
  private watched<Real extends object>(real: Real): Real {
    return new Proxy(real, {
      get: (_, name) => {
        const value = Reflect.get(real, name, real);
        if (name === 'queue') return this.watched(value as object);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          this.before(String(name));
          const result = value.apply(real, given);
          return name === 'createBuffer' ? this.watchedBuffer(result) : result;
        };
      },
    });
  }

  /** A buffer is handed back to the device as it is, so it is changed in place. */
  private watchedBuffer(buffer: GPUBuffer): GPUBuffer {
    const map = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = async (...given) => {
      this.before('mapAsync');
      return map(...given);
    };
    return buffer;
  }

  private before(call: string): void {
    if (this.strikes('loss')) this.gpu.lose('unknown', RESET);
    for (const [fault, name] of Object.entries(CALLS))
      if (name === call && this.strikes(fault as Fault)) {
        if (fault === 'throws') throw new RangeError('createBuffer failed, size is too large for the implementation');
        throw new DOMException(`${call} failed`, fault === 'mapping' ? 'OperationError' : 'GPUPipelineError');
      }
  }
}
