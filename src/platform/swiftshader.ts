import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { UnpackSync } from 'tar';
import { DeviceError } from '../errors/index.ts';
import { cacheDirectory } from './node_environment.ts';

const OTHER_WAYS =
  'Install a Vulkan driver (Debian and Ubuntu: apt install mesa-vulkan-drivers), or point VK_ICD_FILENAMES to one';

/**
 * Runs `work` with SwiftShader, a Vulkan driver that runs on the CPU, as the driver that Dawn finds.
 * On Linux x64 the npm package `@sparticuz/chromium` includes it. On other systems, or to use another software driver,
 * set VK_ICD_FILENAMES.
 *
 * @throws DeviceError  no SwiftShader is available for this system
 */
export async function withSwiftShader<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.env.VK_ICD_FILENAMES) return work();
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new DeviceError(
      `device: SwiftShader is bundled for Linux on x64 only, this is ${process.platform} on ${process.arch}. ${OTHER_WAYS}`,
    );
  const folder = unpackChromiumArchive('swiftshader.tar.br');
  loadVulkan(join(folder, 'libvulkan.so.1'));
  process.env.VK_ICD_FILENAMES = join(folder, 'vk_swiftshader_icd.json');
  try {
    return await work();
  } finally {
    delete process.env.VK_ICD_FILENAMES;
  }
}

/** Loads the Vulkan loader. Dawn opens it by its soname, so once loaded here it needs no system package. */
function loadVulkan(path: string): void {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
  const RTLD_NODELETE = 0x1000;
  try {
    process.dlopen({ exports: {} }, path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  } catch {
    // It is not a Node addon ("did not self-register"), but stays loaded.
  }
}

/**
 * Unpacks one archive of `@sparticuz/chromium` into the cache directory, once, and returns its folder.
 *
 * @throws DeviceError  the package is not installed
 */
export function unpackChromiumArchive(archive: string): string {
  const { root, version } = chromiumPackage();
  const folder = join(cacheDirectory(), `${archive.split('.')[0]}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheDirectory(), { recursive: true });
  const temporary = mkdtempSync(join(cacheDirectory(), 'unpacking-'));
  try {
    new UnpackSync({ cwd: temporary }).end(brotliDecompressSync(readFileSync(join(root, 'bin', archive))));
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // otherwise another process was faster
  }
  return folder;
}

/** Returns where `@sparticuz/chromium` is installed. @throws DeviceError */
export function chromiumPackage(): { root: string; version: string } {
  try {
    const root = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '../..');
    return { root, version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version };
  } catch (error) {
    throw new DeviceError(
      `device: the optional package @sparticuz/chromium, which provides SwiftShader, is not installed. ${OTHER_WAYS}`,
      { cause: error },
    );
  }
}
