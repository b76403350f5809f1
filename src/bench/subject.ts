import type { Comparison } from '../oracle/check.ts';
import type { AdapterFamily } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';

/** One operation on one shape, in all variants that compute it. */
export interface Subject {
  /** `conv2d`, `max_pool2d` */
  readonly operation: string;
  /** `1x256x14x14 > 256, 3x3` */
  readonly shape: string;
  /** Modules of the network that run this operation. */
  readonly modules: readonly string[];
  /** Useful operations. A multiply-add counts as two. Missing if the definition has no plain count. */
  readonly flop?: number;
  /** The least memory traffic: each input is read once, each output is written once. */
  readonly bytes: number;
  /** Returns the variants that can compute this shape, the engine's choice first. */
  variants(adapter: AdapterFamily): readonly string[];
  /** Uploads what a variant needs. */
  open(device: Device, variant: string): OpenSubject;
}

export interface OpenSubject {
  /** Records the variant once, on the same tensors each time. */
  record(): void;
  /** Runs the variant on outputs filled with NaN and compares them with the f64 reference. */
  check(): Promise<Comparison>;
  dispose(): void;
}

/** Returns the name of a subject in progress lines and errors. */
export function subjectName({ operation, shape }: Pick<Subject, 'operation' | 'shape'>): string {
  return `${operation} ${shape}`;
}
