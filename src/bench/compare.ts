import { UsageError } from '../errors/index.ts';
import { bestOf } from '../observe/timer.ts';
import { type BenchSession, openBenchSession, prepare, WrongKernel } from './bench_session.ts';
import { type Environment, environmentOf, type HostFacts } from './environment.ts';
import { type KernelResult, type KernelRow, recordingOf, timeOf } from './kernel_result.ts';
import { comparePaired, type PairedOptions, type PairedResult, type Verdict } from './paired.ts';
import { measureFma } from './peaks.ts';
import { replay } from './recording.ts';
import { type Subject, subjectName } from './subject.ts';
import { type KernelBenchOptions, suiteOf } from './suite.ts';

/** One variant of one shape: the recorded version and the current one. */
export interface ComparedRow extends PairedResult {
  readonly operation: string;
  readonly shape: string;
  readonly variant: string;
  /** Kernels of the recorded version and of the current one. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /**
   * Median when the baseline was recorded, in milliseconds. It is only shown: the comparison runs the baseline again.
   */
  readonly thenMs?: number;
}

export interface ComparisonResult {
  readonly kind: 'comparison';
  readonly environment: Environment;
  /** Where the baseline was measured, and which version of Raycam it is. */
  readonly baseline: Pick<HostFacts, 'runtime' | 'raycam' | 'commit' | 'date'> & { readonly adapter: string };
  readonly limit: number;
  /**
   * The adapter's multiply-add peak in GFLOP/s then and now, if the baseline is a file. It shows how comparable
   * `thenMs` is.
   */
  readonly fmaGflops?: { readonly before: number; readonly after: number };
  readonly rows: readonly ComparedRow[];
  readonly refused: readonly {
    readonly operation: string;
    readonly shape: string;
    readonly variant: string;
    readonly reason: string;
  }[];
  readonly verdict: Verdict;
}

export interface CompareOptions extends KernelBenchOptions, Pick<PairedOptions, 'limit' | 'mostPairs'> {}

/**
 * Runs the kernels of an earlier result and the current ones in turns, on the same memory. The result contains the
 * earlier kernels: shaders, constants, parameters and sizes. Rows that only one of the two has are skipped.
 *
 * @throws UsageError   the baseline has no row of the requested suite
 * @throws DeviceError  the adapter failed
 */
export async function compareKernels(baseline: KernelResult, options: CompareOptions): Promise<ComparisonResult> {
  const chosen = await commonRows(baseline, options);
  const session = await openBenchSession(options);
  try {
    const after = await measureFma(session.device, session.observer);
    const rows: ComparedRow[] = [];
    const refused: ComparisonResult['refused'][number][] = [];
    for (const [i, { subject, row }] of chosen.entries()) {
      options.onProgress?.(i, chosen.length, subjectName(subject));
      try {
        rows.push(await compareRow(session, { subject, row, baseline }, options));
      } catch (error) {
        if (!(error instanceof WrongKernel)) throw error;
        const { operation, shape } = subject;
        refused.push({ operation, shape, variant: row.variant, reason: error.reason });
      }
    }
    const { runtime, raycam, commit, date, adapter } = baseline.environment;
    return {
      kind: 'comparison',
      environment: environmentOf(session.device, session.observer.gpu, options.host),
      baseline: { runtime, raycam, commit, date, adapter: adapter.description },
      limit: options.limit,
      fmaGflops: { before: baseline.peaks.fmaGflops, after },
      rows,
      refused,
      verdict: overall(rows),
    };
  } finally {
    session.device.dispose();
  }
}

/** Returns the baseline's rows that are in the requested suite. @throws UsageError  there are none */
async function commonRows(
  baseline: KernelResult,
  options: CompareOptions,
): Promise<readonly { readonly subject: Subject; readonly row: KernelRow }[]> {
  const { subjects, variant = options.variant } = await suiteOf(options);
  const found = subjects.flatMap(subject =>
    baseline.rows
      .filter(row => row.operation === subject.operation && row.shape === subject.shape && isWanted(row, variant))
      .map(row => ({ subject, row })),
  );
  if (found.length > 0) return found;
  throw new UsageError(
    'bench: the baseline has none of these kernels and shapes. Repeat the arguments it was recorded with',
  );
}

/** Returns the worst verdict of all rows. */
export function overall(rows: readonly { readonly verdict: Verdict }[]): Verdict {
  const order: readonly Verdict[] = ['slower', 'unclear', 'same', 'faster'];
  return order.find(verdict => rows.some(row => row.verdict === verdict)) ?? 'unclear';
}

function isWanted({ variant }: KernelRow, wanted: string | undefined): boolean {
  return wanted === undefined || wanted === 'all' || variant === wanted || variant.startsWith(`${wanted}/`);
}

async function compareRow(
  session: BenchSession,
  { subject, row, baseline }: { readonly subject: Subject; readonly row: KernelRow; readonly baseline: KernelResult },
  options: CompareOptions,
): Promise<ComparedRow> {
  const { timer, observer, device } = session;
  const { operation, shape } = subject;
  const now = await prepare(session, subject, variantNow(subject, session, row));
  try {
    const buffers = observer.buffersOf(now.dispatched);
    const then = await replay(observer.gpu, recordingOf(baseline, row), buffers);
    const repeats = Math.max(await timer.warmUpForPairs(then.dispatched), await timer.warmUpForPairs(now.dispatched));
    const result = await comparePaired(
      async () => bestOf(await timer.sample(then.dispatched, repeats)),
      async () => bestOf(await timer.sample(now.dispatched, repeats)),
      options,
    );
    then.dispose();
    const kernels = (dispatched: readonly { readonly kernel: string }[]) => dispatched.map(({ kernel }) => kernel);
    return {
      operation,
      shape,
      variant: row.variant,
      before: row.kernels,
      after: kernels(now.dispatched),
      thenMs: row.wall && timeOf(row),
      ...result,
    };
  } finally {
    now.dispose();
    await device.trim();
  }
}

/** Returns the recorded variant, or the engine's choice if that variant no longer exists. */
function variantNow(subject: Subject, { device }: BenchSession, { variant }: KernelRow): string {
  const variants = subject.variants(device.adapter);
  return variants.includes(variant) ? variant : variants[0]!;
}
