import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PageServer, startPageServer } from '../../src/server/page_server.ts';
import { WeightsDesk } from '../../src/server/weights_desk.ts';
import { saveSafetensors } from '../../src/weights/safetensors_writer.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';
import { ZOO } from '../../src/weights/zoo.ts';
import { root, temporaryFolder } from '../cli/run.ts';
import { messageOf } from '../platform/helpers.ts';

const temporary = temporaryFolder();
const folder = join(temporary, 'web');
const weightsFile = join(temporary, 'own weights', 'own.safetensors');
const HEAD = 'chest_xray.resnet50.caffe_in1k.safetensors';
let server: PageServer;

beforeAll(async () => {
  const sample = join(folder, 'sample/chest_xray');
  for (const path of ['assets', 'heads', 'sample/chest_xray/test/NORMAL', 'sample/chest_xray/train'])
    mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets/main-ABCDEF12.js'), 'export {};');
  writeFileSync(join(temporary, 'secret.txt'), 'secret');
  copyFileSync(join(root, 'heads', HEAD), join(folder, 'heads', HEAD));
  const image = 'test/NORMAL/IM-0011-0001.jpeg';
  copyFileSync(join(root, 'sample/chest_xray', image), join(sample, image));
  mkdirSync(join(temporary, 'own weights'));
  const pieces: Uint8Array[] = [];
  await saveSafetensors(
    { write: async piece => void pieces.push(piece) },
    syntheticBackbone('resnet18').stateDict.values(),
  );
  writeFileSync(weightsFile, Buffer.concat(pieces));
  const weights = new WeightsDesk({ folder, cacheDir: join(temporary, 'cache'), weightsFile, offline: true });
  server = await startPageServer({ folder, host: '127.0.0.1', port: 0, weights });
});
afterAll(() => server?.close());

const get = (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init);

/** Sends a request exactly as written, which `fetch` would normalise. Returns the status. */
function raw(text: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', chunk => {
      answer += chunk;
      const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
      if (!status) return;
      socket.destroy();
      resolve(Number(status));
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(0));
  });
}

describe('the page server', () => {
  it('serves the page with isolation headers and a strict policy', async () => {
    const response = await get('/');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html;charset=utf-8');
    const { headers } = response;
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-cache');
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|\*/);
  });

  it('lets browsers cache hashed files for good, and revalidate the rest', async () => {
    const script = await get('/assets/main-ABCDEF12.js');
    expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const image = await get('/sample/chest_xray/test/NORMAL/IM-0011-0001.jpeg');
    expect(image.headers.get('content-type')).toBe('image/jpeg');
    const again = await get('/sample/chest_xray/test/NORMAL/IM-0011-0001.jpeg', {
      headers: { 'if-none-match': image.headers.get('etag')! },
    });
    expect(again.status).toBe(304);
  });

  it('describes what it offers in raycam.json', async () => {
    const site = await (await get('/raycam.json')).json();
    expect(site).toMatchObject({
      model: 'file:own.safetensors',
      isLocal: true,
      canPull: false,
      weightsUrl: 'weights/',
    });
    expect(site.models[0]).toMatchObject({ architecture: 'resnet18', file: 'own.safetensors', isHere: true });
    expect(site.models[0].sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(site.heads).toEqual([{ name: HEAD, url: `heads/${HEAD}`, backbone: 'resnet50.caffe_in1k' }]);
    expect(site.images).toEqual([
      {
        name: 'IM-0011-0001.jpeg',
        label: 'NORMAL',
        split: 'test',
        url: 'sample/chest_xray/test/NORMAL/IM-0011-0001.jpeg',
        sha256: 'b870781f73e6f35100876664dd4007c420167e02d8cc456217b5cb43d3b06f2a',
      },
    ]);
  });

  it('serves weights by name, as a whole and in ranges', async () => {
    await get('/raycam.json');
    const whole = await get('/weights/own.safetensors', { method: 'HEAD' });
    expect(whole.status).toBe(200);
    const part = await get('/weights/own.safetensors', { headers: { range: 'bytes=0-7' } });
    expect(part.status).toBe(206);
    expect((await part.arrayBuffer()).byteLength).toBe(8);
    expect((await get('/weights/other.safetensors')).status).toBe(404);
  });

  it('rejects pulling an unknown network, and any network when offline', async () => {
    const headers = { origin: new URL(server.url).origin };
    const unknown = await (await get('/pull/nothing', { method: 'POST', headers })).json();
    const known = ZOO.map(({ id }) => id).join(', ');
    expect(unknown).toMatchObject({ state: 'failed', message: `unknown backbone "nothing". Known: ${known}` });
    await get('/pull/resnet18.tv_in1k_v1', { method: 'POST', headers });
    await expect
      .poll(async () => (await get('/pull/resnet18.tv_in1k_v1')).json())
      .toMatchObject({ state: 'failed', message: expect.stringContaining('cannot be fetched (offline mode is on)') });
    expect((await get('/pull/resnet18.tv_in1k_v1', { method: 'POST' })).status).toBe(403);
  });

  it.each(['/assets', '/assets/', '/sample/chest_xray/', '/weights/', '/weights', '/secret.txt', '/nothing', '/heads'])(
    'answers 404 at %s and lists no folder',
    async path => {
      const response = await get(path);
      expect([response.status, await response.text()]).toEqual([404, 'There is nothing at this address.\n']);
    },
  );

  it.each([
    ['a path out of the folder', 'GET /../secret.txt HTTP/1.1\r\nhost: localhost\r\n\r\n', 400],
    ['an encoded path out of the folder', 'GET /%2e%2e/secret.txt HTTP/1.1\r\nhost: localhost\r\n\r\n', 400],
    ['a path out of the weights folder', 'GET /weights/..%2f..%2fsecret.txt HTTP/1.1\r\nhost: localhost\r\n\r\n', 400],
    ['another name for this server', 'GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n', 421],
    ['an absolute URL', 'GET http://evil.example/ HTTP/1.1\r\nhost: localhost\r\n\r\n', 400],
    ['an address over 2,048 characters', `GET /${'a'.repeat(4000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`, 414],
    ['headers over 16 kB', `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['a request without a host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['data that is not HTTP', 'hello\r\n\r\n', 400],
    ['a POST with a body', 'POST /index.html HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\nhi', 405],
  ])('rejects %s', async (_, text, status) => {
    expect(await raw(text)).toBe(status);
  });

  it('says what to do if the port is in use', async () => {
    const { port } = new URL(server.url);
    const weights = new WeightsDesk({ folder, cacheDir: temporary });
    expect(await messageOf(startPageServer({ folder, host: '127.0.0.1', port: Number(port), weights }))).toBe(
      `serve: port ${port} of 127.0.0.1 cannot be opened (another program is using it). Choose another with --port or --host`,
    );
  });
});
