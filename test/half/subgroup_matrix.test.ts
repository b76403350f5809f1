import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create } from 'webgpu';
import { caseTable } from '../../src/bench/cases.ts';
import { failureOf } from '../../src/bench/check.ts';
import { conv2dSubgroupMatrix as reference } from '../../src/bench/reference/conv2d_gemm.ts';
import { type Conv2dSubgroupMatrixOptions, conv2dSubgroupMatrix } from '../../src/kernels/conv2d_subgroup_matrix.ts';
import type { SubgroupMatrix } from '../../src/runtime/adapter.ts';
import { Device } from '../../src/runtime/device.ts';
import { requireSubgroupMatrix } from '../../src/runtime/subgroup_matrix.ts';
import { halves } from '../cases/conv2d_gemm.ts';
import { emulated } from './emulated_matrix.ts';

/** lavapipe's and Apple's, NVIDIA's and AMD's, Intel's; with subgroups of the sizes that a workgroup may have four of. */
const MATRICES: readonly SubgroupMatrix[] = [
  { rows: 8, columns: 8, depth: 8, invocations: 8 },
  { rows: 16, columns: 16, depth: 16, invocations: 32 },
  { rows: 8, columns: 16, depth: 16, invocations: 16 },
  { rows: 16, columns: 16, depth: 16, invocations: 64 },
];
const nameOf = ({ rows, columns, depth, invocations }: SubgroupMatrix) =>
  `${rows}x${columns}x${depth}, subgroups of ${invocations}`;

const square = (outChannels: number, kernel: number, more: Partial<Conv2dSubgroupMatrixOptions> = {}) => ({
  outChannels,
  kernel: [kernel, kernel] as const,
  stride: 1,
  padding: (kernel - 1) / 2,
  ...more,
});

describe.each(MATRICES.map(matrix => [nameOf(matrix), matrix] as const))(
  'conv2d_subgroup_matrix, emulated, by %s',
  (_, matrix) => {
    let device: Device;
    beforeAll(async () => {
      device = await Device.open({ adapter: 'wasm' });
    });
    afterAll(() => device.dispose());

    const kernel = conv2dSubgroupMatrix(matrix);
    const table = caseTable<Conv2dSubgroupMatrixOptions>({
      kernel: { ...kernel, shader: emulated(kernel.shader) },
      reference,
      cases: [
        {
          why: 'one of everything',
          inputs: { x: [1, 1, 1, 1], weight: halves(1, 1) },
          options: square(1, 1),
        },
        {
          why: 'batch of three, prime sizes, scale, shift, residual and relu',
          inputs: {
            x: [3, 5, 7, 11],
            weight: halves(37, 45),
            scale: [37],
            shift: [37],
            residual: [3, 37, 7, 11],
          },
          options: square(37, 3, { relu: true }),
        },
        {
          why: 'over one tile both ways, stride 2',
          inputs: { x: [2, 9, 17, 13], weight: halves(133, 9) },
          options: square(133, 1, { stride: 2 }),
        },
        {
          why: 'three slices of a 7x7 window, the last shorter',
          inputs: { x: [1, 3, 12, 10], weight: halves(70, 147) },
          options: square(70, 7, { stride: 2, slices: 3 }),
        },
        {
          why: 'NaN in x surfaces through relu',
          inputs: { x: { shape: [1, 1, 3, 3], fill: i => (i === 4 ? Number.NaN : i) }, weight: halves(2, 1) },
          options: square(2, 1, { relu: true }),
        },
      ],
    });
    it.each(table.cases.map(row => [row.why, row] as const))('%s', async (__, row) =>
      expect(await failureOf(device, table, row)).toBeUndefined(),
    );
  },
);

describe('conv2d_subgroup_matrix', () => {
  it.each(MATRICES.map(matrix => [nameOf(matrix), matrix] as const))(
    'is WGSL for matrices of %s',
    async (_, matrix) => {
      // Dawn's backend that runs nothing has every feature, and checks shaders as the others do.
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

  it('takes the largest that fit the kernel', () => {
    const subgroupMatrixConfigs = [
      { ...f16, M: 8, N: 8, K: 8 },
      { ...f16, M: 16, N: 16, K: 16 },
      { ...f16, M: 16, N: 8, K: 16 },
      { ...f16, M: 16, N: 16, K: 32 }, // more products than a step has
      { componentType: 'f16', resultComponentType: 'f16', M: 32, N: 32, K: 16 },
    ];
    expect(requireSubgroupMatrix(adapterWith({ subgroupMatrixConfigs }))).toEqual(MATRICES[1]);
  });

  const right = { subgroupMatrixConfigs: [{ ...f16, M: 8, N: 8, K: 8 }] };
  it.each([
    ['that says nothing of matrices', adapterWith({})],
    [
      'whose sums are of 16 bits',
      adapterWith({ subgroupMatrixConfigs: [{ ...f16, resultComponentType: 'f16', M: 8, N: 8, K: 8 }] }),
    ],
    ['whose subgroups are too large', adapterWith({ ...right, subgroupMaxSize: 128 })],
    ['without 16-bit floats', adapterWith(right, ['subgroups', 'chromium-experimental-subgroup-matrix'])],
  ])('refuses an adapter %s', (_, adapter) => {
    expect(() => requireSubgroupMatrix(adapter)).toThrow(
      'device: some GPU offers no matrix units that multiply 16-bit floats into 32-bit sums. Keep weights alone in 16 bits (--half weights), or leave --half out',
    );
  });
});
