import { DeviceError } from '../errors.ts';
import type { AdapterChoice, FoundAdapter } from '../runtime/adapter.ts';

/** @throws DeviceError  the page has no WebGPU, or no adapter */
export async function requestGpuAdapter(choice: AdapterChoice): Promise<FoundAdapter> {
  if (!navigator.gpu)
    throw new DeviceError(
      'device: this browser offers no WebGPU here. Use a current Chrome, Edge, Firefox or Safari, over https or on localhost',
    );
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    throw new DeviceError(
      'device: the browser has WebGPU but no adapter for it. Update the graphics driver, or start the browser with hardware acceleration on',
    );
  const software =
    adapter.info.isFallbackAdapter ||
    /swiftshader|llvmpipe|lavapipe/i.test(`${adapter.info.architecture} ${adapter.info.description}`);
  if (choice === 'gpu' && software)
    throw new DeviceError('device: this browser has a software adapter alone. Choose the adapter "auto"');
  return { adapter, kind: software ? 'software' : 'gpu', toggles: [] };
}
