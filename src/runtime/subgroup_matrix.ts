import { DeviceError } from '../errors/index.ts';
import { adapterName, type SubgroupMatrix } from './adapter.ts';

/** Experimental. Dawn offers it with the toggle `allow_unsafe_apis`, Chromium with `--enable-unsafe-webgpu`. */
export const SUBGROUP_MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;
/**
 * Subgroups per workgroup of the matrix kernel, at the largest subgroup size. Each computes 32 x 32 sums, 16 products
 * per step.
 */
export const SUBGROUPS = 4;
const [QUARTER, STEP, MOST_INVOCATIONS] = [32, 16, 256];

/** An entry of `GPUAdapterInfo.subgroupMatrixConfigs`. */
interface SubgroupMatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/**
 * Returns the largest matrices that the adapter multiplies and the kernel can use.
 *
 * @throws DeviceError  there are none
 */
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
      `device: ${adapterName(adapter)} has no matrix hardware that multiplies 16-bit floats into 32-bit sums. Use --half weights, or omit --half`,
    );
  return { rows: largest.M, columns: largest.N, depth: largest.K, invocations };
}
