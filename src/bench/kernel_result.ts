import { BenchError } from '../errors/index.ts';
import type { Environment } from './environment.ts';
import type { Peaks } from './peaks.ts';
import type { Recording } from './recording.ts';
import type { Summary } from './statistics.ts';

/** Raised when a reader of older results could misread a newer one. */
export const RESULT_VERSION = 1;

/** One variant of one operation on one shape. */
export interface KernelRow {
  readonly operation: string;
  readonly shape: string;
  /** Of the network, that run this. */
  readonly modules: readonly string[];
  /** `engine`, or a kernel's name. */
  readonly variant: string;
  /** What was dispatched, in order. */
  readonly kernels: readonly string[];
  /** In one pass and one submit, for each sample. */
  readonly repeats: number;
  /** Milliseconds for running it once, by the adapter's clock around the pass; missing without timestamps. */
  readonly gpu?: Summary;
  /** The same by the host's clock, from submit until the adapter was done. */
  readonly wall: Summary;
  /** The very first run, by the host's clock: recording, compiling, running. */
  readonly firstMs: number;
  /** Of that, compiling; missing where its pipelines were there already. */
  readonly compileMs?: number;
  /** Useful operations: convolutions as computed directly. */
  readonly flop?: number;
  /** Each input read once, each output written once. */
  readonly bytes: number;
  /** By the median of the adapter's clock, or else the host's. */
  readonly gflops?: number;
  readonly gbps: number;
  /** Largest difference from the f64 reference, as a share of its largest value. */
  readonly error: number;
  readonly noisy: boolean;
  /** Its shaders are numbered in the result's own list. */
  readonly recording: Omit<Recording, 'shaders'>;
}

/** A variant whose result was wrong: it was not timed. */
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

/** Milliseconds of running it once. */
export function timeOf({ gpu, wall }: KernelRow): number {
  return (gpu ?? wall).median;
}

/** A row's dispatches, ready to be run again. */
export function recordingOf({ shaders }: KernelResult, { recording }: KernelRow): Recording {
  return { shaders, ...recording };
}

/** @throws BenchError  the text is no result of `raycam bench`, or one of a version that is not known here */
export function parseKernelResult(text: string, name: string): KernelResult {
  let value: Partial<KernelResult>;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BenchError(`bench: ${name} is no JSON. Write one with \`raycam bench --out ${name}\``, { cause: error });
  }
  if (value?.kind !== 'kernels' || !Array.isArray(value.rows) || !Array.isArray(value.shaders))
    throw new BenchError(`bench: ${name} holds no kernels' times. Write them with \`raycam bench --out ${name}\``);
  if (value.version !== RESULT_VERSION)
    throw new BenchError(
      `bench: ${name} is of version ${value.version}, this Raycam reads ${RESULT_VERSION}. Measure it again`,
    );
  return value as KernelResult;
}
