import { requestGpuAdapter } from '#platform';
import { DeviceError, messageOf } from '../errors/index.ts';
import type { AdapterChoice, AdapterOptions, FoundAdapter } from './adapter.ts';

/** Returns the adapter for a choice: a GPU from the platform, or the wasm device. @throws DeviceError  there is none of that kind */
export function findAdapter(choice: AdapterChoice, options: AdapterOptions = {}): Promise<FoundAdapter> {
  return requestGpuAdapter(choice, options, () => requestWasm(options));
}

/** The wasm device, the same in Node and in a page. It is imported only when used: a GPU needs no compiler. */
async function requestWasm(options: AdapterOptions): Promise<FoundAdapter> {
  const { requestWasmAdapter } = await import('../wasm/index.ts');
  try {
    const adapter = await requestWasmAdapter(options);
    return { adapter, kind: 'wasm', toggles: [], threads: adapter.threads };
  } catch (error) {
    throw new DeviceError(`device: WebAssembly cannot compute here (${messageOf(error)})`, { cause: error });
  }
}
