import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import sirv from 'sirv';
import { expect } from 'vitest';
import { decodeImage } from '#platform';
import { buildWeb } from '../../scripts/build_web.mjs';
import type { Network } from '../../src/inference/network.ts';
import { Head, initialHead } from '../../src/nn/head.ts';
import { encodeHead, openHead } from '../../src/nn/head_file.ts';
import { TorchRandom } from '../../src/nn/torch_random.ts';
import { openNetwork } from '../../src/node.ts';
import { type PageServer, startPageServer } from '../../src/server/page_server.ts';
import { WeightsDesk, type WeightsDeskOptions } from '../../src/server/weights_desk.ts';
import { fileSha256 } from '../../src/weights/cache.ts';
import { saveSafetensors } from '../../src/weights/safetensors_writer.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';
import { root } from '../cli/run.ts';
import { launchChromium } from '../harness/chromium.ts';
import { PATIENCE_MS } from '../harness/patience.ts';

/** Two bundled X-rays, one of each class. */
export const XRAYS = [
  'sample/chest_xray/test/NORMAL/IM-0011-0001.jpeg',
  'sample/chest_xray/test/PNEUMONIA/person133_bacteria_635.jpeg',
].map(path => join(root, path));

export interface SiteOptions {
  /** Whether the browser has WebGPU, on SwiftShader; otherwise WebAssembly computes. */
  readonly webgpu: boolean;
  readonly desk?: Partial<WeightsDeskOptions>;
  /** Changes the built page, which a host then serves as static files, without headers of its own. */
  readonly isStatic?: (folder: string) => void;
}

export interface OpenSite {
  readonly url: string;
  readonly browser: Browser;
  /** The context that pages are opened in by default. */
  readonly context: BrowserContext;
  /** Opens a context for a new visitor: nothing stored, other settings. */
  visitor(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** The folder of the built page. */
  readonly folder: string;
  /** Faults of all pages: script errors, refused requests, and requests to other hosts. */
  readonly faults: string[];
  /** Opens a page at an address such as `#look`, and waits until its network is ready. */
  open(hash?: string, context?: BrowserContext): Promise<Page>;
  /** Opens a page without waiting. */
  visit(hash?: string, context?: BrowserContext): Promise<Page>;
  /** Opens the same network and head in Node, whose results the page must show. */
  library(): Promise<{ readonly network: Network; readonly head: Head; close(): Promise<void> }>;
  /** Stops the server; pages stay open. */
  stopServer(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the page, and opens its server and a headless Chromium. The network is a synthetic ResNet-18. */
export async function openSite({ webgpu, desk = {}, isStatic }: SiteOptions): Promise<OpenSite> {
  const temporary = mkdtempSync(join(tmpdir(), 'raycam-site-'));
  const folder = join(temporary, 'web');
  const [small, built] = await Promise.all([smallNetwork(), builtPage()]);
  cpSync(built, folder, { recursive: true });
  const weights = new WeightsDesk({
    folder,
    cacheDir: join(temporary, 'cache'),
    offline: true,
    weightsFile: small.weights,
    headFile: small.head,
    ...desk,
  });
  isStatic?.(folder);
  const server: PageServer = isStatic
    ? await startPlainServer(folder)
    : await startPageServer({ folder, host: '127.0.0.1', port: 0, weights });
  const browser = await launchChromium({ webgpu });
  const faults: string[] = [];
  const visitor = async (settings?: BrowserContextOptions) => {
    const visited = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...settings });
    visited.setDefaultTimeout(PATIENCE_MS);
    visited.on('page', page => {
      page.on('pageerror', error => faults.push(error.message));
      page.on('console', message => message.type() === 'error' && faults.push(message.text()));
      page.on('request', request => {
        const { protocol, origin } = new URL(request.url());
        if (protocol !== 'blob:' && origin !== new URL(server.url).origin) faults.push(`request to ${request.url()}`);
      });
    });
    return visited;
  };
  const context = await visitor();
  const visit = async (hash = '', visited = context) => {
    const page = await visited.newPage();
    const [view, query = ''] = hash.split('?', 2);
    const params = new URLSearchParams(query);
    if (webgpu && !params.has('adapter')) params.set('adapter', 'swiftshader');
    await page.goto(`${server.url}${view || '#look'}?${params}`);
    return page;
  };
  return {
    url: server.url,
    browser,
    context,
    folder,
    faults,
    visit,
    visitor,
    open: async (hash, visited) => {
      const page = await visit(hash, visited);
      await ready(page);
      return page;
    },
    library: async () => {
      const network = await openNetwork({ file: small.weights, adapter: 'wasm' });
      const head = new Head(network.device, (await openHead(small.head)).head);
      return { network, head, close: () => network.dispose() };
    },
    stopServer: () => server.close(),
    close: async () => {
      await browser.close();
      await server.close();
      rmSync(temporary, { recursive: true, force: true });
    },
  };
}

/** Waits until a network is open. @throws  it cannot be opened, with the notice of the page */
export async function ready(page: Page): Promise<void> {
  await page.locator('[data-testid=engine]:is([data-state=ready], [data-state=failed], [data-state=empty])').waitFor();
  const state = await page.getByTestId('engine').getAttribute('data-state');
  if (state !== 'ready') expect.fail(`the engine is ${state}: ${await page.getByTestId('notice').allTextContents()}`);
}

/** Returns the exact number of an element, once it has one. */
export async function numberOf(page: Page, testId: string): Promise<number> {
  const element = page.locator(`[data-testid="${testId}"][data-value]`);
  await element.waitFor({ state: 'attached' });
  return Number(await element.getAttribute('data-value'));
}

/** Returns the exact numbers of all current elements with a test id. */
export async function numbersOf(page: Page, testId: string): Promise<number[]> {
  const elements = await page.locator(`[data-testid="${testId}"][data-value]`).all();
  return Promise.all(elements.map(async element => Number(await element.getAttribute('data-value'))));
}

/** Reads an image file, and decodes it in Node. */
export async function xray(path: string) {
  return decodeImage(await readFile(path), basename(path));
}

let built: Promise<string> | undefined;

/** Builds the page once for all sites of a test file. */
function builtPage(): Promise<string> {
  built ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), 'raycam-web-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    await buildWeb({ out: folder });
    return folder;
  })();
  return built;
}

