import { vi } from 'vitest';
import { Device } from '../../src/runtime/device.ts';
import type { WasmDevice } from '../../src/wasm/device/device.ts';

/**
 * What fails, at the n-th occasion:
 *
 *     memory    the wasm device cannot allocate memory, for a buffer or for a submit
 *     throws    createBuffer throws a RangeError, as browsers do
 *     mapping   mapAsync rejects
 *     pipeline  createComputePipelineAsync rejects
 *     loss      the device is lost, through a driver reset, right before any call
 */
export type Fault = 'memory' | 'throws' | 'mapping' | 'pipeline' | 'loss';

export const FAULTS: readonly Fault[] = ['memory', 'throws', 'mapping', 'pipeline', 'loss'];

export const RESET = 'the driver was reset';

const CALLS: Readonly<Record<Exclude<Fault, 'memory' | 'loss'>, string>> = {
  throws: 'createBuffer',
  mapping: 'mapAsync',
  pipeline: 'createComputePipelineAsync',
};

/** A wasm device on the calling thread that fails on demand. */
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

  /** Intercepts a device's calls; pass it as `observe` in `DeviceOptions`. */
  readonly observe = (gpu: GPUDevice): GPUDevice => {
    this.gpu = gpu as WasmDevice;
    // biome-ignore lint/complexity/useLiteralKeys: it is private
    const { heap } = this.gpu['context'];
    const allocate = heap.allocate.bind(heap);
    vi.spyOn(heap, 'allocate').mockImplementation(sizeBytes =>
      this.strikes('memory') ? undefined : allocate(sizeBytes),
    );
    return this.observed(gpu);
  };

  /** Returns the device's bytes in use, after emptying its buffer pool. */
  async usedBytes(): Promise<number> {
    await this.device.trim();
    await this.gpu.queue.onSubmittedWorkDone();
    return this.gpu.heapUse.usedBytes;
  }

  /** Makes the `at`-th occasion from now on fail; 0 only counts the occasions. */
  arm(fault: Fault, at: number): void {
    this.fault = fault;
    this.at = at;
    this.occasions = 0;
  }

  /** Occasions so far. */
  get count(): number {
    return this.occasions;
  }

  /** Stops the fault. Returns how many occasions there were. */
  disarm(): number {
    this.fault = undefined;
    return this.occasions;
  }

  private strikes(fault: Fault): boolean {
    return this.fault === fault && ++this.occasions === this.at;
  }

  /** Wraps an object to intercept its calls, and those of its queue and buffers. */
  private observed<Real extends object>(real: Real): Real {
    return new Proxy(real, {
      get: (_, name) => {
        const value = Reflect.get(real, name, real);
        if (name === 'queue') return this.observed(value as object);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          this.before(String(name));
          const result = value.apply(real, given);
          return name === 'createBuffer' ? this.observedBuffer(result) : result;
        };
      },
    });
  }

  /** Changes a buffer in place, because callers pass the original object back to the device. */
  private observedBuffer(buffer: GPUBuffer): GPUBuffer {
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
