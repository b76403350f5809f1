import { DeviceError } from '../errors.ts';
import type { AdapterChoice, AdapterOptions, FoundAdapter } from '../runtime/adapter.ts';
import { requestWasm } from './gpu_wasm.ts';

/** `swiftshader` is whatever adapter the page has. @throws DeviceError  the page has no WebGPU, or no adapter of that kind */
export async function requestGpuAdapter(choice: AdapterChoice, options: AdapterOptions = {}): Promise<FoundAdapter> {
  if (choice === 'wasm') return requestWasm(options);
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  const kind = adapter && isSoftware(adapter.info) ? 'software' : 'gpu';
  if (adapter && (kind === 'gpu' || choice === 'swiftshader')) return { adapter, kind, toggles: [] };
  if (choice === 'auto') return requestWasm(options);
  throw new DeviceError(
    navigator.gpu
      ? 'device: the browser has WebGPU but no such adapter for it. Update the graphics driver, start the browser with hardware acceleration on, or choose the adapter "wasm"'
      : 'device: this browser offers no WebGPU here. Use a current Chrome, Edge, Firefox or Safari, over https or on localhost, or choose the adapter "wasm"',
  );
}

function isSoftware({ isFallbackAdapter, architecture, description }: GPUAdapterInfo): boolean {
  return isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(`${architecture} ${description}`);
}
