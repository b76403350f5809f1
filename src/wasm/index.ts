/**
 * A WebGPU compute device without a GPU: WGSL compiled to WebAssembly SIMD, run on threads that share one memory.
 *
 *     const adapter = await requestWasmAdapter();
 *     const device = await adapter.requestDevice();
 *
 * From there on it is WebGPU: buffers, shader modules, compute pipelines, bind groups, encoders, the queue, error scopes, timestamps,
 * `lost`. What it has not: textures, samplers, rendering (calls for them throw a NotSupportedError), and the WGSL that goes with them.
 *
 * Where it differs from a GPU:
 *
 * - WGSL is parsed when a shader module is made, and checked in full when a pipeline is: errors of types come with the pipeline,
 *   and from then on with `getCompilationInfo`.
 * - `getMappedRange` gives copies that `unmap` writes back, since WebAssembly's memory cannot be cut in pieces.
 * - A dispatch has 2^30 workgroups at most.
 * - A page shares memory between threads only where it is served with `Cross-Origin-Opener-Policy: same-origin` and
 *   `Cross-Origin-Embedder-Policy: require-corp`; without them everything runs on the calling thread, in slices.
 * - `device.destroy()` ends the threads. In Node they keep no process alive, unless they work.
 */
import { compileKernel } from './compiler/index.ts';
import { parseModule } from './compiler/parse/parser.ts';
import { createWasmAdapter, type WasmAdapterOptions } from './device/adapter.ts';

export { BUFFER_USAGE, MAP_MODE, SHADER_STAGE } from './device/constants.ts';
export {
  GPUInternalError,
  GPUOutOfMemoryError,
  GPUPipelineError,
  GPUUncapturedErrorEvent,
  GPUValidationError,
} from './device/errors.ts';
export type { HeapUse } from './device/execution/heap.ts';
export type { WasmAdapterOptions };

/**
 * The adapter that computes on WebAssembly. Each adapter gives one device.
 *
 * @throws DOMException  NotSupportedError: this engine's WebAssembly has no SIMD
 */
export async function requestWasmAdapter({
  threads,
  relaxedSimd,
  wideSimd,
}: WasmAdapterOptions = {}): Promise<GPUAdapter> {
  return createWasmAdapter({ threads, relaxedSimd, wideSimd, compile: compileKernel, check: parseModule });
}
