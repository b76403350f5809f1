import { type AdapterKind, type AdapterReport, sizeLimits } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';

/** What the host knows about itself. A page knows less. */
export interface HostFacts {
  /** `node v20.20.0`, or the browser's user agent. */
  readonly runtime: string;
  /** `linux x64` */
  readonly platform?: string;
  readonly cpu?: string;
  readonly cores: number;
  /** Raycam's version. */
  readonly raycam: string;
  /** The commit that Raycam was built from, if known. */
  readonly commit?: string;
  /** Load average over the minute before the bench started. */
  readonly loadAverage?: number;
  /** ISO 8601. */
  readonly date: string;
}

/** Everything that a measured time depends on. */
export interface Environment extends HostFacts {
  readonly adapter: AdapterReport;
  readonly driver: string;
  /** Threads that share a dispatch, if the adapter reports them. */
  readonly threads?: number;
  readonly limits: Readonly<Record<string, number>>;
  readonly timestamps: TimestampKind;
}

/** `exact`: in nanoseconds; `quantised`: rounded by the browser; `none`: only the host's clock exists. */
type TimestampKind = 'exact' | 'quantised' | 'none';

/** Describes the device and the host. */
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

/** Joins everything the adapter reports. For some adapters, Dawn's description is the driver's name and version. */
function driverOf(gpu: GPUDevice): string {
  const { vendor, architecture, device, description } = gpu.adapterInfo;
  return [vendor, architecture, device, description].filter(text => text).join(' · ');
}

/** Returns the threads of the wasm device; undefined for other adapters. */
export function threadsOf(gpu: GPUDevice): number | undefined {
  const { threads } = gpu as { threads?: unknown };
  return typeof threads === 'number' ? threads : undefined;
}

/** Dawn rounds timestamps to 65.5 µs unless that is switched off. The wasm device never rounds. */
function timestampKind({ kind, features, toggles }: AdapterReport): TimestampKind {
  if (!features.includes('timestamp-query')) return 'none';
  const isExact =
    kind === 'wasm' || toggles.some(toggle => /disable-dawn-features=.*timestamp_quantization/.test(toggle));
  return isExact ? 'exact' : 'quantised';
}

/** Returns the adapter's name for tables and charts. */
export function adapterLabel({ kind, description }: { kind: AdapterKind; description: string }): string {
  return kind === 'software' ? `${description} (software)` : description;
}
