import { describe, expect, it } from 'vitest';
import {
  algorithmName,
  algorithmNamed,
  type ConvolutionSize,
  candidateAlgorithms,
  chooseAlgorithm,
  chooseForm,
  formOf,
  halfAlgorithms,
} from '../../src/nn/convolution_algorithm.ts';

const size = (channels: number, side: number, more: Partial<ConvolutionSize> = {}): ConvolutionSize => ({
  batch: 1,
  channels,
  outChannels: channels,
  size: [side, side],
  kernel: [3, 3],
  stride: 1,
  padding: 1,
  ...more,
});
const pointwise = { kernel: [1, 1], padding: 0 } as const;
const named = (of: ConvolutionSize, kind: 'gpu' | 'wasm' | 'software') =>
  algorithmName(chooseAlgorithm(of, chooseForm(of, { kind }), { kind }));

describe('chooseForm', () => {
  it.each([
    ['3x3 at stride 1 on WebAssembly', size(64, 56), 'wasm', 'winograd'],
    ['the same on a software Vulkan', size(64, 56), 'software', 'winograd'],
    ['the same on a GPU', size(64, 56), 'gpu', 'packed'],
    ['few channels', size(63, 56), 'wasm', 'packed'],
    ['few output channels', size(64, 56, { outChannels: 63 }), 'wasm', 'packed'],
    ['stride 2', size(64, 56, { stride: 2 }), 'wasm', 'packed'],
    ['no padding', size(64, 56, { padding: 0 }), 'wasm', 'packed'],
    ['1x1', size(64, 56, pointwise), 'wasm', 'packed'],
  ] as const)('%s', (_, weight, kind, expected) => {
    expect(chooseForm(weight, { kind })).toBe(expected);
  });
});

describe('chooseAlgorithm', () => {
  it.each([
    ['on WebAssembly as the weights lie', size(256, 14), 'wasm', 'winograd'],
    ['1x1 on WebAssembly', size(256, 14, pointwise), 'wasm', 'direct'],
    [
      'a large batch on a GPU: the largest tile',
      size(256, 14, { batch: 32, outChannels: 1024, ...pointwise }),
      'gpu',
      'gemm 128x64',
    ],
    [
      'one image, many pixels: a tile that fills the GPU',
      size(64, 56, { outChannels: 256, ...pointwise }),
      'gpu',
      'gemm 64x32',
    ],
    [
      'one image, few pixels: the smallest tile, in parts',
      size(1024, 14, { outChannels: 256, ...pointwise }),
      'gpu',
      'gemm 32x32 in 8',
    ],
    ['a sum too short to be split', size(64, 7, { outChannels: 64, ...pointwise }), 'gpu', 'gemm 32x32'],
  ] as const)('%s', (_, of, kind, expected) => {
    expect(named(of, kind)).toBe(expected);
  });

  it('is among the candidates, wherever it is asked', () => {
    for (const kind of ['gpu', 'wasm', 'software'] as const)
      for (const batch of [1, 32])
        for (const of of [
          size(64, 56, { batch }),
          size(1024, 14, { batch, ...pointwise }),
          size(512, 7, { batch, stride: 2 }),
        ])
          expect(candidateAlgorithms(of, { kind }).map(algorithmName)).toContain(named(of, kind));
  });
});

describe('with weights of 16 bits', () => {
  const subgroupMatrix = { rows: 16, columns: 16, depth: 16, invocations: 32 };
  it.each([
    [
      'a GPU takes the tiles of 32 bits',
      size(64, 56, { outChannels: 256, ...pointwise }),
      { kind: 'gpu' },
      'half gemm 64x32',
    ],
    ['a CPU takes them too', size(64, 56, { outChannels: 256, ...pointwise }), { kind: 'wasm' }, 'half gemm 64x32'],
    [
      'matrix units are used where they are open',
      size(64, 56),
      { kind: 'gpu', subgroupMatrix },
      'subgroup matrix in 4',
    ],
    ['a sum too short is not split', size(64, 14, pointwise), { kind: 'gpu', subgroupMatrix }, 'subgroup matrix'],
  ] as const)('%s', (_, of, adapter, expected) => {
    expect(algorithmName(chooseAlgorithm(of, 'halves', adapter))).toBe(expected);
  });

  it('matrix units do not touch weights of 32 bits', () => {
    expect(algorithmName(chooseAlgorithm(size(64, 14, pointwise), 'packed', { kind: 'gpu', subgroupMatrix }))).toBe(
      'gemm 32x32',
    );
  });

  it('each way has a name that is read back, and none is a candidate for tuning', () => {
    const of = size(256, 14);
    const all = halfAlgorithms(of, { kind: 'gpu', subgroupMatrix });
    expect(new Set(all.map(algorithmName)).size).toBe(all.length);
    expect(all.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['gemm', 'subgroup matrix']));
    const candidates = candidateAlgorithms(of, { kind: 'gpu' }).map(algorithmName);
    for (const algorithm of all) {
      expect(algorithmNamed(algorithmName(algorithm))).toEqual(algorithm);
      expect(formOf(algorithm)).toBe('halves');
      expect(candidates).not.toContain(algorithmName(algorithm));
    }
    expect(halfAlgorithms(of, { kind: 'wasm' })).toEqual([]);
  });
});

describe('candidateAlgorithms', () => {
  it('leaves Winograd with many channels out on a GPU, where its weights would take four times the memory', () => {
    const forms = (channels: number) => new Set(candidateAlgorithms(size(channels, 14), { kind: 'gpu' }).map(formOf));
    expect([...forms(128)].sort()).toEqual(['packed', 'winograd', 'winograd 2x2']);
    expect([...forms(256)].sort()).toEqual(['packed', 'winograd 2x2']);
    expect([...forms(512)]).toEqual(['packed']);
  });

  it('has each once, under a name that is read back', () => {
    const all = candidateAlgorithms(size(128, 28), { kind: 'gpu' });
    expect(new Set(all.map(algorithmName)).size).toBe(all.length);
    for (const algorithm of all) expect(algorithmNamed(algorithmName(algorithm))).toEqual(algorithm);
    expect(algorithmNamed('gemm 7x7')).toBeUndefined();
    expect(algorithmNamed('toString')).toBeUndefined();
  });
});
