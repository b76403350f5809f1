import { allowRelaxedSimd, availableCores, canShareMemory, enableWideSimd, isWideSimdEnabled } from '#platform';
import type { SimdFeatures } from '../compiled_kernel.ts';
import { WasmDevice } from './device.ts';
import { operationError } from './errors.ts';
import type { Executor } from './execution/executor.ts';
import { Heap } from './execution/heap.ts';
import { InlineExecutor } from './execution/inline_executor.ts';
import type { KernelCompiler, ShaderChecker } from './execution/kernel_handle.ts';
import { WorkerExecutor } from './execution/worker_executor.ts';
import { fusesMultiplyAdd, hasRelaxedSimd, hasSimd } from './features.ts';
import { ADAPTER_LIMITS, deviceLimits, supportedLimits } from './limits.ts';

/** More threads gain little on a network's layers, and cost a barrier each. */
const MOST_DEFAULT_THREADS = 8;
const MOST_THREADS = 64;

export interface WasmAdapterOptions {
  /**
   * How many threads compute; by default the cores that are there, and no more than 8. 0 computes on the calling thread, in slices
   * between which other work has its turn: this is also what a page gets that may not share memory between threads.
   */
  readonly threads?: number;
  /** Whether a product and its sum may be rounded once, where the engine has such an instruction: faster, and on unless said. */
  readonly relaxedSimd?: boolean;
  /**
   * Whether V8 may make operations of 256 bits of pairs of 128: nearly twice as fast, with the same results to the last bit, and in
   * Node 24 to 26 on x86-64 alone, by an experimental switch of V8's. It is on for all WebAssembly that the process compiles from
   * then on, so a program has to ask for it; `raycam` the command does.
   */
  readonly wideSimd?: boolean;
}

interface AdapterParts extends WasmAdapterOptions {
  readonly compile: KernelCompiler;
  readonly check?: ShaderChecker;
  /** Bytes that the memory may grow to; all that 32 bits can address unless said. */
  readonly capacityBytes?: number;
}

/** @throws DOMException  NotSupportedError: this engine's WebAssembly has no SIMD */
export function createWasmAdapter(parts: AdapterParts): GPUAdapter {
  const { threads } = parts;
  if (!hasSimd()) throw new DOMException('WebAssembly has no 128-bit SIMD here', 'NotSupportedError');
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

/** What the adapter calls it. */
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
  private consumed = false;

  constructor(private readonly parts: AdapterParts & Required<WasmAdapterOptions>) {
    const { threads } = parts;
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

  /** A page's policy may forbid workers: then the calling thread computes. */
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
