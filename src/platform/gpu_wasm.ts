import { DeviceError, messageOf } from '../errors.ts';
import type { AdapterOptions, FoundAdapter } from '../runtime/adapter.ts';

/** The device that computes on WebAssembly, the same in Node and on a page. @throws DeviceError */
export async function requestWasm(options: AdapterOptions): Promise<FoundAdapter> {
  const { requestWasmAdapter } = await import('../wasm/index.ts'); // a GPU needs no compiler
  try {
    return { adapter: await requestWasmAdapter(options), kind: 'wasm', toggles: [] };
  } catch (error) {
    throw new DeviceError(`device: no WebAssembly to compute on (${messageOf(error)})`, {
      cause: error,
    });
  }
}
