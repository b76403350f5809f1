import { describe, expect, it } from 'vitest';
import {
  algorithmName,
  algorithmNamed,
  candidateAlgorithms,
  halfAlgorithms,
  layoutOf,
} from '../../src/nn/convolution_algorithm.ts';
import { SUBGROUP_MATRIX, size } from './convolution_sizes.ts';

describe('halfAlgorithms', () => {
  it('returns algorithms with names that are read back, none of them a candidate of tuning', () => {
    const of = size(256, 14);
    const all = halfAlgorithms(of, { kind: 'gpu', subgroupMatrix: SUBGROUP_MATRIX });
    expect(new Set(all.map(algorithmName)).size).toBe(all.length);
    expect(all.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['gemm', 'subgroup matrix']));
    const candidates = candidateAlgorithms(of, { kind: 'gpu' }).map(algorithmName);
    for (const algorithm of all) {
      expect(algorithmNamed(algorithmName(algorithm))).toEqual(algorithm);
      expect(layoutOf(algorithm)).toBe('halves');
      expect(candidates).not.toContain(algorithmName(algorithm));
    }
    expect(halfAlgorithms(of, { kind: 'wasm' })).toEqual([]);
  });
});

describe('candidateAlgorithms', () => {
  it('leaves out Winograd with many channels on a GPU, where its weights would take four times the memory', () => {
    const layouts = (channels: number) =>
      new Set(candidateAlgorithms(size(channels, 14), { kind: 'gpu' }).map(layoutOf));
    expect([...layouts(128)].sort()).toEqual(['packed', 'winograd', 'winograd 2x2']);
    expect([...layouts(256)].sort()).toEqual(['packed', 'winograd 2x2']);
    expect([...layouts(512)]).toEqual(['packed']);
  });

  it('has no duplicates, and names that are read back', () => {
    const all = candidateAlgorithms(size(128, 28), { kind: 'gpu' });
    expect(new Set(all.map(algorithmName)).size).toBe(all.length);
    for (const algorithm of all) expect(algorithmNamed(algorithmName(algorithm))).toEqual(algorithm);
    expect(algorithmNamed('gemm 7x7')).toBeUndefined();
    expect(algorithmNamed('toString')).toBeUndefined();
  });
});
