import { beforeAll, describe, expect, it } from 'vitest';
import { pipelinesOf } from '../../src/bench/cold_pipelines.ts';
import {
  benchModel,
  type ModelResult,
  modelCsv,
  modelMarkdown,
  modelText,
  syntheticInMemory,
} from '../../src/bench/index.ts';
import { layerTable, memoryReport, type SplitForward } from '../../src/bench/model_result.ts';
import { coldStart, forwardOnce } from '../../src/bench/model_session.ts';
import { resnetWork } from '../../src/nn/resnet_work.ts';
import { syntheticImage } from '../../src/weights/synthetic_network.ts';
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
  it('returns the members that scripts rely on', () => {
    expect(result).toMatchObject({ kind: 'model', model: 'resnet18', threads: 1, batch: 1, side: 96 });
    for (const member of [
      'medianMs',
      'p95Ms',
      'firstMs',
      'compileMs',
      'peakBytes',
      'flop',
      'gflops',
      'fmaGflops',
    ] as const)
      expect(result[member]).toBeGreaterThan(0);
  });

  it('splits the start into stages that add up to the total', () => {
    const { deviceOpenMs, compile, weightsMs, firstForwardMs, totalMs, nextForwardsMs } = result.coldStart;
    expect(deviceOpenMs + compile.ms + weightsMs + firstForwardMs).toBeCloseTo(totalMs, 6);
    expect(compile.pipelines).toBeGreaterThanOrEqual(compile.shaders);
    expect(compile.shaders).toBeGreaterThan(3);
    expect(compile.translateMs).toBeLessThanOrEqual(compile.ms);
    expect(compile.wasmBytes).toBeGreaterThan(1000);
    expect(nextForwardsMs.length).toBeGreaterThanOrEqual(2);
  });

  it('summarises the warm forwards and those whose commands are encoded ahead', () => {
    const { total, upload, forward, host: recording, hostAhead, gpu, readback } = result.forward;
    for (const part of [total, upload, forward, recording, gpu!, readback]) expect(part.samples).toBe(5);
    expect(hostAhead!.samples).toBe(9);
    expect(recording.median).toBeLessThan(forward.median);
  });

  it('lists the layers in the order in which they run', () => {
    const { layers } = result.byLayer!;
    const work = resnetWork('resnet18', { side: 96 });
    expect(layers.map(({ path }) => path)).toEqual(RESNET18_ORDER);
    for (const { path, flop } of layers) expect(flop).toBe(work.find(module => module.path === path)!.flop);
  });

  it('counts every buffer of the device, with and without --compact', () => {
    const [fast, compact] = result.memory;
    expect(fast!.compact).toBe(false);
    expect(compact!.compact).toBe(true);
    for (const { weightsBytes, loadedBytes, peakBytes, activationBytes } of result.memory) {
      expect(weightsBytes).toBe(4 * 11_699_112); // 11,689,512 parameters of torchvision's resnet18, and 9,600 running statistics
      expect(loadedBytes).toBeGreaterThan(0.99 * weightsBytes - 4 * 2 * 9600);
      expect(peakBytes).toBeGreaterThanOrEqual(loadedBytes + activationBytes);
    }
    expect(compact!.peakBytes).toBeLessThan(fast!.peakBytes);
  });

  it('formats the result as text, Markdown and CSV', () => {
    expect(modelText(result)).toMatch(/cold start, one stage after another: \d+/);
    expect(modelText(result)).toMatch(/belong to no module$/);
    const memory = { ...result.memory[0]!, weightsBytes: 40e6, loadedBytes: 50e6, activationBytes: 3.25e6 };
    expect(modelText({ ...result, memory: [memory] })).toContain(
      '  50.0 MB loaded (1.25 times the weights), 3.3 MB more while a forward runs',
    );
    expect(modelMarkdown(result)).toContain('| layer4.1.conv2 |');
    expect(modelCsv(result).split('\n').length).toBe(result.byLayer!.layers.length + 1);
    expect(modelCsv({ ...result, byLayer: undefined }).split('\n').length).toBe(2);
  });
});

