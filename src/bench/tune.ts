import { UsageError } from '../errors/index.ts';
import { algorithmName, algorithmNamed, candidateAlgorithms } from '../nn/convolution_algorithm.ts';
import type { ConvolutionSize } from '../nn/convolution_size.ts';
import { planConvolution } from '../nn/plan_convolution.ts';
import { plainConvolutions } from '../nn/resnet_work.ts';
import { type TunedConvolution, Tuning } from '../nn/tuning.ts';
import type { DeviceOptions } from '../runtime/device.ts';
import type { ResNetArchitecture, StrideOn } from '../weights/resnet_shapes.ts';
import { type BenchSession, openBenchSession } from './bench_session.ts';
import { ConvolutionSubject } from './convolution_subject.ts';
import { benchSubject } from './kernel_bench.ts';
import { type Refusal, timeOf } from './kernel_result.ts';

export interface TuneOptions extends DeviceOptions {
  readonly architecture: ResNetArchitecture;
  /** Images per forward; one by default. */
  readonly batches?: readonly number[];
  /** Height and width of the images in pixels; 224 by default. */
  readonly side?: number;
  /** The convolution of a bottleneck that has its stride; the 3x3 by default. */
  readonly strideOn?: StrideOn;
  /** Measurements of each algorithm; by default as many as fit into a second. */
  readonly samples?: number;
  readonly signal?: AbortSignal;
  /** Called before each convolution. */
  readonly onProgress?: (done: number, total: number, what: string) => void;
}

export interface TuneResult {
  readonly tuning: Tuning;
  /** Algorithms with wrong results; they are never chosen. */
  readonly refused: readonly Refusal[];
}

/** The untuned choice stays, unless another algorithm takes less than this share of its time. */
const WORTH_CHANGING = 0.95;

/**
 * Times all algorithms for each convolution of a network, in turns. Only those with right results count.
 *
 * @throws DeviceError  the adapter failed
 * @throws UsageError   even the untuned choice is wrong on this adapter
 */
export async function tune(options: TuneOptions): Promise<TuneResult> {
  const { architecture, batches = [1], side = 224, strideOn, signal, onProgress } = options;
  const session = await openBenchSession(options);
  const refused: Refusal[] = [];
  try {
    const sizes = batches.flatMap(batch => plainConvolutions(architecture, { batch, side, strideOn }));
    const convolutions: TunedConvolution[] = [];
    for (const [i, size] of sizes.entries()) {
      signal?.throwIfAborted();
      const subject = new ConvolutionSubject(size);
      onProgress?.(i, sizes.length, subject.shape);
      convolutions.push(await fastest(session, subject, { ...options, size, refused }));
    }
    return { tuning: new Tuning(session.device.adapter, convolutions), refused };
  } finally {
    session.device.dispose();
  }
}

async function fastest(
  session: BenchSession,
  subject: ConvolutionSubject,
  { size, samples, signal, refused }: TuneOptions & { readonly size: ConvolutionSize; readonly refused: Refusal[] },
): Promise<TunedConvolution> {
  const { adapter } = session.device;
  const variants = candidateAlgorithms(size, adapter).map(algorithmName);
  const rows = await benchSubject(session, subject, { variants, samples, signal, shaders: [], refused });
  const untuned = algorithmName(planConvolution(size, adapter).algorithm);
  const own = rows.find(({ variant }) => variant === untuned);
  if (!own)
    throw new UsageError(
      `tune: ${subject.shape} by ${untuned} is wrong on this adapter. Check the adapter with \`raycam doctor\`, or choose another with --adapter`,
    );
  const [first] = rows.toSorted((a, b) => timeOf(a) - timeOf(b));
  const chosen = timeOf(first!) < WORTH_CHANGING * timeOf(own) ? first! : own;
  return { size, algorithm: algorithmNamed(chosen.variant)!, ms: timeOf(chosen), untunedMs: timeOf(own) };
}
