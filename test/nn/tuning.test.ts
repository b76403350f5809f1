import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tune } from '../../src/bench/tune.ts';
import { keepTuning, readTuning, tuningFor } from '../../src/cli/common/tuning_files.ts';
import { buildNetwork } from '../../src/inference/network.ts';
import { algorithmNamed } from '../../src/nn/convolution_algorithm.ts';
import type { ConvolutionSize } from '../../src/nn/convolution_size.ts';
import { planWeights } from '../../src/nn/plan_convolution.ts';
import { distinctConvolutions } from '../../src/nn/resnet_work.ts';
import { type TunedAdapter, Tuning } from '../../src/nn/tuning.ts';
import { syntheticBackbone, syntheticImage } from '../../src/weights/synthetic_network.ts';

const ADAPTER: TunedAdapter = { kind: 'gpu', vendor: 'acme', architecture: 'a1', description: 'Acme A1' };
const size = (batch: number, channels = 64): ConvolutionSize => ({
  batch,
  channels,
  outChannels: 64,
  size: [56, 56],
  kernelSize: [3, 3],
  stride: 1,
  padding: 1,
});
const tuned = (of: ConvolutionSize, name: string, ms = 1) => ({
  size: of,
  algorithm: algorithmNamed(name)!,
  ms,
  untunedMs: 2,
});

describe('Tuning', () => {
  const tuning = new Tuning(ADAPTER, [tuned(size(1), 'gemm 32x32 in 4'), tuned(size(32), 'winograd 64x64')]);

  it('decodes to what was encoded', () => {
    expect(Tuning.decode(tuning.encode(), 'file')).toEqual(tuning);
  });

  it('has an algorithm only for the sizes that were measured', () => {
    expect(tuning.algorithmFor(size(1))).toEqual(algorithmNamed('gemm 32x32 in 4'));
    expect(tuning.algorithmFor(size(2))).toBeUndefined();
    expect(tuning.algorithmFor({ ...size(1), size: [28, 28] })).toBeUndefined();
  });

  it('chooses the layout that suits the largest batch', () => {
    expect(tuning.layoutFor(size(1))).toBe('winograd');
    expect(tuning.layoutFor(size(1, 128))).toBeUndefined();
  });

  it('prefers the later measurement of a size', () => {
    const { convolutions } = tuning.with(new Tuning(ADAPTER, [tuned(size(1), 'direct'), tuned(size(4), 'direct')]));
    expect(convolutions.map(one => [one.size.batch, one.algorithm.kind])).toEqual([
      [32, 'winograd'],
      [1, 'direct'],
      [4, 'direct'],
    ]);
  });

  it.each([
    ['text that is not JSON', 'gemm', 'file: is not JSON. Write a tuning file with `raycam tune`'],
    ['another kind of file', '{"kind":"kernels"}', 'file: is not a tuning file. Write one with `raycam tune`'],
    ['null', 'null', 'file: is not a tuning file. Write one with `raycam tune`'],
    [
      'a later version',
      tuning.encode().replace('"version": 1', '"version": 2'),
      'file: has version 2, but this version of Raycam reads version 1. Run `raycam tune` again',
    ],
    [
      'a less exact algorithm',
      tuning.encode().replace('gemm 32x32', 'half gemm 32x32'),
      'file: convolution 1 cannot use the algorithm "half gemm 32x32 in 4". Run `raycam tune` again',
    ],
    [
      'tiles on WebAssembly',
      tuning.encode().replace('"kind": "gpu"', '"kind": "wasm"'),
      'file: convolution 1 cannot use the algorithm "gemm 32x32 in 4". Run `raycam tune` again',
    ],
    [
      'an unknown algorithm',
      tuning.encode().replace('winograd 64x64', 'magic'),
      'file: convolution 2 has the unknown algorithm "magic". Run `raycam tune` again',
    ],
    [
      'a size that is not valid',
      tuning.encode().replace('"batch": 32', '"batch": "many"'),
      'file: convolution 2 has no valid size. Run `raycam tune` again',
    ],
    [
      'no adapter',
      tuning.encode().replace(/"adapter": \{[^}]*\}/, '"adapter": null'),
      'file: is not a tuning file. Write one with `raycam tune`',
    ],
    [
      'an algorithm that cannot compute the size',
      tuning.encode().replaceAll(/"kernel": \[\s*3,\s*3\s*\]/g, '"kernel": [7, 7]'),
      'file: convolution 2 cannot use the algorithm "winograd 64x64". Run `raycam tune` again',
    ],
  ])('rejects %s', (_, text, message) => {
    expect(() => Tuning.decode(text, 'file')).toThrow(expect.objectContaining({ message }));
  });
});

