import { UsageError } from '../errors/index.ts';
import {
  algorithmName,
  algorithmNamed,
  candidateAlgorithms,
  chooseAlgorithm,
  chooseForm,
} from '../nn/convolution_algorithm.ts';
import { plainConvolutions, sizeOf } from '../nn/resnet_work.ts';
import { type TunedConvolution, Tuning } from '../nn/tuning.ts';
import type { DeviceOptions } from '../runtime/device.ts';
import type { ResNetArchitecture, StrideOn } from '../weights/resnet_shapes.ts';
import { openBenchSession } from './bench_session.ts';
import { ConvolutionSubject } from './convolution_subject.ts';
import { benchSubject } from './kernel_bench.ts';
import { type Refusal, timeOf } from './kernel_result.ts';

export interface TuneOptions extends DeviceOptions {
  readonly architecture: ResNetArchitecture;
  /** Images in a forward; one unless said. */
  readonly batches?: readonly number[];
  /** Height and width of the images in pixels; 224 unless said. */
  readonly side?: number;
  /** Where its bottlenecks stride; on the 3x3 unless said. */
  readonly strideOn?: StrideOn;
  /** Measurements of each; by default as many as fit a second. */
  readonly samples?: number;
  readonly signal?: AbortSignal;
  /** Told before each convolution. */
  readonly onProgress?: (done: number, total: number, what: string) => void;
}

export interface TuneResult {
  readonly tuning: Tuning;
  /** Algorithms whose results were wrong: never chosen. */
  readonly refused: readonly Refusal[];
}

/** What is chosen without measuring stays, unless another takes less than this share of its time. */
const WORTH_CHANGING = 0.95;

/**
 * Times every way of computing each convolution of a network, in turns, those that are right alone.
 *
 * @throws DeviceError  the adapter failed
 * @throws UsageError   even the engine's own choice is wrong on this adapter
 */
export async function tune(options: TuneOptions): Promise<TuneResult> {
  const { architecture, batches = [1], side = 224, strideOn, samples, signal, onProgress } = options;
  const session = await openBenchSession(options);
  const { adapter } = session.device;
  const refused: Refusal[] = [];
  try {
    const shapes = batches.flatMap(batch => plainConvolutions(architecture, { batch, side, strideOn }));
    const convolutions: TunedConvolution[] = [];
    for (const [i, shape] of shapes.entries()) {
      signal?.throwIfAborted();
      const size = sizeOf(shape);
      const subject = new ConvolutionSubject(shape);
      onProgress?.(i, shapes.length, subject.shape);
      const variants = candidateAlgorithms(size, adapter).map(algorithmName);
      const rows = await benchSubject(session, subject, { variants, samples, signal, shaders: [], refused });
      const untuned = algorithmName(chooseAlgorithm(size, chooseForm(size, adapter), adapter));
      const own = rows.find(({ variant }) => variant === untuned);
      if (!own)
        throw new UsageError(
          `tune: ${subject.shape} by ${untuned} is wrong on this adapter. Choose another with --adapter, and see \`raycam doctor\``,
        );
      const [fastest] = rows.toSorted((a, b) => timeOf(a) - timeOf(b));
      const chosen = timeOf(fastest!) < WORTH_CHANGING * timeOf(own) ? fastest! : own;
      const algorithm = algorithmNamed(chosen.variant)!;
      convolutions.push({ size, algorithm, ms: timeOf(chosen), untunedMs: timeOf(own) });
    }
    return { tuning: new Tuning(adapter, convolutions), refused };
  } finally {
    session.device.dispose();
  }
}
