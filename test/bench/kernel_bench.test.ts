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
import { host, PEAKS } from './host.ts';
import { idleKernel, wrongKernel } from './probe.ts';

const options = { adapter: 'wasm', threads: 1, host, samples: 3, peaks: PEAKS } as const;
const SHAPES = '1,64,14,14,32,1,1 2,64,9,9,64,3';
/** 2 * O * H * W * C * K * K, and Winograd's is the same. */
const FLOPS = [2 * 32 * 14 * 14 * 64, 2 * 2 * 64 * 9 * 9 * 64 * 9];

let result: KernelResult;
beforeAll(async () => {
  result = await benchKernels({ ...options, kernel: 'conv2d', shapes: SHAPES, variant: 'all', peaks: undefined });
});

describe('benchKernels', () => {
  it('times every variant that can do a shape, the engine’s first', () => {
    const of = (shape: string) => result.rows.filter(row => row.shape.startsWith(shape)).map(({ variant }) => variant);
    expect(of('1x64x14x14')).toEqual(expect.arrayContaining(['engine', 'conv2d', 'conv2d_1x1']));
    expect(of('1x64x14x14')).not.toContain('conv2d_3x3');
    expect(of('2x64x9x9')).toEqual(expect.arrayContaining(['engine', 'conv2d', 'conv2d_3x3']));
    expect(result.refused).toEqual([]);
  });

  it('counts operations as a direct convolution does, and bytes as if each tensor moved once', () => {
    for (const row of result.rows) expect(row.flop).toBe(FLOPS[row.shape.startsWith('1x64') ? 0 : 1]);
    const one = result.rows.find(({ shape }) => shape.startsWith('1x64'))!;
    expect(one.bytes).toBe(4 * (64 * 14 * 14 + 32 * 64 + 2 * 32 + 32 * 14 * 14));
    const winograd = result.rows.find(({ kernels }) => kernels.includes('winograd_matmul_simd'))!;
    expect(winograd.kernels.length).toBe(3);
  });

  it('gives times of both clocks, and rates that follow from them', () => {
    for (const { gpu, wall, gflops, gbps, flop, bytes, repeats, error } of result.rows) {
      expect(gpu!.samples).toBe(3);
      expect(gpu!.median).toBeGreaterThan(0);
      expect(gpu!.p5).toBeLessThanOrEqual(gpu!.median);
      expect(gpu!.median).toBeLessThanOrEqual(gpu!.p95);
      expect(wall.max).toBeGreaterThanOrEqual(gpu!.min);
      expect(gflops).toBeCloseTo(flop! / gpu!.median / 1e6, 9);
      expect(gbps).toBeCloseTo(bytes / gpu!.median / 1e6, 9);
      expect(repeats).toBeGreaterThanOrEqual(1);
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(1e-5);
    }
    expect(result.rows[0]!.compileMs).toBeGreaterThan(0);
    expect(result.rows[0]!.firstMs).toBeGreaterThan(result.rows[0]!.compileMs! * 0.99);
  });

  it('says what it ran on', () => {
    const { environment, peaks } = result;
    expect(environment).toMatchObject({ ...host, threads: 1, timestamps: 'exact', adapter: { kind: 'wasm' } });
    expect(environment.limits.maxStorageBufferBindingSize).toBeGreaterThan(1e6);
    for (const peak of Object.values(peaks)) expect(peak).toBeGreaterThan(0);
  });

  it('refuses to time what is wrong, by how much, and times the rest', async () => {
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

  it('times any kernel by its name, checked in every bit where it must be', async () => {
    const { rows } = await benchKernels({ ...options, kernel: 'max_pool2d' });
    expect(rows).toMatchObject([{ operation: 'max_pool2d', shape: '1x64x112x112', flop: 9 * 64 * 56 * 56, error: 0 }]);
  });

  it('names what there is where a kernel, a shape or a variant is none', async () => {
    const bench = (more: object) => benchKernels({ ...options, ...more });
    await expect(bench({ kernel: 'conv3d' })).rejects.toThrow(/^bench: no kernel "conv3d"\. There are conv2d, /);
    await expect(bench({ shapes: '1,2,3' })).rejects.toThrow('bench: "1,2,3" is no shape. Give resnet18,');
    await expect(bench({ shapes: '1,8,4,4,8,1', variant: 'fast' })).rejects.toThrow('bench: no shape that fast can do');
  });
});

describe('what is shown of it', () => {
  it('is the same after JSON', () => {
    expect(parseKernelResult(JSON.stringify(result), 'a.json')).toEqual(JSON.parse(JSON.stringify(result)));
  });

  it('is refused as a baseline where it is something else', () => {
    expect(() => parseKernelResult('{', 'a.json')).toThrow(/^bench: a\.json is no JSON/);
    expect(() => parseKernelResult('{"kind":"model"}', 'a.json')).toThrow(/^bench: a\.json holds no kernels' times/);
    const old = JSON.stringify({ ...result, version: 0 });
    expect(() => parseKernelResult(old, 'a.json')).toThrow(
      'a.json is of version 0, this Raycam reads 1. Measure it again',
    );
  });

  it('is a table in three forms, a row for each variant', () => {
    const count = result.rows.length;
    const csv = kernelCsv(result).split('\n');
    expect(csv.length).toBe(count + 1);
    expect(csv[0]).toMatch(/^operation,shape,modules,variant,kernels,gpuMs,wallMs,/);
    expect(csv[1]).toMatch(/^conv2d,"1x64x14x14 > 32, 1x1, relu",0,engine,/);
    const markdown = kernelMarkdown(result).split('\n');
    expect(markdown.filter(line => line.startsWith('| conv2d |')).length).toBe(count);
    expect(kernelText(result)).toContain('GFLOP/s multiply-add');
  });

  it('tells of noise and of what was refused', () => {
    const wild = { samples: 3, median: 1, p5: 0, p95: 3, mad: 0.2, min: 0, max: 3 };
    const rows = [{ ...result.rows[0]!, gpu: wild }];
    const refused = [{ operation: 'conv2d', shape: 's', variant: 'v', reason: 'y: wrong' }];
    const text = kernelText({ ...result, rows, refused });
    expect(text).toContain('refused: conv2d s by v is wrong and was not timed (y: wrong)');
    expect(text).toContain('noisy: in 1 of 1 rows');
  });
});

describe('rooflineChart', () => {
  it('draws a point for each kernel, inside of the frame, under a roof of the measured peaks', async () => {
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

  it('puts the ridge where bandwidth and multiply-adds meet', () => {
    const peaks = { fmaGflops: 100, copyGBps: 10, triadGBps: 10, cachedTriadGBps: 10 };
    const row = { ...result.rows[0]!, flop: 100, bytes: 10, gpu: { ...result.rows[0]!.gpu!, median: 1e-6 } };
    const svg = rooflineChart({ ...result, peaks, rows: [row] });
    // 10 FLOP for each byte at 100 GFLOP/s: the point lies on the ridge.
    const [, x, y] = /<circle cx="([\d.]+)" cy="([\d.]+)" r="4" style="[^"]*"><title>/.exec(svg)!;
    const roof = /<path d="M[\d. ]+L([\d.]+) ([\d.]+)L/.exec(svg.slice(svg.indexOf('useful operations')))!;
    expect(Number(roof[1])).toBeCloseTo(Number(x), 0);
    expect(Number(roof[2])).toBeCloseTo(Number(y), 0);
  });
});
