import type { AdapterChoice, AdapterKind, FoundAdapter } from '../platform/types.ts';

export type { AdapterChoice, AdapterKind, AdapterOptions, FoundAdapter } from '../platform/types.ts';

export const ADAPTER_CHOICES: readonly AdapterChoice[] = ['auto', 'gpu', 'wasm', 'swiftshader'];

/** The size of the matrices that an adapter's subgroups multiply: 16-bit floats, with 32-bit sums. */
export interface SubgroupMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Products per sum. */
  readonly depth: number;
  /** Invocations in the adapter's largest subgroup. */
  readonly invocations: number;
}

/** The limits that decide which tensors and workgroups fit. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupsPerDimension',
] as const;

/**
 * Returns the limits of tensors and workgroups, in bytes or counts. Devices are requested with them, and reports print
 * them.
 */
export function sizeLimits(limits: GPUSupportedLimits): Record<string, number> {
  return Object.fromEntries(LIMITS.map(name => [name, limits[name]]));
}

/** The adapter that runs. Commands and the page always show it, because times and last digits depend on it. */
export interface AdapterReport {
  readonly kind: AdapterKind;
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly features: readonly string[];
  readonly toggles: readonly string[];
  /** Threads of the wasm device; 0 is the calling thread. */
  readonly threads?: number;
  /** Present if the device was opened with `subgroupMatrix`. */
  readonly subgroupMatrix?: SubgroupMatrix;
}

/** Returns whether an adapter has the feature that a kernel needs. */
export function hasFeatureOf(
  { feature }: { readonly feature?: GPUFeatureName },
  { features }: Partial<Pick<AdapterReport, 'features'>>,
): boolean {
  return feature === undefined || (features?.includes(feature) ?? false);
}

export function describeAdapter(
  found: FoundAdapter,
  device: GPUDevice,
  subgroupMatrix: SubgroupMatrix | undefined,
): AdapterReport {
  const { vendor, architecture } = found.adapter.info;
  return {
    kind: found.kind,
    vendor,
    architecture,
    description: adapterName(found.adapter),
    features: [...device.features].sort(),
    toggles: found.toggles,
    ...(found.threads !== undefined && { threads: found.threads }),
    ...(subgroupMatrix && { subgroupMatrix }),
  };
}

/** Returns the most readable name that the driver reports. */
export function adapterName({ info }: GPUAdapter): string {
  return info.description || info.device || info.architecture || info.vendor || 'unnamed adapter';
}

/** The part of an adapter's report that decides which kernels suit it. */
export type AdapterFamily = Pick<AdapterReport, 'kind' | 'architecture' | 'subgroupMatrix'> &
  Partial<Pick<AdapterReport, 'features' | 'description'>>;

/**
 * Returns whether the JavaScript engine fuses pairs of 128-bit SIMD operations into 256-bit ones (docs/decisions.md).
 */
export function hasWideSimd({ architecture }: Pick<AdapterFamily, 'architecture'>): boolean {
  return architecture === 'wasm-wide-simd';
}
