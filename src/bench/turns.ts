import { bestOf } from '../observe/timer.ts';
import type { Backbone } from '../weights/backbone.ts';
import { chosenVariants, openBenchSession, type Prepared, prepare } from './bench_session.ts';
import { type Environment, environmentOf } from './environment.ts';
import { loadForTurns, type ModelBenchOptions } from './model_bench.ts';
import { type KernelBenchOptions, suiteOf } from './suite.ts';

/** One thing that can be timed on demand. */
export interface Turn {
  readonly operation: string;
  readonly shape: string;
  readonly variant: string;
  readonly kernels: readonly string[];
}

/** Things that are ready to be timed whenever another process asks, in turns with its own. */
export interface Turns {
  readonly environment: Environment;
  readonly turns: readonly Turn[];
  /** Warms one up, and says how many repeats make a sample. */
  warmUp(index: number): Promise<number>;
  /** Milliseconds for running it once. */
  sample(index: number, repeats: number): Promise<number>;
  dispose(): void;
}

/** The kernels of a suite, each checked. @throws WrongKernel | UsageError | DeviceError */
export async function kernelTurns(options: KernelBenchOptions): Promise<Turns> {
  const { subjects, variant = options.variant } = await suiteOf(options);
  const session = await openBenchSession(options);
  const { device, observer, timer } = session;
  const all: Prepared[] = [];
  for (const subject of subjects)
    for (const name of chosenVariants(subject, session, variant)) all.push(await prepare(session, subject, name));
  return {
    environment: environmentOf(device, observer.gpu, options.host),
    turns: all.map(({ subject: { operation, shape }, variant: name, dispatched }) => ({
      operation,
      shape,
      variant: name,
      kernels: dispatched.map(({ kernel }) => kernel),
    })),
    warmUp: index => timer.warmUpForPairs(all[index]!.dispatched),
    sample: async (index, repeats) => bestOf(await timer.sample(all[index]!.dispatched, repeats)),
    dispose: () => device.dispose(),
  };
}

/** A network's whole forward: upload, forward, readback. @throws DeviceError */
export async function modelTurns(backbone: Backbone, options: ModelBenchOptions): Promise<Turns> {
  const { batch = 1, side = 224 } = options;
  const { environment, forwardMs, dispose } = await loadForTurns(backbone, options);
  const shape = `${batch}x3x${side}x${side}`;
  return {
    environment,
    turns: [{ operation: backbone.architecture, shape, variant: 'forward', kernels: [] }],
    warmUp: async () => {
      for (let i = 0; i < WARM_UP_FORWARDS; i++) await forwardMs();
      return 1;
    },
    sample: forwardMs,
    dispose,
  };
}

/** Enough for an engine's second compilation to have come. */
const WARM_UP_FORWARDS = 5;
