import { bestOf } from '../observe/timer.ts';
import type { Backbone } from '../weights/backbone.ts';
import { chosenVariants, openBenchSession, type Prepared, prepare } from './bench_session.ts';
import { type Environment, environmentOf } from './environment.ts';
import { loadForTurns, type ModelBenchOptions } from './model_bench.ts';
import { type KernelBenchOptions, suiteOf } from './suite.ts';

/** One measurement that another process can request. */
export interface Turn {
  readonly operation: string;
  readonly shape: string;
  readonly variant: string;
  readonly kernels: readonly string[];
}

/** Measurements that another process requests one at a time, in turns with its own. */
export interface Turns {
  readonly environment: Environment;
  readonly turns: readonly Turn[];
  /** Warms one up and returns how many repeats make a sample. */
  warmUp(index: number): Promise<number>;
  /** Takes a sample and returns the milliseconds per run. */
  sample(index: number, repeats: number): Promise<number>;
  dispose(): void;
}

/** Prepares and checks the kernels of a suite. @throws WrongKernel | UsageError | DeviceError */
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

/** Prepares the forward of a network, with upload and readback. @throws DeviceError */
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

/** Enough forwards for the optimising tier of an engine's compiler. */
const WARM_UP_FORWARDS = 5;
