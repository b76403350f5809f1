import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { codecsInBrowsers } from '../../scripts/codecs_in_browsers.mjs';
import { chromiumPackage, unpackChromiumArchive } from '../../src/platform/swiftshader.ts';
import { PATIENCE_MS } from './patience.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WEBGPU_ON_SWIFTSHADER = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];
/** Headers that allow a page to share memory between threads. */
const ISOLATION = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

export interface ChromiumOptions {
  /** Whether the browser has WebGPU, on SwiftShader; true by default. */
  readonly webgpu?: boolean;
  /** Headers of the page; those of an isolated page by default. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ChromiumPage {
  readonly page: Page;
  close(): Promise<void>;
}

/** Opens a page in headless Chromium that loads a bundle of `entry`, and waits until it sets `ready`. */
export async function openChromiumPage(
  entry: string,
  { webgpu = true, headers = ISOLATION }: ChromiumOptions = {},
): Promise<ChromiumPage> {
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['browser'],
    loader: { '.wgsl': 'text', '.wasm': 'binary' },
    plugins: [codecsInBrowsers],
    write: false,
    logLevel: 'error',
  });
  const server = await serve(bundle.outputFiles[0]!.text, headers);
  const browser = await launchChromium({ webgpu });
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', error => console.error(`page: ${error.message}`));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction('globalThis.ready === true', undefined, { timeout: PATIENCE_MS });
  const close = async () => {
    await browser.close();
    server.close();
  };
  return { page, close };
}

/** Launches the browser only, with WebGPU on SwiftShader or without WebGPU. */
export function launchChromium({ webgpu = true }: Pick<ChromiumOptions, 'webgpu'> = {}): Promise<Browser> {
  const { executablePath, libraries } = findChromium();
  const env = { ...process.env, ...(libraries && { LD_LIBRARY_PATH: libraries }) } as Record<string, string>;
  return chromium.launch({
    executablePath,
    timeout: PATIENCE_MS,
    args: [...FLAGS, ...(webgpu ? WEBGPU_ON_SWIFTSHADER : ['--disable-features=WebGPU'])],
    env,
  });
}

/**
 * Returns CHROMIUM_PATH, otherwise the Chromium in `@sparticuz/chromium` and the libraries that a minimal system lacks.
 */
function findChromium(): { executablePath: string; libraries?: string } {
  if (process.env.CHROMIUM_PATH) return { executablePath: process.env.CHROMIUM_PATH };
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('The tests include a Chromium for Linux on x64 only. Set CHROMIUM_PATH to your own');
  // Chromium looks for its graphics libraries next to the executable.
  const executablePath = join(unpackChromiumArchive('swiftshader.tar.br'), 'chromium');
  if (!existsSync(executablePath)) {
    const temporary = `${executablePath}.${process.pid}`;
    writeFileSync(temporary, brotliDecompressSync(readFileSync(join(chromiumPackage().root, 'bin', 'chromium.br'))));
    chmodSync(temporary, 0o755);
    renameSync(temporary, executablePath);
  }
  const { stdout } = spawnSync('ldd', [executablePath], { encoding: 'utf8' });
  if (!stdout?.includes('not found')) return { executablePath };
  return { executablePath, libraries: join(unpackChromiumArchive('al2023.tar.br'), 'lib') };
}

function serve(script: string, headers: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/bundle.js';
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript ? script : '<!doctype html><meta charset="utf-8"><script type="module" src="/bundle.js"></script>',
    );
  });
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
}
