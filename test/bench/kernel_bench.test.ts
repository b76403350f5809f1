import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  benchKernels,
  type KernelResult,
  kernelCsv,
  kernelMarkdown,
  kernelText,
  parseKernelResult,
  registerConv2dVariant,
  rooflineChart,
} from '../../src/bench/index.ts';
import { rowOf } from '../../src/bench/kernel_bench.ts';
import type { Subject } from '../../src/bench/subject.ts';
import { host, PEAKS } from './host.ts';
import { idleKernel, wrongKernel } from './probe.ts';

const options = { adapter: 'wasm', threads: 1, host, samples: 3, peaks: PEAKS } as const;
const SHAPES = '1,64,14,14,32,1,1 2,64,9,9,64,3';
/** 2 * O * H * W * C * K * K, also for Winograd. */
const FLOPS = [2 * 32 * 14 * 14 * 64, 2 * 2 * 64 * 9 * 9 * 64 * 9];

let result: KernelResult;
beforeAll(async () => {
  result = await benchKernels({ ...options, kernel: 'conv2d', shapes: SHAPES, variant: 'all', peaks: undefined });
});

describe('benchKernels', () => {
  it('times every variant that can compute a shape, the engine’s choice first', () => {
    const variantsOf = (shape: string) =>
      result.rows.filter(row => row.shape.startsWith(shape)).map(({ variant }) => variant);
    const pointwise = variantsOf('1x64x14x14');
    expect(pointwise[0]).toBe('engine');
    expect(pointwise).toEqual(expect.arrayContaining(['conv2d', 'conv2d_1x1']));
    expect(pointwise).not.toContain('conv2d_3x3');
    const threeByThree = variantsOf('2x64x9x9');
    expect(threeByThree[0]).toBe('engine');
    expect(threeByThree).toEqual(expect.arrayContaining(['conv2d', 'conv2d_3x3']));
    expect(result.refused).toEqual([]);
  });

  it('counts a convolution as direct, and bytes as if each tensor moved once', () => {
    for (const row of result.rows) expect(row.flop).toBe(FLOPS[row.shape.startsWith('1x64') ? 0 : 1]);
    const one = result.rows.find(({ shape }) => shape.startsWith('1x64'))!;
    expect(one.bytes).toBe(4 * (64 * 14 * 14 + 32 * 64 + 2 * 32 + 32 * 14 * 14));
    const winograd = result.rows.find(({ kernels }) => kernels.includes('winograd_matmul_simd'))!;
    expect(winograd.kernels.length).toBe(3);
  });

  it('summarises samples of both clocks, and the largest error', () => {
    for (const { gpu, wall, repeats, error } of result.rows) {
      expect([gpu!.samples, wall.samples]).toEqual([3, 3]);
      expect(gpu!.min).toBeGreaterThan(0);
      expect(wall.max).toBeGreaterThanOrEqual(gpu!.min);
      expect(repeats).toBeGreaterThanOrEqual(1);
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(1e-5);
    }
    expect(result.rows[0]!.compileMs).toBeGreaterThan(0);
    expect(result.rows[0]!.firstMs).toBeGreaterThanOrEqual(result.rows[0]!.compileMs!);
  });

  it('describes what it ran on', () => {
    const { environment, peaks } = result;
    expect(environment).toMatchObject({ ...host, threads: 1, timestamps: 'exact', adapter: { kind: 'wasm' } });
    expect(environment.limits.maxStorageBufferBindingSize).toBeGreaterThan(1e6);
    for (const peak of Object.values(peaks)) expect(peak).toBeGreaterThan(0);
  });

  it('does not time wrong variants, reports their error, and times the others', async () => {
    const unregister = [wrongKernel(), idleKernel()].map(registerConv2dVariant);
    try {
      const { rows, refused } = await benchKernels({
        ...options,
        kernel: 'conv2d',
        shapes: '1,64,14,14,32,1,1',
        variant: 'all',
      });
      expect(rows.map(({ variant }) => variant)).not.toContain('conv2d_wrong');
      expect(rows.map(({ variant }) => variant)).toContain('conv2d_1x1');
      expect(refused).toEqual([
        expect.objectContaining({
          operation: 'conv2d',
          variant: 'conv2d_wrong',
          reason: expect.stringMatching(/^y: normalised mean square error is \d\.\d\de-\d, bound 1e-10$/),
        }),
        expect.objectContaining({
          variant: 'conv2d_idle',
          reason: expect.stringMatching(/^y: element \d+ is NaN, expected /),
        }),
      ]);
    } finally {
      for (const each of unregister) each();
    }
  });

  it('times any kernel by its name, and checks exact ones in every bit', async () => {
    const { rows } = await benchKernels({ ...options, kernel: 'max_pool2d' });
    expect(rows).toMatchObject([{ operation: 'max_pool2d', shape: '1x64x112x112', flop: 9 * 64 * 56 * 56, error: 0 }]);
  });

  it('rejects unknown kernels, shapes and variants', async () => {
    const bench = (more: object) => benchKernels({ ...options, ...more });
    await expect(bench({ kernel: 'conv3d' })).rejects.toThrow(
      /^bench: unknown kernel "conv3d"\. Known: adam, add, .*, conv2d, conv2d_1x1, .*, winograd_weight$/,
    );
    await expect(bench({ shapes: '1,2,3' })).rejects.toThrow('bench: "1,2,3" is not a shape. Use resnet18,');
    await expect(bench({ shapes: '1,8,4,4,8,1', variant: 'fast' })).rejects.toThrow(
      'bench: no variant "fast" for these shapes. Omit --variant or choose other --shapes',
    );
  });
});

