import { DeviceError } from '../errors/index.ts';
import { adapterName, type SubgroupMatrix } from './adapter.ts';

/** Experimental: Dawn has it where `allow_unsafe_apis` is on, Chromium with `--enable-unsafe-webgpu`. */
export const SUBGROUP_MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;
/** Of its kernel's workgroups, in those of the largest size; each computes 32 x 32 sums, of 16 products a step. */
export const SUBGROUPS = 4;
const [QUARTER, STEP, MOST_INVOCATIONS] = [32, 16, 256];

/** As `GPUAdapterInfo` lists them. */
interface SubgroupMatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** The largest matrices that an adapter multiplies and the kernel fits. @throws DeviceError  there are none */
export function requireSubgroupMatrix(adapter: GPUAdapter): SubgroupMatrix {
  const { info, features } = adapter;
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: readonly SubgroupMatrixConfig[] };
  const needed = ['shader-f16', 'subgroups', SUBGROUP_MATRIX_FEATURE] as const;
  const invocations = info.subgroupMaxSize;
  const [largest] = [...subgroupMatrixConfigs]
    .filter(({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32')
    .filter(({ M, N, K }) => QUARTER % M === 0 && QUARTER % N === 0 && STEP % K === 0)
    .sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K);
  if (!largest || SUBGROUPS * invocations > MOST_INVOCATIONS || !needed.every(feature => features.has(feature)))
    throw new DeviceError(
      `device: ${adapterName(adapter)} offers no matrix units that multiply 16-bit floats into 32-bit sums. Keep weights alone in 16 bits (--half weights), or leave --half out`,
    );
  return { rows: largest.M, columns: largest.N, depth: largest.K, invocations };
}
