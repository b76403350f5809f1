import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DownloadRequest, download } from '../../src/weights/download.ts';
import { fileHandler, type Handler, serve, type TestServer } from './server.ts';

const CONTENT = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 31) ^ (i >> 7));

let folder: string;
let path: string;
let server: TestServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raycam-download-'));
  path = join(folder, 'file.bin');
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

async function from(handler: Handler, options: Partial<DownloadRequest> = {}) {
  server = await serve(handler);
  return download({ url: server.url, path, stallMs: 2000, ...options });
}

async function expectContent(part: { path: string }, content = CONTENT): Promise<void> {
  expect(Buffer.compare(await readFile(part.path), content)).toBe(0);
}

describe('download', () => {
  it('downloads the file and reports its progress', async () => {
    const seen: number[] = [];
    const part = await from(fileHandler(CONTENT), { onProgress: ({ receivedBytes }) => seen.push(receivedBytes) });
    await expectContent(part);
    expect(seen.at(-1)).toBe(CONTENT.length);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it('resumes where the connection was closed', async () => {
    const part = await from(fileHandler(CONTENT, { cutAfter: count => (count < 3 ? 1_200_000 : undefined) }));
    await expectContent(part);
    expect(server!.requests[0]).toBe('whole');
    expect(server!.requests.length).toBe(3);
    expect(server!.requests.slice(1).every(range => /^bytes=\d+-$/.test(range) && range !== 'bytes=0-')).toBe(true);
  });

  it('resumes the part of an aborted call', async () => {
    const controller = new AbortController();
    const onProgress = ({ receivedBytes }: { receivedBytes: number }) => {
      if (receivedBytes > 1_000_000) controller.abort();
    };
    const stopped = from(fileHandler(CONTENT, { cutAfter: count => (count === 1 ? 1_500_000 : undefined) }), {
      onProgress,
      signal: controller.signal,
    });
    await expect(stopped).rejects.toThrow(/aborted/);
    expect((await readFile(`${path}.part`)).length).toBeGreaterThan(1_000_000);
    await expectContent(await download({ url: server!.url, path }));
    expect(server!.requests[1]).toMatch(/^bytes=\d{7}-$/);
  });

  it('accepts a part that is already complete', async () => {
    await from(fileHandler(CONTENT));
    await expectContent(await download({ url: server!.url, path }));
    expect(server!.requests).toEqual(['whole', `bytes=${CONTENT.length}-`]);
  });

  it('starts over when the server ignores Range', async () => {
    const handler = fileHandler(CONTENT, {
      ignoreRange: true,
      cutAfter: count => (count === 1 ? 1_000_000 : undefined),
    });
    await expectContent(await from(handler));
  });

  it('starts over when the file on the server has changed', async () => {
    const other = CONTENT.map(byte => byte ^ 255);
    const first = fileHandler(CONTENT, { etag: '"old"', cutAfter: () => 1_000_000 });
    const second = fileHandler(other, { etag: '"new"' });
    await expectContent(await from((...call) => (call[2] === 1 ? first : second)(...call)), other);
  });

  it('does not resume without a strong ETag', async () => {
    const handler = fileHandler(CONTENT, { etag: 'W/"1"', cutAfter: count => (count === 1 ? 1_000_000 : undefined) });
    await expectContent(await from(handler));
    expect(server!.requests).toEqual(['whole', 'whole']);
  });

  it('retries when the server sends a different range than requested', async () => {
    const wrong: Handler = (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 5-9/10', 'content-length': 5 }).end('xxxxx');
    };
    const part = await from((...call) => (call[2] === 1 ? wrong : fileHandler(CONTENT))(...call));
    await expectContent(part);
  });

  it('follows redirects', async () => {
    const part = await from((request, response, count) => {
      if (request.url === '/file.bin') response.writeHead(302, { location: '/elsewhere' }).end();
      else fileHandler(CONTENT)(request, response, count);
    });
    await expectContent(part);
  });

  it('gives up on a body that is always shorter than its content-length', async () => {
    const handler: Handler = (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('short', () => response.destroy());
    };
    await expect(from(handler)).rejects.toThrow(/^127\.0\.0\.1:\d+: (the connection failed|closed the connection)/);
    expect(server!.requests.length).toBeLessThan(6);
  });

  it('gives up on a server that sends nothing, and says so', async () => {
    await expect(from(() => {}, { stallMs: 100 })).rejects.toThrow(/^127\.0\.0\.1:\d+: sent nothing for 0\.1 s$/);
  });

  it('retries after 503 but not after 404', async () => {
    await expectContent(
      await from((request, response, count) => {
        if (count === 1) response.writeHead(503).end();
        else fileHandler(CONTENT)(request, response, count);
      }),
    );
    await server!.close();
    await expect(from((_, response) => void response.writeHead(404).end())).rejects.toThrow(
      /: answered with status 404$/,
    );
    expect(server!.requests.length).toBe(1);
  });

  it('names the host that cannot be reached', async () => {
    server = await serve(() => {});
    const { url } = server;
    await server.close();
    await expect(download({ url, path })).rejects.toThrow(/^127\.0\.0\.1:\d+: cannot be reached \(ECONNREFUSED\)$/);
  });

  it('does not modify a part that another process writes to', async () => {
    const handler: Handler = (_, response, count) => {
      if (count > 1) return fileHandler(CONTENT)(_, response, count);
      response.writeHead(200, { 'content-length': CONTENT.length, etag: '"1"' });
      response.write(CONTENT.subarray(0, 1_500_000), async () => {
        await new Promise(resolve => setTimeout(resolve, 50));
        await writeFile(`${path}.part`, 'another process');
        response.end(CONTENT.subarray(1_500_000));
      });
    };
    const part = await from(handler);
    await expectContent(part);
    expect(part.path).not.toBe(`${path}.part`);
    expect((await readFile(`${path}.part`, 'utf8')).slice(0, 15)).toBe('another process');
  });

  it('completes two downloads of one file at once', async () => {
    server = await serve(fileHandler(CONTENT));
    const parts = await Promise.all([1, 2].map(() => download({ url: server!.url, path })));
    for (const part of parts) await expectContent(part);
    expect((await readdir(folder)).every(name => name.startsWith('file.bin.'))).toBe(true);
  });

  it('resumes after each of many interruptions', async () => {
    let sentBytes = 0;
    const handler = fileHandler(CONTENT, { cutAfter: count => (count < 9 ? 300_000 + 10_007 * count : undefined) });
    await expectContent(
      await from((request, response, count) => {
        sentBytes += CONTENT.length - Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
        handler(request, response, count);
      }),
    );
    expect(server!.requests.length).toBe(9);
    expect(sentBytes).toBeGreaterThan(CONTENT.length);
  });

  it('rejects a file whose content-length exceeds the limit, and stores nothing', async () => {
    await expect(from(fileHandler(CONTENT), { maxBytes: 1_000_000 })).rejects.toThrow(
      /^127\.0\.0\.1:\d+: sent more than 1\.0 MB$/,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('stops an endless body without a content-length', async () => {
    const endless: Handler = (_, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    await expect(from(endless, { maxBytes: 2_000_000 })).rejects.toThrow(/: sent more than 2\.0 MB$/);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['shorter than its body', -1000],
    ['longer than its body', 1000],
  ])('does not accept a content-length %s', async (_, difference) => {
    const liar: Handler = (_, response) => {
      // Written past Node's own check.
      response.socket!.end(
        Buffer.concat([
          Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${5000 + difference}\r\nconnection: close\r\n\r\n`),
          CONTENT.subarray(0, 5000),
        ]),
      );
    };
    const part = await from(liar).catch(error => error as Error);
    // A body that is cut to the given length is detected later, by its digest.
    if (part instanceof Error) expect(part.message).toMatch(/the connection failed|closed the connection/);
    else expect((await readFile(part.path)).length).toBe(4000);
  });

  it('gives up on a redirect loop', async () => {
    const circle: Handler = (_, response) => void response.writeHead(302, { location: '/file.bin' }).end();
    await expect(from(circle)).rejects.toThrow(/^127\.0\.0\.1:\d+: /);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([400, 401, 403, 404, 410, 451])('does not retry after %i', async status => {
    await expect(from((_, response) => void response.writeHead(status).end('no'))).rejects.toThrow(
      `answered with status ${status}`,
    );
    expect(server!.requests.length).toBe(1);
  });

  it('gives up after three attempts that return 500', async () => {
    await expect(from((_, response) => void response.writeHead(500).end())).rejects.toThrow(
      /answered with status 500$/,
    );
    expect(server!.requests.length).toBe(3);
  });

  it('requests no compression, and decompresses a compressed body', async () => {
    const part = await from((request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(CONTENT));
    });
    await expectContent(part);
  });
});
