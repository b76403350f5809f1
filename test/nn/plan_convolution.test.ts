import { describe, expect, it } from 'vitest';
import { algorithmName, algorithmNamed, candidateAlgorithms } from '../../src/nn/convolution_algorithm.ts';
import { type ConvolutionSize, sizeKey } from '../../src/nn/convolution_size.ts';
import { type PlanOptions, planConvolution, planWeights } from '../../src/nn/plan_convolution.ts';
import { distinctConvolutions } from '../../src/nn/resnet_work.ts';
import { Tuning } from '../../src/nn/tuning.ts';
import type { AdapterFamily } from '../../src/runtime/adapter.ts';
import { RESNET_ARCHITECTURES } from '../../src/weights/resnet_shapes.ts';
import { SUBGROUP_MATRIX, size } from './convolution_sizes.ts';

const GPU: AdapterFamily = { kind: 'gpu', architecture: '' };
const MATRIX_GPU: AdapterFamily = { ...GPU, subgroupMatrix: SUBGROUP_MATRIX };
const SOFTWARE: AdapterFamily = { kind: 'software', architecture: '' };
const WASM: AdapterFamily = { kind: 'wasm', architecture: 'wasm-relaxed-simd' };

const pointwise = { kernelSize: [1, 1], padding: 0 } as const;
const named = (of: ConvolutionSize, adapter: AdapterFamily, options?: PlanOptions) =>
  algorithmName(planConvolution(of, adapter, options).algorithm);

describe('the layout of weights', () => {
  it.each([
    ['3x3 at stride 1 on WebAssembly', size(64, 56), WASM, 'winograd'],
    ['3x3 at stride 1 on a software Vulkan', size(64, 56), SOFTWARE, 'winograd'],
    ['3x3 at stride 1 on a GPU', size(64, 56), GPU, 'packed'],
    ['63 channels', size(63, 56), WASM, 'packed'],
    ['63 output channels', size(64, 56, { outChannels: 63 }), WASM, 'packed'],
    ['stride 2', size(64, 56, { stride: 2 }), WASM, 'packed'],
    ['no padding', size(64, 56, { padding: 0 }), WASM, 'packed'],
    ['1x1', size(64, 56, pointwise), WASM, 'packed'],
  ] as const)('of %s', (_, layer, adapter, expected) => {
    expect(planWeights(layer, adapter).layout).toBe(expected);
  });
});

describe('the algorithm', () => {
  it.each([
    ['on WebAssembly reads the layout of the weights', size(256, 14), WASM, 'winograd'],
    ['of a 1x1 on WebAssembly is direct', size(256, 14, pointwise), WASM, 'direct'],
    [
      'of a large batch on a GPU has the largest tile',
      size(256, 14, { batch: 32, outChannels: 1024, ...pointwise }),
      GPU,
      'gemm 128x64',
    ],
    [
      'of one image with many pixels has a tile that fills the GPU',
      size(64, 56, { outChannels: 256, ...pointwise }),
      GPU,
      'gemm 64x32',
    ],
    [
      'of one image with few pixels has the smallest tile, in slices',
      size(1024, 14, { outChannels: 256, ...pointwise }),
      GPU,
      'gemm 32x32 in 8',
    ],
    ['of a short sum has one slice', size(64, 7, { outChannels: 64, ...pointwise }), GPU, 'gemm 32x32'],
  ] as const)('%s', (_, of, adapter, expected) => {
    expect(named(of, adapter)).toBe(expected);
  });

  it('is one of the candidates of tuning', () => {
    for (const adapter of [GPU, WASM, SOFTWARE])
      for (const batch of [1, 32])
        for (const of of [
          size(64, 56, { batch }),
          size(1024, 14, { batch, ...pointwise }),
          size(512, 7, { batch, stride: 2 }),
        ])
          expect(candidateAlgorithms(of, adapter).map(algorithmName)).toContain(named(of, adapter));
  });
});

describe('the algorithm with 16-bit weights', () => {
  it.each([
    ['has the tiles of 32 bits on a GPU', size(64, 56, { outChannels: 256, ...pointwise }), GPU, 'half gemm 64x32'],
    ['has the same tiles on a CPU', size(64, 56, { outChannels: 256, ...pointwise }), WASM, 'half gemm 64x32'],
    ['uses subgroup matrices if the device has them', size(64, 56), MATRIX_GPU, 'subgroup matrix in 4'],
    ['of a short sum has one slice', size(64, 14, pointwise), MATRIX_GPU, 'subgroup matrix'],
  ] as const)('%s', (_, of, adapter, expected) => {
    expect(named(of, adapter, { halfWeights: true })).toBe(expected);
  });

  it('is the only one that uses subgroup matrices', () => {
    expect(named(size(64, 14, pointwise), MATRIX_GPU)).toBe('gemm 32x32');
  });

  it('that uses subgroup matrices needs a device that was opened with them', () => {
    const options = { algorithm: { kind: 'subgroup matrix', slices: 1 } } as const;
    expect(() => planConvolution(size(64, 14), { ...GPU, description: 'some GPU' }, options)).toThrow(
      'device: some GPU was opened without subgroup matrices. Open it with subgroupMatrix: true',
    );
  });
});