describe('a tuning in the cache', () => {
  let cacheDir: string;
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'raycam-test-'));
  });
  afterEach(() => rm(cacheDir, { recursive: true }));

  it('applies to a GPU of the same family if a page wrote it without a name', async () => {
    await keepTuning(new Tuning({ ...ADAPTER, description: 'a1' }, [tuned(size(1), 'direct')]), cacheDir);
    expect((await readTuning(ADAPTER, cacheDir))?.convolutions.length).toBe(1);
  });

  it('applies to its own adapter only', async () => {
    await keepTuning(new Tuning(ADAPTER, [tuned(size(1), 'direct')]), cacheDir);
    await keepTuning(new Tuning(ADAPTER, [tuned(size(2), 'direct')]), cacheDir);
    expect((await readTuning(ADAPTER, cacheDir))?.convolutions.length).toBe(2);
    expect(await readTuning({ ...ADAPTER, description: 'Acme A2' }, cacheDir)).toBeUndefined();
    expect(await readTuning({ ...ADAPTER, architecture: 'a2' }, cacheDir)).toBeUndefined();
    expect(tuningFor({ cacheDir, tuning: false })).toBeUndefined();
  });

  it('is measured, kept, and used by the next network, whose results agree', async () => {
    const options = { adapter: 'wasm', threads: 1 } as const;
    const { tuning, refused } = await tune({ ...options, architecture: 'resnet18', side: 32, samples: 1 });
    expect(refused).toEqual([]);
    expect(tuning.convolutions.length).toBe(11);
    for (const { ms, untunedMs } of tuning.convolutions) expect(ms).toBeLessThanOrEqual(untunedMs);
    // Not what is chosen without tuning, so that it shows.
    const direct = new Tuning(
      tuning.adapter,
      tuning.convolutions.map(one => ({ ...one, algorithm: { kind: 'direct' } as const })),
    );
    await keepTuning(direct, cacheDir);
    const [own, other] = [await logitsOf(options), await logitsOf({ ...options, tuningFor: tuningFor({ cacheDir }) })];
    expect(other).not.toEqual(own);
    expect(apart(own, other)).toBeLessThan(1e-5);
  });

  it('runs a network with the algorithms for GPUs, with the same results', async () => {
    const options = { adapter: 'swiftshader' } as const;
    const gemm = algorithmNamed('gemm 32x32 in 4')!;
    // The stem, and 3x3 and 1x1 windows at both strides. The other layers are not tuned, because SwiftShader compiles GEMMs slowly.
    const ofEachKind = distinctConvolutions('resnet18', { side: 32 }).slice(0, 5);
    const tuningOf = async (adapter: TunedAdapter) =>
      new Tuning(
        adapter,
        ofEachKind.map(({ shape: size }) => {
          const isWinograd = planWeights(size, { kind: 'software', architecture: '' }).layout === 'winograd';
          return { size, algorithm: isWinograd ? algorithmNamed('winograd 64x32')! : gemm, ms: 1, untunedMs: 1 };
        }),
      );
    const [own, other] = [await logitsOf(options), await logitsOf({ ...options, tuningFor: tuningOf })];
    expect(other).not.toEqual(own);
    expect(apart(own, other)).toBeLessThan(1e-5);
  });
});

/** Returns the largest difference, divided by the largest value. */
function apart(own: Float32Array, other: Float32Array): number {
  const largest = Math.max(...own.map(Math.abs));
  return Math.max(...own.map((value, i) => Math.abs(other[i]! - value))) / largest;
}

async function logitsOf(options: Parameters<typeof buildNetwork>[1]): Promise<Float32Array> {
  const network = await buildNetwork(syntheticBackbone('resnet18'), options);
  try {
    const { device, model } = network;
    const shape = [1, 3, 32, 32] as const;
    const { logits } = model.forward(device.tensor(syntheticImage(shape), shape));
    return await logits!.read();
  } finally {
    await network.dispose();
  }
}
