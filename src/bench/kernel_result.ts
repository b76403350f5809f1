import { BenchError } from '../errors/index.ts';
import type { Environment } from './environment.ts';
import type { Peaks } from './peaks.ts';
import type { Recording } from './recording.ts';
import type { Summary } from './statistics.ts';

/** Increased when an older reader could misread a newer result. */
export const RESULT_VERSION = 1;

/** One variant of one operation on one shape. */
export interface KernelRow {
  readonly operation: string;
  readonly shape: string;
  /** Modules of the network that run this operation. */
  readonly modules: readonly string[];
  /** `engine`, or a kernel's name. */
  readonly variant: string;
  /** The dispatched kernels, in order. */
  readonly kernels: readonly string[];
  /** Runs per sample, in one pass and one submit. */
  readonly repeats: number;
  /** Milliseconds per run by the adapter's clock around the pass. Missing without timestamps. */
  readonly gpu?: Summary;
  /** Milliseconds per run by the host's clock, from submit until the adapter is done. */
  readonly wall: Summary;
  /** The first run by the host's clock: recording, compiling, running. */
  readonly firstMs: number;
  /** The part of `firstMs` that compiled pipelines. Missing if they already existed. */
  readonly compileMs?: number;
  /** Useful operations. A convolution counts as direct. */
  readonly flop?: number;
  /** Bytes if each input is read once and each output is written once. */
  readonly bytes: number;
  /** `flop` over the median of the adapter's clock, or else of the host's. */
  readonly gflops?: number;
  /** `bytes` over the same median. */
  readonly gbps: number;
  /** The largest difference from the f64 reference over its largest value. */
  readonly error: number;
  readonly noisy: boolean;
  /** Its shaders are indices into the result's list. */
  readonly recording: Omit<Recording, 'shaders'>;
}

/** A variant whose result was wrong. It was not timed. */
export interface Refusal {
  readonly operation: string;
  readonly shape: string;
  readonly variant: string;
  readonly reason: string;
}

export interface KernelResult {
  readonly kind: 'kernels';
  readonly version: number;
  readonly environment: Environment;
  readonly peaks: Peaks;
  readonly rows: readonly KernelRow[];
  readonly refused: readonly Refusal[];
  /** WGSL of every kernel that ran. */
  readonly shaders: readonly string[];
}

/** Returns the milliseconds per run by the adapter's clock, or else by the host's. */
export function timeOf({ gpu, wall }: KernelRow): number {
  return (gpu ?? wall).median;
}

/** Returns a row's dispatches so that they can run again. */
export function recordingOf({ shaders }: KernelResult, { recording }: KernelRow): Recording {
  return { shaders, ...recording };
}

/** Parses a file of `raycam bench --out`. @throws BenchError  it is not such a file, or has another version */
export function parseKernelResult(text: string, name: string): KernelResult {
  let value: Partial<KernelResult>;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BenchError(`bench: ${name} is not JSON. Write one with \`raycam bench --out ${name}\``, { cause: error });
  }
  if (value?.kind !== 'kernels' || !Array.isArray(value.rows) || !Array.isArray(value.shaders))
    throw new BenchError(
      `bench: ${name} is not a result of raycam bench. Write one with \`raycam bench --out ${name}\``,
    );
  if (value.version !== RESULT_VERSION)
    throw new BenchError(
      `bench: ${name} has version ${value.version}, but this version of Raycam reads version ${RESULT_VERSION}. Measure it again`,
    );
  return value as KernelResult;
}