describe('a tuning', () => {
  const measured = (...pairs: [ConvolutionSize, string][]) => {
    const convolutions = pairs.map(([of, name]) => ({
      size: of,
      algorithm: algorithmNamed(name)!,
      ms: 1,
      untunedMs: 1,
    }));
    return new Tuning({ kind: 'gpu', vendor: '', architecture: '', description: '' }, convolutions);
  };
  const small = size(64, 56);
  const large = size(64, 56, { batch: 32 });

  it('replaces the rule for the sizes that it has', () => {
    const options = { tuning: measured([small, 'gemm 64x64 in 2']) };
    expect(named(small, GPU, options)).toBe('gemm 64x64 in 2');
    expect(named(size(64, 28), GPU, options)).toBe(named(size(64, 28), GPU));
  });

  it('chooses the layout by its largest batch, and then only algorithms that read it', () => {
    const options = { tuning: measured([small, 'gemm 64x64 in 2'], [large, 'winograd 64x32']) };
    expect(planConvolution(small, GPU, options)).toMatchObject({ layout: 'winograd', algorithm: { kind: 'winograd' } });
    expect(named(large, GPU, options)).toBe('winograd 64x32');
  });

  it('does not choose the layout of weights that are compact or have 16 bits', () => {
    const tuning = measured([small, 'winograd 64x32']);
    expect(planWeights(small, GPU, { tuning }).layout).toBe('winograd');
    expect(planWeights(small, GPU, { tuning, compact: true }).layout).toBe('packed');
    expect(planWeights(small, GPU, { tuning, compact: true, halfWeights: true }).layout).toBe('halves');
  });

  it('chooses the tile for 16-bit weights, unless there are subgroup matrices', () => {
    const options = { tuning: measured([small, 'gemm 64x64 in 2']), halfWeights: true };
    expect(named(small, GPU, options)).toBe('half gemm 64x64 in 2');
    expect(named(small, MATRIX_GPU, options)).toBe('subgroup matrix in 4');
  });

  it('gives way to an explicit algorithm', () => {
    const options = { tuning: measured([small, 'gemm 64x64 in 2']), algorithm: { kind: 'direct' } } as const;
    expect(named(small, GPU, options)).toBe('direct');
  });
});

const ADAPTERS: readonly [string, AdapterFamily][] = [
  ['GPU', GPU],
  ['GPU with subgroup matrices', MATRIX_GPU],
  ['software Vulkan', SOFTWARE],
  ['software Vulkan with subgroups', { ...SOFTWARE, features: ['subgroups'] }],
  ['WebAssembly', { kind: 'wasm', architecture: 'wasm-simd' }],
  ['WebAssembly, relaxed SIMD', WASM],
  ['WebAssembly, 256-bit SIMD', { kind: 'wasm', architecture: 'wasm-wide-simd' }],
];
const OPTIONS: readonly [string, PlanOptions][] = [
  ['by default', {}],
  ['compact', { compact: true }],
  ['16-bit weights', { halfWeights: true }],
  ['direct', { algorithm: { kind: 'direct' } }],
];

it('plans every convolution of ResNet-18 to -152 as convolution_plans.txt says', async () => {
  const byPlans = new Map<string, string[]>();
  for (const [on, adapter] of ADAPTERS)
    for (const [how, options] of OPTIONS)
      for (const batch of [1, 32]) {
        const plans = plansOf(batch, adapter, options);
        byPlans.set(plans, [...(byPlans.get(plans) ?? []), `${on}, ${how}, batch ${batch}`]);
      }
  const text = [...byPlans].map(([plans, headings]) => `${headings.join('\n')}\n${plans}\n`).join('\n');
  await expect(text).toMatchFileSnapshot('convolution_plans.txt');
});

/** Returns a line for each plan, with the convolutions that have it. */
function plansOf(batch: number, adapter: AdapterFamily, options: PlanOptions): string {
  const convolutions = RESNET_ARCHITECTURES.flatMap(architecture =>
    (['3x3', '1x1'] as const).flatMap(strideOn => distinctConvolutions(architecture, { batch, strideOn })),
  );
  const distinct = new Map(convolutions.map(({ shape }) => [sizeKey(shape), shape]));
  const byPlan = new Map<string, string[]>();
  for (const shape of distinct.values()) {
    const plan = describePlan(shape, adapter, options);
    byPlan.set(plan, [...(byPlan.get(plan) ?? []), nameOf(shape)]);
  }
  const lines = [...byPlan].map(([plan, names]) => `  ${plan}: ${names.sort().join(', ')}`);
  return lines.sort().join('\n');
}

function describePlan(of: ConvolutionSize, adapter: AdapterFamily, options: PlanOptions): string {
  const { packing, algorithm, bands } = planConvolution(of, adapter, options);
  const [block] = Object.values(packing.options);
  const chains = bands.map(steps => steps.map(({ kernel }) => kernel.name).join(' > '));
  const kernels = [...new Set(chains)].join(' and ');
  const times = bands.length > 1 ? `${bands.length} x ` : '';
  return `${packing.kernel.name}${block ? `/${block}` : ''}, ${algorithmName(algorithm)}, ${times}${kernels}`;
}

function nameOf({ channels, outChannels, kernelSize, stride, size: [side] }: ConvolutionSize): string {
  return `${channels}>${outChannels} ${kernelSize.join('x')}/${stride} at ${side}`;
}
