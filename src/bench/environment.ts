import { type AdapterKind, type AdapterReport, sizeLimits } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';

/** What the host knows of itself; a page knows less. */
export interface HostFacts {
  /** `node v20.20.0`, or the browser's user agent. */
  readonly runtime: string;
  /** `linux x64` */
  readonly platform?: string;
  readonly cpu?: string;
  readonly cores: number;
  /** Raycam's version, and the commit it was built from where that is known. */
  readonly raycam: string;
  readonly commit?: string;
  /** Processes that wanted a core while the bench began, over the last minute. */
  readonly loadAverage?: number;
  /** ISO 8601. */
  readonly date: string;
}

/** Everything that a figure depends on. */
export interface Environment extends HostFacts {
  readonly adapter: AdapterReport;
  readonly driver: string;
  /** Threads that a dispatch is spread over, where the adapter says so. */
  readonly threads?: number;
  readonly limits: Readonly<Record<string, number>>;
  readonly timestamps: TimestampKind;
}

/** `exact`: nanoseconds; `quantised`: the browser rounds them; `none`: the host's clock alone. */
export type TimestampKind = 'exact' | 'quantised' | 'none';

export function environmentOf(device: Device, gpu: GPUDevice, host: HostFacts): Environment {
  const { adapter } = device;
  return {
    ...host,
    adapter,
    driver: driverOf(gpu),
    threads: threadsOf(gpu),
    limits: {
      ...sizeLimits(device.limits),
      minStorageBufferOffsetAlignment: device.limits.minStorageBufferOffsetAlignment,
    },
    timestamps: timestampKind(adapter),
  };
}

/** Dawn gives the driver's name and version as the description of some adapters; the rest is what is known. */
function driverOf(gpu: GPUDevice): string {
  const { vendor, architecture, device, description } = gpu.adapterInfo;
  return [vendor, architecture, device, description].filter(text => text).join(' · ');
}

export function threadsOf(gpu: GPUDevice): number | undefined {
  const { threads } = gpu as { threads?: unknown };
  return typeof threads === 'number' ? threads : undefined;
}

/** Dawn rounds timestamps to 65.5 µs unless its switch is off; the WebAssembly device never rounds. */
function timestampKind({ kind, features, toggles }: AdapterReport): TimestampKind {
  if (!features.includes('timestamp-query')) return 'none';
  const isExact =
    kind === 'wasm' || toggles.some(toggle => /disable-dawn-features=.*timestamp_quantization/.test(toggle));
  return isExact ? 'exact' : 'quantised';
}

export function adapterLabel({ kind, description }: { kind: AdapterKind; description: string }): string {
  return kind === 'software' ? `${description} (software)` : description;
}
