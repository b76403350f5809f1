import { expect, it } from 'vitest';
import { featureOrigin } from '../../src/inference/feature_origin.ts';
import type { Network } from '../../src/inference/network.ts';

const GPU = { kind: 'gpu', vendor: 'v', architecture: 'a', description: 'd', features: [], toggles: [] } as const;
const matrix = { rows: 16, columns: 16, depth: 16, invocations: 32 };

it('tells apart what changes the last bits of a feature', async () => {
  const originOf = (adapter: object, more: Partial<Network> = {}) =>
    featureOrigin({ device: { adapter: { ...GPU, ...adapter } }, model: {}, ...more } as Network);
  const half = { hasHalfWeights: true };
  const origins = await Promise.all([
    originOf({}),
    originOf({}, { isCompact: true }),
    originOf({}, half),
    originOf({ subgroupMatrix: matrix }, half),
    originOf({ subgroupMatrix: { ...matrix, rows: 8 } }, half),
    originOf({ description: 'another' }),
    originOf({ kind: 'wasm', architecture: 'wasm-relaxed-simd' }),
  ]);
  expect(new Set(origins).size).toBe(origins.length);
  expect(origins[2]).toMatch(/, on v a d, half weights$/);
  expect(origins[3]).toMatch(/, half products by [0-9a-f]{12}$/);
  // With 32-bit weights, results do not depend on subgroup matrices, nor on threads and SIMD width on WebAssembly.
  expect(await originOf({ subgroupMatrix: matrix })).toBe(origins[0]);
  expect(await originOf({ kind: 'wasm', architecture: 'wasm-wide-simd', description: '4 threads' })).toBe(origins[6]);
});
