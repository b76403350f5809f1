/** `auto` is a hardware GPU where there is one, else the software one. */
export type AdapterChoice = 'auto' | 'gpu' | 'swiftshader';

export const ADAPTER_CHOICES: readonly AdapterChoice[] = ['auto', 'gpu', 'swiftshader'];

/** What the platform found for a choice. */
export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  readonly kind: 'gpu' | 'software';
  /** Switches of the implementation that were asked for, by Dawn's names. */
  readonly toggles: readonly string[];
}

/** Which adapter runs; always shown, since every time and every last digit depends on it. */
export interface AdapterReport {
  /** `gpu` is hardware; `software` is a Vulkan driver on the CPU. */
  readonly kind: 'gpu' | 'software';
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly features: readonly string[];
  readonly toggles: readonly string[];
}

export function describeAdapter(found: FoundAdapter, device: GPUDevice): AdapterReport {
  const { vendor, architecture } = found.adapter.info;
  return {
    kind: found.kind,
    vendor,
    architecture,
    description: adapterName(found.adapter),
    features: [...device.features].sort(),
    toggles: found.toggles,
  };
}

/** What people call it, as far as the driver tells. */
export function adapterName({ info }: GPUAdapter): string {
  return info.description || info.device || info.architecture || info.vendor || 'unnamed adapter';
}
