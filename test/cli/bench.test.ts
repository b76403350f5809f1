import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FeatureResult, KernelResult } from '../../src/bench/index.ts';
import { raycam, records, root, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const baseline = join(folder, 'baseline.json');
const small = ['conv2d_1x1', '--shapes', '1,64,56,56,80,1,1', '--adapter', 'wasm', '--threads', '1', '--samples', '3'];

let result: KernelResult;
beforeAll(async () => {
  const svg = join(folder, 'roofline.svg');
  const ran = await raycam(['bench', ...small, '--json', '--out', baseline, '--roofline', svg]);
  expect(ran.stderr).toContain('bench 1/1: conv2d 1x64x56x56 > 80, 1x1, relu');
  expect(ran.status).toBe(0);
  result = records(ran)[0] as unknown as KernelResult;
  expect(readFileSync(svg, 'utf8')).toMatch(/^<svg .*<\/svg>$/s);
});

describe('raycam bench', () => {
  it('--help lists its options', async () => {
    const { stdout, status } = await raycam(['bench', '--help']);
    for (const option of [
      '--shapes',
      '--variant',
      '--adapter',
      '--compare',
      '--against',
      '--fail-above',
      '--csv',
      '--markdown',
      '--roofline',
    ])
      expect(stdout).toContain(option);
    expect(stdout).toContain('model [options] <architecture>');
    expect(stdout).not.toContain('--in-turns');
    expect(status).toBe(0);
  });

  it('prints one JSON object, and writes the same object to --out', () => {
    expect(result).toMatchObject({ kind: 'kernels', version: 1, refused: [] });
    expect(result.environment).toMatchObject({
      runtime: `node ${process.version}`,
      threads: 1,
      adapter: { kind: 'wasm' },
    });
    expect(result.rows).toMatchObject([
      { operation: 'conv2d', variant: 'conv2d_1x1', kernels: ['conv2d_1x1'], flop: 2 * 80 * 56 * 56 * 64 },
    ]);
    expect(JSON.parse(readFileSync(baseline, 'utf8'))).toEqual(JSON.parse(JSON.stringify(result)));
  });

  it.each([
    ['--csv', /^operation,shape,.*\nconv2d,"1x64x56x56 > 80, 1x1, relu",0,conv2d_1x1,conv2d_1x1,\d/],
    ['--markdown', /\| operation \| shape \|.*\n\| --- \|.*\n\| conv2d \| 1x64x56x56 > 80, 1x1, relu \|/],
  ])('prints a table with %s', async (format, expected) => {
    const { stdout, status } = await raycam(['bench', ...small, format, '--quiet']);
    expect(stdout).toMatch(expected);
    expect(status).toBe(0);
  });

  it('rejects unknown kernels, exclusive options, bad numbers and missing builds', async () => {
    const unknown = await raycam(['bench', 'conv3d', '--adapter', 'wasm']);
    expect(unknown).toMatchObject({ status: 2, stdout: '' });
    expect(unknown.stderr).toMatch(/raycam: bench: unknown kernel "conv3d"\. Known: adam, add, /);
    expect((await raycam(['bench', '--csv', '--json'])).status).toBe(2);
    expect((await raycam(['bench', '--fail-above', 'much'])).stderr).toContain(
      'Expected a percentage over 0, such as 5%.',
    );
    const missing = await raycam(['bench', '--against', folder, '--quiet']);
    expect(missing).toMatchObject({ status: 2, stdout: '' });
    expect(missing.stderr).toContain(
      ': is not a build of Raycam. Run `node scripts/build.mjs` there, and name its folder',
    );
  });
});

// These compare by the clock, so they use limits that no noise reaches. compare.test.ts tests 5 % with a model of a noisy clock.
describe('raycam bench --compare', () => {
  it('passes if the kernel is unchanged', async () => {
    const { stdout, status } = await raycam([
      'bench',
      ...small,
      '--compare',
      baseline,
      '--fail-above',
      '50%',
      '--quiet',
      '--json',
    ]);
    const comparison = JSON.parse(stdout);
    expect(comparison).toMatchObject({ kind: 'comparison', limit: 0.5, verdict: 'same', rows: [{ verdict: 'same' }] });
    expect(status).toBe(0);
  });

  it('fails if the kernel of the file did a tenth of the work', async () => {
    const [first, second, third] = result.rows[0]!.recording.dispatches[0]!.workgroups;
    expect(first % 10).toBe(0);
    const faster = JSON.parse(readFileSync(baseline, 'utf8'));
    faster.rows[0].recording.dispatches[0].workgroups = [first / 10, second, third];
    const edited = join(folder, 'faster.json');
    writeFileSync(edited, JSON.stringify(faster));
    const { stdout, status } = await raycam(['bench', ...small, '--compare', edited, '--fail-above', '5%', '--quiet']);
    expect(stdout).toContain('1 of 1 slower by more than 5 %');
    expect(status).toBe(1);
  });

  it('--against runs another build in turns with this one', async () => {
    const { stdout, stderr, status } = await raycam([
      'bench',
      ...small,
      '--against',
      join(root, 'dist'),
      '--fail-above',
      '50%',
      '--json',
    ]);
    expect(stderr).toContain('both builds prepare');
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'same', rows: [{ variant: 'conv2d_1x1', verdict: 'same' }] });
    expect(status).toBe(0);
  });

  it('rejects a file that is not a result', async () => {
    const none = await raycam(['bench', ...small, '--compare', join(root, 'package.json')]);
    expect(none.stderr).toContain('is not a result of raycam bench');
    expect(none.status).toBe(1);
  });
});