/** A shortcut runs before the convolution that adds it. */
const RESNET18_ORDER = [
  'conv1',
  'maxpool',
  ...[1, 2, 3, 4].flatMap(stage => [
    `layer${stage}.0.conv1`,
    ...(stage > 1 ? [`layer${stage}.0.downsample.0`] : []),
    `layer${stage}.0.conv2`,
    `layer${stage}.1.conv1`,
    `layer${stage}.1.conv2`,
  ]),
  'avgpool',
  'fc',
];

describe('coldStart', () => {
  const shape = [1, 3, 64, 64] as const;
  const options = { adapter: 'wasm', threads: 1, shape, image: syntheticImage(shape) } as const;

  it('compiles all pipelines in advance, so that loading and the first forward compile none', async () => {
    const backbone = await syntheticInMemory('resnet18');
    const wanted = await pipelinesOf(backbone, shape, options);
    const { session } = await coldStart(backbone, { ...options, wanted });
    expect(session.observer.compilesMs).toEqual([]);
    session.device.dispose();
    const { session: without } = await coldStart(backbone, options);
    expect(without.observer.compilesMs.length).toBe(wanted.length);
    without.device.dispose();
  });

  it('splits a forward into parts that do not exceed the total', async () => {
    const { session } = await coldStart(await syntheticInMemory('resnet18'), options);
    const { totalMs, uploadMs, forwardMs, hostMs, readbackMs } = await forwardOnce(session);
    expect(uploadMs + forwardMs + readbackMs).toBeLessThanOrEqual(totalMs);
    expect(hostMs).toBeLessThanOrEqual(forwardMs);
    for (const part of [uploadMs, hostMs, readbackMs]) expect(part).toBeGreaterThan(0);
    session.device.dispose();
  });
});

describe('layerTable', () => {
  it('sums the dispatches of each module, and takes medians over the samples', () => {
    const dispatch = (label: string, kernel: string, ms: number) => ({ dispatched: { label, kernel }, ms });
    const samples = [
      [dispatch('conv1', 'unfold', 1), dispatch('conv1', 'conv2d_1x1', 2), dispatch('', 'clear', 0.5)],
      [dispatch('conv1', 'unfold', 2), dispatch('conv1', 'conv2d_1x1', 2), dispatch('', 'clear', 0.5)],
      [dispatch('conv1', 'unfold', 5), dispatch('conv1', 'conv2d_1x1', 4), dispatch('', 'clear', 0.5)],
    ] as unknown as SplitForward[];
    expect(layerTable(samples, [{ path: 'conv1', y: [1], flop: 8e6 }], 5)).toEqual({
      layers: [
        { path: 'conv1', kernels: ['unfold', 'conv2d_1x1'], ms: 4, mad: 1, flop: 8e6, gflops: 2 },
        { path: '', kernels: ['clear'], ms: 0.5, mad: 0, flop: undefined, gflops: undefined },
      ],
      sumMs: 4.5,
      forwardMs: 5,
      remainderMs: 0.5,
    });
  });
});

describe('memoryReport', () => {
  const counts = { weightsBytes: 100, loadedBytes: 120, peakLoadBytes: 150, peakForwardBytes: 130 };

  it('takes the larger peak, of loading or of a forward', () => {
    expect(memoryReport(counts, { compact: true })).toEqual({
      compact: true,
      halfWeights: false,
      weightsBytes: 100,
      loadedBytes: 120,
      peakBytes: 150,
      activationBytes: 10,
      ratio: 1.5,
    });
    expect(memoryReport({ ...counts, peakForwardBytes: 250 }, {})).toMatchObject({ peakBytes: 250, ratio: 2.5 });
  });
});

describe('benchModel with 16-bit weights', () => {
  it('reports how much memory they save, and their cost in accuracy', async () => {
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
      /^error with 16-bit weights: \S+ of the largest logit against 32 bits, the same class$/m,
    );
  });
});
