import { BenchError } from '../errors/index.ts';
import { observeDispatches } from '../observe/observe_dispatches.ts';
import { type ObservedDevice, openObserved } from '../observe/observed_device.ts';
import type { Dispatched } from '../observe/observer.ts';
import { Timer } from '../observe/timer.ts';
import type { Comparison } from '../oracle/check.ts';
import type { DeviceOptions } from '../runtime/device.ts';
import { type Subject, subjectName } from './subject.ts';

/** A device, and what watches and times it. */
export interface BenchSession extends ObservedDevice {
  readonly timer: Timer;
}

/** @throws DeviceError */
export async function openBenchSession(options: DeviceOptions): Promise<BenchSession> {
  const watched = await openObserved(options);
  return { ...watched, timer: new Timer(watched.observer, watched.device.adapter.kind) };
}

/** A subject that was found right, ready to be timed. */
export interface Prepared {
  readonly subject: Subject;
  readonly variant: string;
  readonly dispatched: readonly Dispatched[];
  readonly comparison: Comparison;
  readonly firstMs: number;
  readonly compileMs?: number;
  dispose(): void;
}

/** A wrong result is not timed. */
export class WrongKernel extends BenchError {
  constructor(
    readonly subject: Subject,
    readonly variant: string,
    readonly reason: string,
  ) {
    super(`bench: ${subjectName(subject)} by ${variant} is wrong and was not timed: ${reason}`);
  }
}

/** Runs a variant for the first time, checks it, and takes down its dispatches. @throws WrongKernel */
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

/** The variants to run, of those that a subject has. */
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