describe('raycam bench features', () => {
  const args = [
    'bench',
    'features',
    'resnet18',
    'sample/chest_xray/test/NORMAL',
    '--adapter',
    'wasm',
    '--samples',
    '2',
  ];

  it('measures features and kernels in turns, and prints their ratio and the memory of the process', async () => {
    const out = join(folder, 'features.json');
    const { stdout, stderr, status } = await raycam([...args, '--out', out]);
    expect(status).toBe(0);
    expect(stderr).toContain('bench: round 2/2');
    const result = JSON.parse(readFileSync(out, 'utf8')) as FeatureResult;
    expect(result).toMatchObject({ kind: 'features', model: 'resnet18', batch: 1 });
    expect(result.rounds.length).toBe(2);
    expect(result.rounds.reduce((sum, { images }) => sum + images, 0)).toBe(result.images);
    const [first, second] = result.rounds.map(({ featuresMs, kernelsMs }) => kernelsMs / featuresMs);
    expect(result.ratio).toBeCloseTo((first! + second!) / 2, 9);
    expect(result.memory.weightsBytes).toBe(4 * 11_699_112);
    expect(result.memory.peakBytes).toBeGreaterThanOrEqual(result.rounds.at(-1)!.rssBytes!);
    expect(stdout).toContain(`ratio              ${result.ratio.toFixed(3).padStart(8)} (`);
    expect(stdout).toMatch(/memory of the process: .* above the weights’ 46\.8 MB/);
  });

  it('measures each image once, and rejects a broken one', async () => {
    const xray = 'sample/chest_xray/test/NORMAL/IM-0011-0001.jpeg';
    const broken = join(folder, 'broken.jpeg');
    writeFileSync(broken, 'no picture');
    const bench = (...paths: string[]) =>
      raycam(['bench', 'features', 'resnet18', ...paths, '--adapter', 'wasm', '--samples', '1', '--json']);
    const [twice, unread] = [await bench(xray, xray), await bench(xray, broken)];
    expect([twice.status, unread.status]).toEqual([0, 1]);
    expect(twice.stderr).toContain('skipping 1 of 2 images, which have the bytes of another');
    expect((JSON.parse(twice.stdout) as FeatureResult).images).toBe(1);
    expect(unread.stderr).toMatch(/bench features: .*broken\.jpeg: is not an image that can be decoded/);
  });
});

describe('raycam bench model', () => {
  it('takes its own options, not those of raycam bench, and prints the fields that scripts rely on', async () => {
    const args = [
      'model',
      'resnet18',
      '--size',
      '64',
      '--adapter',
      'wasm',
      '--threads',
      '1',
      '--samples',
      '3',
      '--batch',
      '2',
      '--no-memory',
      '--quiet',
    ];
    const ran = await raycam(['bench', ...args, '--json']);
    expect(ran.stderr).toBe('');
    const [model] = records(ran);
    expect(model).toMatchObject({ kind: 'model', model: 'resnet18', threads: 1, batch: 2, side: 64 });
    for (const field of ['medianMs', 'p95Ms', 'firstMs', 'compileMs', 'peakBytes'])
      expect(model![field]).toBeGreaterThan(0);
    expect(model!.adapter).toMatch(/^WebAssembly, 1 thread/);
    expect(ran.status).toBe(0);
  });
});
