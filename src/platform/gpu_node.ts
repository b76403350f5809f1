import { existsSync, readdirSync } from 'node:fs';
import { create } from 'webgpu';
import { DeviceError } from '../errors.ts';
import type { AdapterChoice, AdapterOptions, FoundAdapter } from '../runtime/adapter.ts';
import { requestWasm } from './gpu_wasm.ts';
import { withSwiftShader } from './swiftshader.ts';

/**
 * On a software adapter every bounds check is paid for by the CPU, once for each lane. Kernels are tested with the
 * checks on (in Chromium) and with guard values around their outputs.
 */
const SOFTWARE_TOGGLES = ['disable_robustness', 'disable_workgroup_init'];

/** Timestamps to the nanosecond, which pages may not have; and what else Dawn is to switch on. */
function togglesOf(kind: 'gpu' | 'software', { subgroupMatrix }: AdapterOptions): string[] {
  const enabled = [...(kind === 'software' ? SOFTWARE_TOGGLES : []), ...(subgroupMatrix ? ['allow_unsafe_apis'] : [])];
  return [
    'disable-dawn-features=timestamp_quantization',
    ...(enabled.length > 0 ? [`enable-dawn-features=${enabled.join()}`] : []),
  ];
}

/**
 * Dawn's instances, one for each set of switches. They are never let go of: a driver that is unloaded while another
 * device runs on it takes the process down.
 */
const instances = new Map<string, GPU>();

/** @throws DeviceError  there is no adapter of that kind; says which to take */
export async function requestGpuAdapter(choice: AdapterChoice, options: AdapterOptions = {}): Promise<FoundAdapter> {
  if (choice === 'wasm') return requestWasm(options);
  if (choice !== 'swiftshader') {
    const found = mayHaveGpu() ? await request(togglesOf('gpu', options)) : undefined;
    if (found?.kind === 'gpu') return found;
    if (choice === 'gpu')
      throw new DeviceError(
        'device: no GPU that WebGPU can use was found here. Install its Vulkan driver, or run with --adapter wasm',
      );
    return requestWasm(options);
  }
  const found = await withSwiftShader(() => request(togglesOf('software', options)));
  if (!found)
    throw new DeviceError(
      'device: SwiftShader was loaded but offers no adapter. Run `raycam doctor --debug` to see what Dawn says',
    );
  return found;
}

async function request(toggles: string[]): Promise<FoundAdapter | undefined> {
  const key = toggles.join();
  const gpu = instances.get(key) ?? create(toggles);
  instances.set(key, gpu);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return undefined;
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const isSoftware =
    isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(`${vendor} ${architecture} ${description}`);
  return { adapter, kind: isSoftware ? 'software' : 'gpu', toggles };
}

/** Where no driver is installed Dawn prints warnings: it is better not asked. */
function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  if (process.env.VK_ICD_FILENAMES || process.env.VK_DRIVER_FILES) return true;
  return ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'].some(
    folder => existsSync(folder) && readdirSync(folder).some(file => file.endsWith('.json')),
  );
}
