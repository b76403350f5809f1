import type { Comparison } from '../oracle/check.ts';
import type { AdapterFamily } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';

/** One operation on one shape, in as many variants as compute it. */
export interface Subject {
  /** `conv2d`, `max_pool2d` */
  readonly operation: string;
  /** `1x256x14x14 > 256, 3x3` */
  readonly shape: string;
  /** The modules of the network that are this. */
  readonly modules: readonly string[];
  /** Useful operations, a multiply-add as two; missing where the definition has no plain count. */
  readonly flop?: number;
  /** What must be moved at least: each input read once, each output written once. */
  readonly bytes: number;
  /** Those that can do this shape; the first is what the engine takes. */
  variants(adapter: AdapterFamily): readonly string[];
  /** Puts onto the device what a variant needs. */
  open(device: Device, variant: string): OpenSubject;
}

export interface OpenSubject {
  /** Records it once, on the same tensors each time. */
  record(): void;
  /** Runs it on outputs that were NaN, and compares with the f64 reference. */
  check(): Promise<Comparison>;
  dispose(): void;
}

/** What a subject is called in tables, results and comparisons. */
export function subjectName({ operation, shape }: Pick<Subject, 'operation' | 'shape'>): string {
  return `${operation} ${shape}`;
}
