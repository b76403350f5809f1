/** Tests against a local registry that `audit` distinguishes findings, no findings, and no answer. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { audit } from '../../scripts/audit.mjs';

let server: Server | undefined;
afterEach(() => server?.close());

/** Starts a registry that only answers audits. Returns the packages of each request. */
async function registry(answer: (asked: Record<string, string[]>) => { status: number; body: object }) {
  const asked: Record<string, string[]>[] = [];
  server = createServer(async (request, response) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of request) pieces.push(piece);
    if (!request.url!.endsWith('/advisories/bulk')) return response.writeHead(404).end('{}');
    const body = Buffer.concat(pieces);
    const packages = JSON.parse(`${request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body}`);
    asked.push(packages);
    const { status, body: said } = answer(packages);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
  });
  await new Promise<void>(resolve => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const environment = { npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_fetch_retries: '0' };
  return { asked, environment };
}

it('reports clean if the registry knows no vulnerability', async () => {
  const { asked, environment } = await registry(() => ({ status: 200, body: {} }));
  expect(await audit([], environment)).toMatchObject({ state: 'clean' });
  expect(asked[0]).toHaveProperty('sharp');
  expect(asked[0]).toHaveProperty('vitest');
});

it('reports a vulnerability that the registry knows', async () => {
  const { environment } = await registry(({ tar }) => ({
    status: 200,
    body: {
      tar: [
        {
          id: 1,
          url: 'https://x.test/1',
          title: 'writes outside',
          severity: 'high',
          vulnerable_versions: `<=${tar![0]}`,
        },
      ],
    },
  }));
  const { state, text } = await audit(['--omit=dev'], environment);
  expect([state, text]).toEqual(['found', expect.stringContaining('writes outside')]);
});

it.each([404, 405, 503])('reports unanswered if the registry answers %d', async status => {
  const { environment } = await registry(() => ({ status, body: {} }));
  expect(await audit([], environment)).toMatchObject({ state: 'unanswered' });
});

it('reports unanswered if there is no registry', async () => {
  const environment = { npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0' };
  expect(await audit([], environment)).toMatchObject({ state: 'unanswered' });
});
