import { DeviceError } from '../errors/index.ts';
import { adapterName, type SubgroupMatrix } from './adapter.ts';

/** Experimental: Dawn has it with `allow_unsafe_apis`, Chromium with `--enable-unsafe-webgpu`. */
export const SUBGROUP_MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;
/** Subgroups in a workgroup of the kernel, at the largest subgroup size. Each computes 32 x 32 sums, 16 products per step. */
export const SUBGROUPS = 4;
const [QUARTER, STEP, MOST_INVOCATIONS] = [32, 16, 256];

/** A matrix size, as `GPUAdapterInfo` lists it. */
interface SubgroupMatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** Returns the largest matrices that the adapter multiplies and the kernel can use. @throws DeviceError  there are none */
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
      `device: ${adapterName(adapter)} has no subgroup matrices that multiply 16-bit floats into 32-bit sums. Use 16 bits for weights only (--half weights), or leave out --half`,
    );
  return { rows: largest.M, columns: largest.N, depth: largest.K, invocations };
}
