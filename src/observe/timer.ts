import { DeviceError } from '../errors/index.ts';
import { type Dispatched, encode, type Observer } from './observer.ts';

/** One measurement of some dispatches, for running them once, in milliseconds. */
export interface Sample {
  /** By the host's clock, from the submit until the adapter is done. */
  readonly wallMs: number;
  /** By the adapter's clock, around the pass. */
  readonly gpuMs?: number;
}

/** How long a sample lasts at least: long against both clocks and against what a submit costs. */
const SAMPLE_MS = { gpu: 4, wasm: 12, software: 25 } as const;
/**
 * The same where two things are compared in turns. Short against the turns in which a system lets its processes run: on a busy machine
 * the interval of 360 pairs of 3 ms was a fifth as wide as that of 120 pairs of 12 ms.
 */
const PAIR_SAMPLE_MS = { gpu: 2, wasm: 3, software: 6 } as const;
const SCOPES = ['validation', 'internal', 'out-of-memory'] as const;
const MOST_REPEATS = 8192;
/** Where the times jump about, the last guess has to do. */
const MOST_ROUNDS = 64;
/** Engines that compile in tiers need a while of running. */
const WARM_UP_MS = { gpu: 50, wasm: 250, software: 50 } as const;

type Kind = keyof typeof SAMPLE_MS;

/** Runs dispatches, over and over in one pass and one submit, and says how long once took. */
export class Timer {
  constructor(
    private readonly observer: Observer,
    private readonly kind: Kind,
  ) {}

  /** As `warmUp`, for samples that are taken in turns with another's. */
  warmUpForPairs(dispatched: readonly Dispatched[]): Promise<number> {
    return this.warmUp(dispatched, PAIR_SAMPLE_MS[this.kind]);
  }

  /** How many repeats make a sample, found while everything warms up. */
  async warmUp(dispatched: readonly Dispatched[], sampleMs: number = SAMPLE_MS[this.kind]): Promise<number> {
    const startedMs = performance.now();
    let repeats = 1;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const { wallMs } = await this.sample(dispatched, repeats);
      const isWarm = performance.now() - startedMs >= WARM_UP_MS[this.kind];
      const wanted = Math.min(MOST_REPEATS, Math.max(1, Math.ceil(sampleMs / wallMs)));
      if (isWarm && wanted <= repeats * 1.5) return wanted;
      repeats = Math.min(wanted, repeats * 8);
    }
    return repeats;
  }

  /** @throws DeviceError  the adapter refused the commands: what did not run took no time */
  async sample(dispatched: readonly Dispatched[], repeats: number): Promise<Sample> {
    const { observer } = this;
    const { gpu } = observer;
    for (const kind of SCOPES) gpu.pushErrorScope(kind);
    const encoder = gpu.createCommandEncoder();
    const timestampWrites = observer.timestampWrites();
    const pass = encoder.beginComputePass({ timestampWrites });
    for (let i = 0; i < repeats; i++) for (const dispatch of dispatched) encode(pass, dispatch);
    pass.end();
    const commands = encoder.finish();
    const startedMs = performance.now();
    gpu.queue.submit([commands]);
    await gpu.queue.onSubmittedWorkDone();
    const wallMs = (performance.now() - startedMs) / repeats;
    const errors = await Promise.all(SCOPES.map(() => gpu.popErrorScope()));
    const error = errors.find(found => found !== null);
    if (error)
      throw new DeviceError(`bench: ${dispatched[0]?.kernel} was not run: ${error.message.trim().split('\n')[0]}`);
    if (!timestampWrites) return { wallMs };
    const [passMs] = await observer.readDurations();
    return { wallMs, gpuMs: passMs! / repeats };
  }
}

/** The adapter's clock where it has one. */
export function bestOf({ wallMs, gpuMs }: Sample): number {
  return gpuMs ?? wallMs;
}
