import { afterEach, expect, it, vi } from 'vitest';
import { DeviceError } from '../../src/errors/index.ts';
import { Device } from '../../src/runtime/device.ts';

afterEach(() => vi.unstubAllEnvs());

it.runIf(process.platform === 'linux')('says what to do if no driver offers a GPU', async () => {
  vi.stubEnv('VK_ICD_FILENAMES', '/nonexistent/icd.json'); // hides the drivers that the machine may have
  await expect(Device.open({ adapter: 'gpu' })).rejects.toThrow(
    new DeviceError(
      'device: no GPU that WebGPU can use was found here. Install its Vulkan driver, or run with --adapter wasm',
    ),
  );
});
