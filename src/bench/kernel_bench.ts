import { UsageError } from '../errors/index.ts';
import type { Sample } from '../observe/timer.ts';
import type { DeviceOptions } from '../runtime/device.ts';
import {
  type BenchSession,
  chosenVariants,
  openBenchSession,
  type Prepared,
  prepare,
  WrongKernel,
} from './bench_session.ts';
import { environmentOf, type HostFacts } from './environment.ts';
import { type KernelResult, type KernelRow, RESULT_VERSION, type Refusal } from './kernel_result.ts';
import { measurePeaks, type Peaks } from './peaks.ts';
import { type Recording, record } from './recording.ts';
import { isNoisy, summarize } from './statistics.ts';
import { type Subject, subjectName } from './subject.ts';

export interface SubjectBenchOptions extends DeviceOptions {
  readonly host: HostFacts;
  /** `all`, or the name of one. Default: the engine's choice. */
  readonly variant?: string;
  /** Samples per variant. Default: as many as fit one second, from 7 to 25. */
  readonly samples?: number;
  /** The adapter's peaks, if known. By default they are measured first. */
  readonly peaks?: Peaks;
  readonly signal?: AbortSignal;
  /** Called before each step. */
  readonly onProgress?: (done: number, total: number, what: string) => void;
}

const SAMPLES = { least: 7, most: 25, budgetMs: 1000 };

/**
 * Checks kernels against their f64 references and times the right ones. Variants take turns, and each sample is many
 * runs in one pass.
 *
 * @throws UsageError   no subject has the variant
 * @throws DeviceError  the adapter failed
 */
export async function benchSubjects(subjects: readonly Subject[], options: SubjectBenchOptions): Promise<KernelResult> {
  const { variant } = options;
  const session = await openBenchSession(options);
  const { device, observer } = session;
  try {
    if (!options.peaks) options.onProgress?.(0, subjects.length, 'peaks of the adapter');
    const peaks = options.peaks ?? (await measurePeaks(device, observer));
    const shaders: string[] = [];
    const rows: KernelRow[] = [];
    const refused: Refusal[] = [];
    for (const [i, subject] of subjects.entries()) {
      options.signal?.throwIfAborted();
      options.onProgress?.(i, subjects.length, subjectName(subject));
      const variants = chosenVariants(subject, session, variant);
      for (const row of await benchSubject(session, subject, { ...options, variants, shaders, refused }))
        rows.push(row);
    }
    if (rows.length + refused.length === 0)
      throw new UsageError(`bench: no variant "${variant}" for these shapes. Omit --variant or choose other --shapes`);
    const environment = environmentOf(device, observer.gpu, options.host);
    return { kind: 'kernels', version: RESULT_VERSION, environment, peaks, rows, refused, shaders };
  } finally {
    device.dispose();
  }
}

interface Collected {
  readonly samples?: number;
  readonly signal?: AbortSignal;
  readonly variants: readonly string[];
  /** Shaders and refusals of all subjects so far; this call appends its own. */
  readonly shaders: string[];
  readonly refused: Refusal[];
}

/** Checks variants of one subject and times the right ones in turns. @throws DeviceError */
export async function benchSubject(session: BenchSession, subject: Subject, options: Collected): Promise<KernelRow[]> {
  const all: Prepared[] = [];
  try {
    for (const variant of options.variants) {
      try {
        all.push(await prepare(session, subject, variant));
      } catch (error) {
        if (!(error instanceof WrongKernel)) throw error;
        const { operation, shape } = subject;
        options.refused.push({ operation, shape, variant, reason: error.reason });
      }
    }
    const repeats = await inTurn(all, ({ dispatched }) => session.timer.warmUp(dispatched));
    const samples = await sampleInTurns(session, all, { repeats, ...options });
    return await inTurn(all, async (prepared, i) => {
      const recording = await record(session.observer, prepared.dispatched);
      return rowOf(prepared, samples[i]!, { repeats: repeats[i]!, recording: numbered(recording, options.shaders) });
    });
  } finally {
    for (const prepared of all) prepared.dispose();
  }
}

/** Samples A B, B A, A B, …: the order reverses every round, so that drift affects all variants alike. */
async function sampleInTurns(
  { timer }: BenchSession,
  all: readonly Prepared[],
  { repeats, samples, signal }: { repeats: readonly number[]; samples?: number; signal?: AbortSignal },
): Promise<Sample[][]> {
  const taken: Sample[][] = all.map(() => []);
  const startedMs = performance.now();
  const isEnough = (round: number) =>
    round >= (samples ?? SAMPLES.most) ||
    (samples === undefined && round >= SAMPLES.least && performance.now() - startedMs > SAMPLES.budgetMs * all.length);
  for (let round = 0; all.length > 0 && !isEnough(round); round++) {
    signal?.throwIfAborted();
    const order = all.map((_, i) => (round % 2 === 0 ? i : all.length - 1 - i));
    for (const i of order) taken[i]!.push(await timer.sample(all[i]!.dispatched, repeats[i]!));
  }
  return taken;
}

/**
 * Summarises the samples of one variant. Rates follow from the median of the adapter's clock, or else of the host's.
 */
export function rowOf(
  { subject, variant, dispatched, comparison, firstMs, compileMs }: Omit<Prepared, 'dispose'>,
  samples: readonly Sample[],
  { repeats, recording }: Pick<KernelRow, 'repeats' | 'recording'>,
): KernelRow {
  const { operation, shape, modules, flop, bytes } = subject;
  const wall = summarize(samples.map(({ wallMs }) => wallMs));
  const gpuMs = samples.map(sample => sample.gpuMs).filter(ms => ms !== undefined);
  const gpu = gpuMs.length > 0 ? summarize(gpuMs) : undefined;
  const { median } = gpu ?? wall;
  return {
    operation,
    shape,
    modules,
    variant,
    kernels: dispatched.map(({ kernel }) => kernel),
    repeats,
    gpu,
    wall,
    firstMs,
    compileMs,
    flop,
    bytes,
    gflops: flop && flop / median / 1e6,
    gbps: bytes / median / 1e6,
    error: comparison.largestError,
    noisy: isNoisy(gpu ?? wall),
    recording,
  };
}

/** Moves the shaders of a recording into a list that all rows share. */
function numbered({ shaders, buffers, dispatches }: Recording, common: string[]): KernelRow['recording'] {
  const places = shaders.map(code => {
    const at = common.indexOf(code);
    return at >= 0 ? at : common.push(code) - 1;
  });
  return { buffers, dispatches: dispatches.map(dispatch => ({ ...dispatch, shader: places[dispatch.shader]! })) };
}

async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [i, item] of items.entries()) results.push(await work(item, i));
  return results;
}
