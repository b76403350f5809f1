/** `auto` is a hardware GPU where there is one, else the software one. */
export type AdapterChoice = 'auto' | 'gpu' | 'swiftshader';

export const ADAPTER_CHOICES: readonly AdapterChoice[] = ['auto', 'gpu', 'swiftshader'];

/** What the platform found for a choice. */
export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  readonly kind: 'gpu' | 'software';
  /** Switches of the implementation that were asked for, by Dawn's names. */
  readonly toggles: readonly string[];
  /** Lets go of what keeps the process alive. */
  release(): void;
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
  const { vendor, architecture, description, device: model } = found.adapter.info;
  return {
    kind: found.kind,
    vendor,
    architecture,
    description: description || model || architecture || vendor || 'unnamed adapter',
    features: [...device.features].sort(),
    toggles: found.toggles,
  };
}
