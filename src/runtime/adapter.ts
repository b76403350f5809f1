import type { AdapterChoice, AdapterKind, FoundAdapter } from '../platform/types.ts';

export type { AdapterChoice, AdapterKind, AdapterOptions, FoundAdapter } from '../platform/types.ts';

export const ADAPTER_CHOICES: readonly AdapterChoice[] = ['auto', 'gpu', 'wasm', 'swiftshader'];

/** Matrices that subgroups of an adapter multiply: of 16-bit floats, with sums of 32 bits. */
export interface SubgroupMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Products of a sum. */
  readonly depth: number;
  /** Invocations of its largest subgroup. */
  readonly invocations: number;
}

/** Those that decide which tensors and workgroups fit. */
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

/** What tensors and workgroups are bound by, in bytes or counts: what a device is asked for, and what reports print. */
export function sizeLimits(limits: GPUSupportedLimits): Record<string, number> {
  return Object.fromEntries(LIMITS.map(name => [name, limits[name]]));
}

/** Which adapter runs; always shown, since every time and every last digit depends on it. */
export interface AdapterReport {
  readonly kind: AdapterKind;
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly features: readonly string[];
  readonly toggles: readonly string[];
  /** Where it was asked for. */
  readonly subgroupMatrix?: SubgroupMatrix;
}

/** Whether an adapter has what a kernel's shader asks for. */
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
    ...(subgroupMatrix && { subgroupMatrix }),
  };
}

/** What people call it, as far as the driver tells. */
export function adapterName({ info }: GPUAdapter): string {
  return info.description || info.device || info.architecture || info.vendor || 'unnamed adapter';
}

/** The part of an adapter's report that decides which kernels suit it. */
export type AdapterFamily = Pick<AdapterReport, 'kind' | 'architecture' | 'subgroupMatrix'> &
  Partial<Pick<AdapterReport, 'features' | 'description'>>;

/** Returns whether the JavaScript engine fuses pairs of 128-bit SIMD operations into 256-bit ones (docs/decisions.md). */
export function hasWideSimd({ architecture }: Pick<AdapterFamily, 'architecture'>): boolean {
  return architecture === 'wasm-wide-simd';
}
