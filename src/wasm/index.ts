/**
 * A WebGPU compute device that needs no GPU: it compiles WGSL to WebAssembly SIMD and runs it on threads that share one
 * memory.
 *
 *     const adapter = await requestWasmAdapter();
 *     const device = await adapter.requestDevice();
 *
 * The device implements WebGPU's API: buffers, shader modules, compute pipelines, bind groups, encoders, the queue,
 * error scopes, timestamps and `lost`. It does not support textures, samplers and rendering: these calls throw a
 * NotSupportedError, and WGSL that uses textures or samplers is rejected.
 *
 * It differs from a GPU in these points:
 *
 * - `createShaderModule` only parses WGSL. Pipeline creation does the full checks, so type errors are reported when a
 *   pipeline is created; from then on, `getCompilationInfo` returns them too.
 * - `getMappedRange` returns copies, which `unmap` writes back. It returns copies because `unmap` must detach the
 *   ArrayBuffer, and a part of WebAssembly's memory cannot be detached.
 * - A dispatch has at most 2^30 workgroups.
 * - A page can share memory between threads only if it is served with `Cross-Origin-Opener-Policy: same-origin` and
 *   `Cross-Origin-Embedder-Policy: require-corp`. Otherwise everything runs on the calling thread, in time slices.
 * - `device.destroy()` ends the threads. In Node, idle threads do not keep the process alive.
 */
import { compileKernel } from './compiler/index.ts';
import { parseModule } from './compiler/parse/parser.ts';
import { createWasmAdapter, type WasmAdapterOptions, type WasmGpuAdapter } from './device/adapter.ts';

export { BUFFER_USAGE, MAP_MODE, SHADER_STAGE } from './device/constants.ts';
export {
  GPUInternalError,
  GPUOutOfMemoryError,
  GPUPipelineError,
  GPUUncapturedErrorEvent,
  GPUValidationError,
} from './device/errors.ts';
export type { HeapUse } from './device/execution/heap.ts';
export type { WasmAdapterOptions, WasmGpuAdapter };

/**
 * Returns an adapter that computes in WebAssembly. Each adapter creates one device.
 *
 * @throws DOMException  NotSupportedError: this engine's WebAssembly lacks SIMD
 * @throws RangeError  threads is not a whole number from 0 to 64
 */
export async function requestWasmAdapter({
  threads,
  relaxedSimd,
  wideSimd,
}: WasmAdapterOptions = {}): Promise<WasmGpuAdapter> {
  return createWasmAdapter({ threads, relaxedSimd, wideSimd, compile: compileKernel, check: parseModule });
}
