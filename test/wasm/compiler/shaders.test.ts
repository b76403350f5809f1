import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileKernel } from '../../../src/wasm/compiler/index.ts';

const directory = new URL('../../../shaders/', import.meta.url);

/** Shaders that enable a WGSL extension that the compiler does not support. */
const EXTENDED = {
  'conv2d_1x1_swaps.wgsl': 'subgroups',
  'conv2d_subgroup_matrix.wgsl': 'f16',
  'winograd_matmul_swaps.wgsl': 'subgroups',
};

describe('compiles every shader in shaders/', () => {
  for (const file of readdirSync(directory).filter(name => !(name in EXTENDED)))
    for (const relaxedSimd of [false, true])
      it(`${file}${relaxedSimd ? ', with relaxed SIMD' : ''}`, () => {
        const source = readFileSync(new URL(file, directory), 'utf8');
        const features = { relaxedSimd, wideSimd: false };
        const kernel = compileKernel({ source, entryPoint: 'main', constants: {}, features, sharedMemory: true });
        // An engine without relaxed SIMD cannot validate a module that uses it.
        if (!relaxedSimd) expect(WebAssembly.validate(kernel.wasm)).toBe(true);
        expect(kernel.bindings.length).toBeGreaterThan(1);
      });
});

it.each(Object.entries(EXTENDED))('rejects %s at the position of its extension %s', (file, extension) => {
  const source = readFileSync(new URL(file, directory), 'utf8');
  const line = source.split('\n').indexOf(`enable ${extension};`) + 1;
  const features = { relaxedSimd: true, wideSimd: false };
  expect(() => compileKernel({ source, entryPoint: 'main', constants: {}, features, sharedMemory: true })).toThrow(
    `${line}:1: the extension '${extension}' is not supported`,
  );
});

it('omits bindings that the constants make unused', () => {
  const source = readFileSync(new URL('conv2d_1x1.wgsl', directory), 'utf8');
  const names = (constants: Record<string, number>) =>
    compileKernel({
      source,
      entryPoint: 'main',
      constants,
      features: { relaxedSimd: false, wideSimd: false },
      sharedMemory: false,
    })
      .bindings.map(binding => binding.name)
      .sort();
  expect(names({})).toEqual(['params', 'weight', 'x', 'y']);
  expect(names({ HAS_SCALE: 1, HAS_RESIDUAL: 1 })).toEqual(['params', 'residual', 'scale', 'weight', 'x', 'y']);
});
