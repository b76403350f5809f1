import { allowRelaxedSimd, availableCores, canShareMemory, enableWideSimd, isWideSimdEnabled } from '#platform';
import type { SimdFeatures } from '../interface/compiled_kernel.ts';
import { WasmDevice } from './device.ts';
import { operationError } from './errors.ts';
import type { Executor } from './execution/executor.ts';
import { Heap } from './execution/heap.ts';
import { InlineExecutor } from './execution/inline_executor.ts';
import type { KernelCompiler, ShaderChecker } from './execution/kernel_handle.ts';
import { WorkerExecutor } from './execution/worker_executor.ts';
import { fusesMultiplyAdd, hasRelaxedSimd, hasSimd } from './features.ts';
import { ADAPTER_LIMITS, deviceLimits, supportedLimits } from './limits.ts';

/** More threads speed up a network's layers little, and each takes part in every barrier. */
const MOST_DEFAULT_THREADS = 8;
const MOST_THREADS = 64;

export interface WasmAdapterOptions {
  /**
   * The number of compute threads; by default the number of cores, at most 8. With 0, the calling thread computes in
   * time slices, between which other work can run. A page that may not share memory between threads always gets 0.
   */
  readonly threads?: number;
  /**
   * Whether multiply-add may round once instead of twice, if the engine has that instruction. Faster; true by default.
   */
  readonly relaxedSimd?: boolean;
  /**
   * Whether V8 may fuse pairs of 128-bit operations into 256-bit ones. This is nearly twice as fast, with bit-identical
   * results. It needs Node 24 to 26 on x86-64. The experimental V8 flag then applies to all WebAssembly that the
   * process compiles afterwards, so it is off by default; the `raycam` command turns it on.
   */
  readonly wideSimd?: boolean;
}

interface AdapterParts extends WasmAdapterOptions {
  readonly compile: KernelCompiler;
  readonly check?: ShaderChecker;
  /** The size that the memory may grow to; by default all that 32 bits can address. */
  readonly capacityBytes?: number;
}

/** The wasm device's adapter, which also tells its number of threads; 0 is the calling thread. */
export type WasmGpuAdapter = GPUAdapter & { readonly threads: number };

/** @throws DOMException | RangeError  this engine's WebAssembly lacks SIMD; the number of threads is out of range */
export function createWasmAdapter(parts: AdapterParts): WasmGpuAdapter {
  const { threads } = parts;
  if (!hasSimd()) throw new DOMException("This engine's WebAssembly lacks 128-bit SIMD", 'NotSupportedError');
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 0 || threads > MOST_THREADS))
    throw new RangeError(`threads must be a whole number from 0 to ${MOST_THREADS}, got ${threads}`);
  const mayRelax = parts.relaxedSimd ?? true;
  if (mayRelax) allowRelaxedSimd();
  const relaxedSimd = mayRelax && hasRelaxedSimd();
  const mayWiden = parts.wideSimd ?? isWideSimdEnabled();
  const wideSimd = mayWiden && relaxedSimd && fusesMultiplyAdd() && enableWideSimd();
  const wanted = threads ?? Math.min(availableCores(), MOST_DEFAULT_THREADS);
  return new WasmAdapter({
    ...parts,
    threads: canShareMemory() ? wanted : 0,
    relaxedSimd,
    wideSimd,
  });
}

/** Returns the adapter's architecture and the SIMD part of its description. */
function simdOf({ relaxedSimd, wideSimd }: SimdFeatures) {
  if (wideSimd) return { architecture: 'wasm-wide-simd', name: '256-bit SIMD' };
  return relaxedSimd
    ? { architecture: 'wasm-relaxed-simd', name: 'relaxed SIMD' }
    : { architecture: 'wasm-simd', name: 'SIMD' };
}

class WasmAdapter implements GPUAdapter {
  declare readonly __brand: 'GPUAdapter';
  readonly features: GPUSupportedFeatures = new Set(['core-features-and-limits', 'timestamp-query']);
  readonly limits = supportedLimits(ADAPTER_LIMITS);
  readonly info: GPUAdapterInfo;
  readonly threads: number;
  private consumed = false;

  constructor(private readonly parts: AdapterParts & Required<WasmAdapterOptions>) {
    const { threads } = parts;
    this.threads = threads;
    const { architecture, name } = simdOf(parts);
    const where = threads === 0 ? 'on the calling thread' : threads === 1 ? '1 thread' : `${threads} threads`;
    this.info = Object.freeze({
      vendor: 'raycam',
      architecture,
      device: '',
      description: `WebAssembly, ${where}, ${name}`,
      subgroupMinSize: 4,
      subgroupMaxSize: 128,
      isFallbackAdapter: true,
    }) as GPUAdapterInfo;
  }

  async requestDevice(descriptor: GPUDeviceDescriptor = {}): Promise<WasmDevice> {
    const features = new Set<string>(['core-features-and-limits']);
    for (const feature of descriptor.requiredFeatures ?? []) {
      if (!this.features.has(feature)) throw new TypeError(`requestDevice: feature '${feature}' is not supported`);
      features.add(feature);
    }
    const limits = deviceLimits(
      (descriptor.requiredLimits ?? {}) as Record<string, number | undefined>,
      ADAPTER_LIMITS,
    );
    if (this.consumed) throw operationError('adapter is "consumed": it has already been used to create a device');
    this.consumed = true;
    const { threads, relaxedSimd, wideSimd, compile, check, capacityBytes } = this.parts;
    const heap = new Heap(threads > 0, capacityBytes);
    let device: WasmDevice | undefined;
    const executor = await this.startExecutor(heap, error => device?.lose('unknown', error.message));
    device = new WasmDevice({
      label: descriptor.label,
      queueLabel: descriptor.defaultQueue?.label,
      adapterInfo: this.info,
      features,
      limits,
      simd: { relaxedSimd, wideSimd },
      compile,
      check,
      heap,
      executor,
    });
    return device;
  }

  /** Starts the threads. If a page's policy forbids workers, the calling thread computes instead. */
  private async startExecutor(heap: Heap, onFailure: (error: Error) => void): Promise<Executor> {
    const { threads } = this.parts;
    if (threads === 0) return new InlineExecutor(heap);
    try {
      return await WorkerExecutor.start({ heap, threads, onFailure });
    } catch {
      return new InlineExecutor(heap);
    }
  }
}
