import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create } from 'webgpu';
import { conv2dSubgroupMatrix } from '../../src/kernels/conv2d_subgroup_matrix.ts';
import { failuresOf } from '../../src/oracle/check.ts';
import type { SubgroupMatrix } from '../../src/runtime/adapter.ts';
import { Device } from '../../src/runtime/device.ts';
import { requireSubgroupMatrix } from '../../src/runtime/subgroup_matrix.ts';
import { emulatedTable } from './emulated_table.ts';

/** The matrices of lavapipe and Apple, NVIDIA and AMD, Intel, with subgroup sizes of which a workgroup can have four. */
const MATRICES: readonly SubgroupMatrix[] = [
  { rows: 8, columns: 8, depth: 8, invocations: 8 },
  { rows: 16, columns: 16, depth: 16, invocations: 32 },
  { rows: 8, columns: 16, depth: 16, invocations: 16 },
  { rows: 16, columns: 16, depth: 16, invocations: 64 },
];
const nameOf = ({ rows, columns, depth, invocations }: SubgroupMatrix) =>
  `${rows}x${columns}x${depth}, subgroups of ${invocations}`;

describe.each(MATRICES.slice(0, 3).map(matrix => [nameOf(matrix), matrix] as const))(
  'conv2d_subgroup_matrix, emulated with %s',
  (_, matrix) => {
    let device: Device;
    beforeAll(async () => {
      device = await Device.open({ adapter: 'wasm' });
    });
    afterAll(() => device.dispose());

    const table = emulatedTable(matrix);
    it.each(table.cases.map(row => [row.why, row] as const))('%s', async (__, row) =>
      expect(await failuresOf([device], table, row)).toEqual([]),
    );
  },
);

describe('conv2d_subgroup_matrix', () => {
  it.each(MATRICES.map(matrix => [nameOf(matrix), matrix] as const))(
    'is valid WGSL with matrices of %s',
    async (_, matrix) => {
      // Dawn's null backend has every feature, and checks shaders as the other backends do.
      const gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
      const adapter = await gpu.requestAdapter();
      const features = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'] as GPUFeatureName[];
      const device = await adapter!.requestDevice({ requiredFeatures: features });
      const messagesOf = async (code: string) => {
        device.pushErrorScope('validation');
        const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
        await device.popErrorScope();
        return messages.map(({ message }) => message);
      };
      const { shader } = conv2dSubgroupMatrix(matrix);
      expect(shader).toContain(`const ROWS = ${matrix.rows}u;`);
      expect(await messagesOf(shader)).toEqual([]);
      expect(await messagesOf(shader.replace('row_major', 'sideways'))).not.toEqual([]);
      device.destroy();
    },
  );
});

describe('requireSubgroupMatrix', () => {
  const f16 = { componentType: 'f16', resultComponentType: 'f32' };
  const adapterWith = (more: object, features = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix']) =>
    ({ features: new Set(features), info: { description: 'some GPU', subgroupMaxSize: 32, ...more } }) as never;

  it('returns the largest matrices that the kernel can use', () => {
    const subgroupMatrixConfigs = [
      { ...f16, M: 8, N: 8, K: 8 },
      { ...f16, M: 16, N: 16, K: 16 },
      { ...f16, M: 16, N: 8, K: 16 },
      { ...f16, M: 16, N: 16, K: 32 }, // more products than one step has
      { componentType: 'f16', resultComponentType: 'f16', M: 32, N: 32, K: 16 },
    ];
    expect(requireSubgroupMatrix(adapterWith({ subgroupMatrixConfigs }))).toEqual(MATRICES[1]);
  });

  const right = { subgroupMatrixConfigs: [{ ...f16, M: 8, N: 8, K: 8 }] };
  it.each([
    ['that lists no matrices', adapterWith({})],
    [
      'whose sums have 16 bits',
      adapterWith({ subgroupMatrixConfigs: [{ ...f16, resultComponentType: 'f16', M: 8, N: 8, K: 8 }] }),
    ],
    ['whose subgroups are too large', adapterWith({ ...right, subgroupMaxSize: 128 })],
    ['without 16-bit floats', adapterWith(right, ['subgroups', 'chromium-experimental-subgroup-matrix'])],
  ])('rejects an adapter %s', (_, adapter) => {
    expect(() => requireSubgroupMatrix(adapter)).toThrow(
      'device: some GPU has no subgroup matrices that multiply 16-bit floats into 32-bit sums. Use 16 bits for weights only (--half weights), or leave out --half',
    );
  });
});
