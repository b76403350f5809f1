import { existsSync, readdirSync } from 'node:fs';
import { create } from 'webgpu';
import { DeviceError } from '../errors/index.ts';
import { withSwiftShader } from './swiftshader.ts';
import type { AdapterChoice, AdapterOptions, FoundAdapter } from './types.ts';

/**
 * Dawn's toggles for software adapters. There the CPU pays for every bounds check, once per lane. The tests run all
 * kernels with the checks on (in Chromium), and with guard values around their outputs.
 */
const SOFTWARE_TOGGLES = ['disable_robustness', 'disable_workgroup_init'];

/** Returns Dawn's toggles: nanosecond timestamps, which pages may not have, and those that the adapter needs. */
function togglesOf(kind: 'gpu' | 'software', { subgroupMatrix }: AdapterOptions): string[] {
  const enabled = [...(kind === 'software' ? SOFTWARE_TOGGLES : []), ...(subgroupMatrix ? ['allow_unsafe_apis'] : [])];
  return [
    'disable-dawn-features=timestamp_quantization',
    ...(enabled.length > 0 ? [`enable-dawn-features=${enabled.join()}`] : []),
  ];
}

/**
 * Dawn's instances, one per set of toggles. They are never released: unloading a driver while another device runs on
 * it crashes the process.
 */
const instances = new Map<string, GPU>();

/**
 * Finds an adapter; `requestWasm` opens the wasm adapter.
 *
 * @throws DeviceError  there is no adapter of that kind; the message says which to choose
 */
export async function requestGpuAdapter(
  choice: AdapterChoice,
  options: AdapterOptions,
  requestWasm: () => Promise<FoundAdapter>,
): Promise<FoundAdapter> {
  if (choice === 'wasm') return requestWasm();
  if (choice !== 'swiftshader') {
    const found = mayHaveGpu() ? await request(togglesOf('gpu', options)) : undefined;
    if (found?.kind === 'gpu') return found;
    if (choice === 'gpu')
      throw new DeviceError(
        'device: no GPU that WebGPU can use was found here. Install its Vulkan driver, or run with --adapter wasm',
      );
    return requestWasm();
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

/** Reports whether a Vulkan driver may be installed. Without one, Dawn prints warnings when an adapter is requested. */
function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  if (process.env.VK_ICD_FILENAMES || process.env.VK_DRIVER_FILES) return true;
  return ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'].some(
    folder => existsSync(folder) && readdirSync(folder).some(file => file.endsWith('.json')),
  );
}
