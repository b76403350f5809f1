import { requestGpuAdapter } from '#platform';
import { DeviceError, messageOf } from '../errors/index.ts';
import type { AdapterChoice, AdapterOptions, FoundAdapter } from './adapter.ts';

/**
 * Returns the adapter for a choice: a GPU from the platform, or `wasm`.
 *
 * @throws DeviceError  there is no such adapter
 */
export function findAdapter(choice: AdapterChoice, options: AdapterOptions = {}): Promise<FoundAdapter> {
  return requestGpuAdapter(choice, options, () => requestWasm(options));
}

/**
 * Returns the adapter `wasm`, which is the same in Node and in a page. It is imported only if used: a GPU does not need
 * our compiler.
 */
async function requestWasm(options: AdapterOptions): Promise<FoundAdapter> {
  const { requestWasmAdapter } = await import('../wasm/index.ts');
  try {
    const adapter = await requestWasmAdapter(options);
    return { adapter, kind: 'wasm', toggles: [], threads: adapter.threads };
  } catch (error) {
    throw new DeviceError(`device: the adapter wasm cannot be opened (${messageOf(error)})`, { cause: error });
  }
}
