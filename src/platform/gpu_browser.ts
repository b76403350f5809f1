import { DeviceError } from '../errors/index.ts';
import type { AdapterChoice, AdapterOptions, FoundAdapter } from './types.ts';

/**
 * Finds an adapter; `requestWasm` opens the wasm adapter. `swiftshader` accepts any adapter that the page has.
 *
 * @throws DeviceError  the page has no WebGPU, or no adapter of that kind
 */
export async function requestGpuAdapter(
  choice: AdapterChoice,
  _options: AdapterOptions,
  requestWasm: () => Promise<FoundAdapter>,
): Promise<FoundAdapter> {
  if (choice === 'wasm') return requestWasm();
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  const kind = adapter && isSoftware(adapter.info) ? 'software' : 'gpu';
  if (adapter && (kind === 'gpu' || choice === 'swiftshader')) return { adapter, kind, toggles: [] };
  if (choice === 'auto') return requestWasm();
  throw new DeviceError(
    navigator.gpu
      ? 'device: the browser has WebGPU but no suitable adapter. Update the graphics driver, turn on hardware acceleration in the browser, or choose the adapter "wasm"'
      : 'device: this browser does not offer WebGPU here. Use a current Chrome, Edge, Firefox or Safari, over https or on localhost, or choose the adapter "wasm"',
  );
}

function isSoftware({ isFallbackAdapter, architecture, description }: GPUAdapterInfo): boolean {
  return isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(`${architecture} ${description}`);
}
