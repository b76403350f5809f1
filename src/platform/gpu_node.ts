import { existsSync, readdirSync } from 'node:fs';
import { create } from 'webgpu';
import { DeviceError } from '../errors.ts';
import type { AdapterChoice, FoundAdapter } from '../runtime/adapter.ts';
import { loadSwiftShader } from './swiftshader.ts';

/** Timestamps to the nanosecond, which pages may not have. */
const COMMON_TOGGLES = ['disable-dawn-features=timestamp_quantization'];
/**
 * On a software adapter every bounds check is paid for by the CPU, once for each lane. Kernels are tested with the
 * checks on (in Chromium) and with guard values around their outputs.
 */
const SOFTWARE_TOGGLES = [
  'disable-dawn-features=timestamp_quantization',
  'enable-dawn-features=disable_robustness,disable_workgroup_init',
];

/** @throws DeviceError  there is no adapter of that kind; says which to take */
export async function requestGpuAdapter(choice: AdapterChoice): Promise<FoundAdapter> {
  if (choice !== 'swiftshader') {
    const found = mayHaveGpu() ? await request(COMMON_TOGGLES) : undefined;
    if (found?.kind === 'gpu' || (found && choice === 'gpu')) return found;
    if (choice === 'gpu')
      throw new DeviceError(
        'device: no GPU that WebGPU can use was found here. Install its Vulkan driver, or run with --adapter swiftshader',
      );
  }
  loadSwiftShader();
  const found = await request(SOFTWARE_TOGGLES);
  if (!found)
    throw new DeviceError(
      'device: SwiftShader was loaded but offers no adapter. Run `raycam doctor --debug` to see what Dawn says',
    );
  return found;
}

async function request(toggles: string[]): Promise<FoundAdapter | undefined> {
  // Dawn's instance must outlive its devices, and keeps the process alive for as long as it is referenced.
  let gpu: GPU | undefined = create(toggles);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return undefined;
  const { vendor, architecture } = adapter.info;
  const software =
    adapter.info.isFallbackAdapter ||
    /swiftshader|llvmpipe|lavapipe/i.test(`${vendor} ${architecture} ${adapter.info.description}`);
  return {
    adapter,
    kind: software ? 'software' : 'gpu',
    toggles,
    release: () => {
      gpu = undefined;
    },
  };
}

/** Where no driver is installed Dawn prints warnings: it is better not asked. */
function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  if (process.env.VK_ICD_FILENAMES || process.env.VK_DRIVER_FILES) return true;
  return ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'].some(
    folder => existsSync(folder) && readdirSync(folder).some(file => file.endsWith('.json')),
  );
}