/** Weights arrive at 25 MB a second, so that there is time to estimate how long it takes. */
const PIECE = { bytes: 1_000_000, everyMs: 40 };

/** Starts a remote host of static files. */
async function startPlainServer(folder: string): Promise<PageServer> {
  const files = sirv(folder, { etag: true });
  const server = createServer((request, response) => {
    if (!request.url!.startsWith('/weights/')) return files(request, response);
    const bytes = readFileSync(join(folder, decodeURIComponent(request.url!)));
    response.writeHead(200, { 'content-length': bytes.length });
    void trickle(bytes, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

async function trickle(bytes: Buffer, response: ServerResponse): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += PIECE.bytes) {
    response.write(bytes.subarray(at, at + PIECE.bytes));
    await new Promise(resolve => setTimeout(resolve, PIECE.everyMs));
  }
  response.end();
}

/** Writes a synthetic network of 45 MB and a head, once for all test runs. */
export async function smallNetwork(): Promise<{ readonly weights: string; readonly head: string }> {
  const folder = join(tmpdir(), 'raycam-small-network-1');
  const [weights, head] = [join(folder, 'small.safetensors'), join(folder, 'small_head.safetensors')];
  if (!existsSync(head)) {
    const making = `${folder}.${process.pid}`;
    mkdirSync(making, { recursive: true });
    const pieces: Uint8Array[] = [];
    const { stateDict, preprocessing } = syntheticBackbone('resnet18');
    await saveSafetensors({ write: async bytes => void pieces.push(bytes) }, stateDict.values());
    writeFileSync(join(making, 'small.safetensors'), Buffer.concat(pieces));
    const random = new TorchRandom(3);
    const values = initialHead({ classes: ['NORMAL', 'PNEUMONIA'], featureCount: 512, random });
    const weightsHash = await fileSha256(join(making, 'small.safetensors'));
    const metadata = { backbone: 'file:small.safetensors', featuresOf: 'file:small.safetensors', weightsHash };
    const about = { preprocessing: { ...preprocessing }, training: {}, metrics: {} };
    writeFileSync(join(making, 'small_head.safetensors'), encodeHead(values, { ...metadata, ...about }));
    try {
      renameSync(making, folder);
    } catch {
      rmSync(making, { recursive: true, force: true }); // another test file was first
    }
  }
  readFileSync(head);
  return { weights, head };
}