describe('rowOf', () => {
  const subject = { operation: 'relu', shape: '1x8', modules: [], flop: 4e9, bytes: 6e6 } as unknown as Subject;
  const prepared = {
    subject,
    variant: 'relu',
    dispatched: [],
    comparison: { normalisedError: 0, largestError: 3e-7 },
    firstMs: 9,
  };
  const recorded = { repeats: 5, recording: { buffers: [], dispatches: [] } };

  it('derives rates from the median of the adapter’s clock', () => {
    const samples = [4, 1, 2].map(gpuMs => ({ wallMs: 8, gpuMs }));
    const row = rowOf(prepared, samples, recorded);
    expect(row).toMatchObject({ gflops: 2000, gbps: 3, repeats: 5, error: 3e-7, noisy: true });
    expect(row.gpu).toMatchObject({ samples: 3, median: 2, min: 1, max: 4 });
  });

  it('derives rates from the host’s clock if the adapter has none', () => {
    const samples = [4, 4, 4].map(wallMs => ({ wallMs }));
    expect(rowOf(prepared, samples, recorded)).toMatchObject({ gpu: undefined, gflops: 1000, gbps: 1.5, noisy: false });
  });
});

describe('a result', () => {
  it('is equal after a round trip through JSON', () => {
    expect(parseKernelResult(JSON.stringify(result), 'a.json')).toEqual(JSON.parse(JSON.stringify(result)));
  });

  it('is rejected as a baseline if the file contains something else', () => {
    expect(() => parseKernelResult('{', 'a.json')).toThrow(/^bench: a\.json is not JSON/);
    expect(() => parseKernelResult('{"kind":"model"}', 'a.json')).toThrow(
      /^bench: a\.json is not a result of raycam bench/,
    );
    const old = JSON.stringify({ ...result, version: 0 });
    expect(() => parseKernelResult(old, 'a.json')).toThrow(
      'a.json has version 0, but this version of Raycam reads version 1. Measure it again',
    );
  });

  it('becomes a table in three formats, one row per variant', () => {
    const count = result.rows.length;
    const csv = kernelCsv(result).split('\n');
    expect(csv.length).toBe(count + 1);
    expect(csv[0]).toMatch(/^operation,shape,modules,variant,kernels,gpuMs,wallMs,/);
    expect(csv[1]).toMatch(/^conv2d,"1x64x14x14 > 32, 1x1, relu",0,engine,/);
    const markdown = kernelMarkdown(result).split('\n');
    expect(markdown.filter(line => line.startsWith('| conv2d |')).length).toBe(count);
    expect(kernelText(result)).toContain('GFLOP/s multiply-add');
  });

  it('mentions noise and refused variants', () => {
    const wild = { samples: 3, median: 1, p5: 0, p95: 3, mad: 0.2, min: 0, max: 3 };
    const rows = [{ ...result.rows[0]!, gpu: wild }];
    const refused = [{ operation: 'conv2d', shape: 's', variant: 'v', reason: 'y: wrong' }];
    const text = kernelText({ ...result, rows, refused });
    expect(text).toContain('refused: conv2d s by v is wrong and was not timed (y: wrong)');
    expect(text).toContain('noisy: in 1 of 1 rows');
  });
});

describe('rooflineChart', () => {
  it('draws one point per kernel, inside the frame', async () => {
    const svg = rooflineChart(result);
    const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="4" style="[^"]*"><title>/g)];
    expect(circles.length).toBe(result.rows.length);
    for (const [, x, y] of circles) {
      expect(Number(x)).toBeGreaterThanOrEqual(62);
      expect(Number(x)).toBeLessThanOrEqual(732);
      expect(Number(y)).toBeGreaterThanOrEqual(84);
      expect(Number(y)).toBeLessThanOrEqual(408);
    }
    expect(svg).toContain('<desc>');
    const { width, height } = await sharp(Buffer.from(svg))
      .png()
      .toBuffer({ resolveWithObject: true })
      .then(({ info }) => info);
    expect([width, height]).toEqual([760, 470]);
  });

  it('puts the ridge where the bandwidth meets the multiply-add peak', () => {
    const peaks = { fmaGflops: 100, copyGBps: 10, triadGBps: 10, cachedTriadGBps: 10 };
    const row = { ...result.rows[0]!, flop: 100, bytes: 10, gpu: { ...result.rows[0]!.gpu!, median: 1e-6 } };
    const svg = rooflineChart({ ...result, peaks, rows: [row] });
    // 10 FLOP per byte at 100 GFLOP/s is on the ridge.
    const [, x, y] = /<circle cx="([\d.]+)" cy="([\d.]+)" r="4" style="[^"]*"><title>/.exec(svg)!;
    const roof = /<path d="M[\d. ]+L([\d.]+) ([\d.]+)L/.exec(svg.slice(svg.indexOf('useful operations')))!;
    expect(Number(roof[1])).toBeCloseTo(Number(x), 0);
    expect(Number(roof[2])).toBeCloseTo(Number(y), 0);
  });
});
