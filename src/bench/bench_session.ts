import { BenchError } from '../errors/index.ts';
import { observeDispatches } from '../observe/observe_dispatches.ts';
import { type ObservedDevice, openObserved } from '../observe/observed_device.ts';
import type { Dispatched } from '../observe/observer.ts';
import { Timer } from '../observe/timer.ts';
import type { Comparison } from '../oracle/check.ts';
import type { DeviceOptions } from '../runtime/device.ts';
import { type Subject, subjectName } from './subject.ts';

/** A device with its observer and its timer. */
export interface BenchSession extends ObservedDevice {
  readonly timer: Timer;
}

/** Opens a device to measure on. @throws DeviceError */
export async function openBenchSession(options: DeviceOptions): Promise<BenchSession> {
  const observed = await openObserved(options);
  return { ...observed, timer: new Timer(observed.observer, observed.device.adapter.kind) };
}

/** A variant of a subject that passed its check and can be timed. */
export interface Prepared {
  readonly subject: Subject;
  readonly variant: string;
  readonly dispatched: readonly Dispatched[];
  readonly comparison: Comparison;
  readonly firstMs: number;
  readonly compileMs?: number;
  dispose(): void;
}

/** A variant whose result is wrong. It is not timed. */
export class WrongKernel extends BenchError {
  constructor(
    readonly subject: Subject,
    readonly variant: string,
    readonly reason: string,
  ) {
    super(`bench: ${subjectName(subject)} by ${variant} is wrong and was not timed (${reason})`);
  }
}

/** Runs a variant for the first time, checks it, and captures its dispatches. @throws WrongKernel */
export async function prepare(session: BenchSession, subject: Subject, variant: string): Promise<Prepared> {
  const { device, observer } = session;
  const open = subject.open(device, variant);
  try {
    await device.submit();
    observer.compilesMs = [];
    const startedMs = performance.now();
    open.record();
    await device.submit();
    await observer.gpu.queue.onSubmittedWorkDone();
    const firstMs = performance.now() - startedMs;
    const compiled = observer.compilesMs;
    const comparison = await open.check();
    if (comparison.failure) throw new WrongKernel(subject, variant, comparison.failure);
    const dispatched = await observeDispatches(device, observer, () => open.record());
    return {
      subject,
      variant,
      dispatched,
      comparison,
      firstMs,
      compileMs: compiled.length > 0 ? Math.max(...compiled) : undefined,
      dispose: () => {
        open.dispose();
        observer.release(dispatched);
      },
    };
  } catch (error) {
    open.dispose();
    throw error;
  }
}

/**
 * Returns a subject's variants that `wanted` selects: all of them, those of that name, or by default the engine's
 * choice.
 */
export function chosenVariants(
  subject: Subject,
  { device }: BenchSession,
  wanted: string | undefined,
): readonly string[] {
  const variants = subject.variants(device.adapter);
  if (wanted === 'all') return variants;
  if (wanted === undefined) return variants.slice(0, 1);
  return variants.filter(variant => variant === wanted || variant.startsWith(`${wanted}/`));
}
