import { beforeAll, describe, expect, it } from 'vitest';
import {
  benchModel,
  type ModelResult,
  modelCsv,
  modelMarkdown,
  modelText,
  syntheticInMemory,
} from '../../src/bench/index.ts';
import { resnetWork } from '../../src/nn/resnet_work.ts';
import { host } from './host.ts';

let result: ModelResult;
beforeAll(async () => {
  const backbone = await syntheticInMemory('resnet18');
  result = await benchModel(backbone, {
    adapter: 'wasm',
    threads: 1,
    host,
    side: 96,
    samples: 5,
    byLayer: true,
    bothSettings: true,
  });
});

describe('benchModel', () => {
  it('has the fields that scripts rely on', () => {
    expect(result).toMatchObject({ kind: 'model', model: 'resnet18', threads: 1, batch: 1, side: 96 });
    for (const field of [
      'medianMs',
      'p95Ms',
      'firstMs',
      'compileMs',
      'peakBytes',
      'flop',
      'gflops',
      'fmaGflops',
    ] as const)
      expect(result[field]).toBeGreaterThan(0);
  });

  it('tells a start by stages that sum to the whole', () => {
    const { deviceOpenMs, compile, weightsMs, firstForwardMs, totalMs, nextForwardsMs } = result.coldStart;
    expect(deviceOpenMs + compile.ms + weightsMs + firstForwardMs).toBeCloseTo(totalMs, 6);
    expect(compile.pipelines).toBeGreaterThanOrEqual(compile.shaders);
    expect(compile.shaders).toBeGreaterThan(3);
    expect(compile.translateMs).toBeLessThanOrEqual(compile.ms);
    expect(compile.wasmBytes).toBeGreaterThan(1000);
    expect(nextForwardsMs.length).toBeGreaterThanOrEqual(2);
  });

  it('compiles beforehand all that the network asks for: the first forward compiles nothing', () => {
    // A forward of 96 x 96 takes some 20 ms; compiling its shaders alone takes longer than that.
    expect(result.firstMs).toBeLessThan(result.compileMs);
  });

  it('tells a warm forward by parts that sum to the whole', () => {
    const { total, upload, forward, host: recording, hostAhead, gpu, readback } = result.forward;
    const parts = upload.median + forward.median + readback.median;
    expect(Math.abs(parts - total.median)).toBeLessThan(0.3 * total.median);
    expect(recording.median).toBeLessThan(forward.median);
    expect(hostAhead!.samples).toBe(9);
    expect(hostAhead!.median).toBeLessThan(forward.median);
    expect(gpu!.median).toBeLessThan(1.05 * forward.median);
  });

  it('tells the layers apart, in the order they run, and what belongs to none', () => {
    const { layers, sumMs, forwardMs, remainderMs } = result.byLayer!;
    const work = resnetWork('resnet18', { side: 96 });
    expect(layers.map(({ path }) => path).sort()).toEqual(work.map(({ path }) => path).sort());
    expect(layers[0]!.path).toBe('conv1');
    expect(layers.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(sumMs, 9);
    expect(sumMs + remainderMs).toBeCloseTo(forwardMs, 9);
    expect(sumMs).toBeGreaterThan(0.3 * forwardMs);
    for (const { path, flop } of layers) expect(flop).toBe(work.find(module => module.path === path)!.flop);
  });

  it('counts every buffer of the device, with and without the fast forms of the weights', () => {
    const [fast, compact] = result.memory;
    expect(fast!.compact).toBe(false);
    expect(compact!.compact).toBe(true);
    for (const { weightsBytes, loadedBytes, peakBytes, activationBytes, ratio } of result.memory) {
      expect(weightsBytes).toBe(4 * 11_699_112); // 11,689,512 parameters of torchvision's resnet18, and 9,600 running statistics
      expect(loadedBytes).toBeGreaterThan(0.99 * weightsBytes - 4 * 2 * 9600);
      expect(peakBytes).toBeGreaterThanOrEqual(loadedBytes + activationBytes);
      expect(ratio).toBeCloseTo(peakBytes / weightsBytes, 9);
    }
    expect(compact!.peakBytes).toBeLessThan(fast!.peakBytes);
  });

  it('is shown as text, markdown and CSV', () => {
    expect(modelText(result)).toMatch(/cold start, one stage after the other: \d+/);
    expect(modelText(result)).toMatch(/belong to no module$/);
    const { loadedBytes, weightsBytes, activationBytes } = result.memory[0]!;
    const [loaded, more] = [loadedBytes, activationBytes].map(bytes => `${(bytes / 1e6).toFixed(1)} MB`);
    const times = (loadedBytes / weightsBytes).toFixed(2);
    expect(modelText(result)).toContain(
      `  ${loaded} loaded (${times} times the weights), ${more} more while a forward`,
    );
    expect(modelMarkdown(result)).toContain('| layer4.1.conv2 |');
    expect(modelCsv(result).split('\n').length).toBe(result.byLayer!.layers.length + 1);
    expect(modelCsv({ ...result, byLayer: undefined }).split('\n').length).toBe(2);
  });
});

describe('benchModel with weights of 16 bits', () => {
  it('tells what they save, and what they cost', async () => {
    const half = await benchModel(await syntheticInMemory('resnet18'), {
      ...{ adapter: 'wasm', host, side: 64, batch: 2, samples: 1, halfWeights: true, bothSettings: true },
    });
    expect(half.memory.map(({ halfWeights, compact }) => ({ halfWeights, compact }))).toEqual([
      { halfWeights: true, compact: false },
      { halfWeights: false, compact: false },
    ]);
    const [own, other] = half.memory;
    expect(own!.loadedBytes).toBeLessThan(0.54 * own!.weightsBytes);
    expect(other!.loadedBytes).toBeGreaterThan(own!.weightsBytes);
    expect(half.half).toMatchObject({ of: 'weights', sameClass: 1 });
    expect(half.half!.largestError).toBeGreaterThan(1e-6);
    expect(half.half!.largestError).toBeLessThan(2e-3);
    expect(modelText(half)).toMatch(
      /^error of weights of 16 bits: \S+ of the largest logit against 32 bits, the same class$/m,
    );
  });
});
