import { type Dispatched, encode, type Observer } from './observer.ts';

/** One measurement of some dispatches, for running them once, in milliseconds. */
export interface Sample {
  /** By the host's clock, from the submit until the adapter is done. */
  readonly wallMs: number;
  /** By the adapter's clock, around the pass. */
  readonly gpuMs?: number;
}

/** How long a sample lasts at least: long against both clocks and against a thread's turn at waiting. */
const SAMPLE_MS = { gpu: 4, wasm: 12, software: 25 } as const;
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

  /** How many repeats make a sample, found while everything warms up. */
  async warmUp(dispatched: readonly Dispatched[]): Promise<number> {
    const startedMs = performance.now();
    let repeats = 1;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const { wallMs } = await this.sample(dispatched, repeats);
      const isWarm = performance.now() - startedMs >= WARM_UP_MS[this.kind];
      const wanted = Math.min(MOST_REPEATS, Math.max(1, Math.ceil(SAMPLE_MS[this.kind] / wallMs)));
      if (isWarm && wanted <= repeats * 1.5) return wanted;
      repeats = Math.min(wanted, repeats * 8);
    }
    return repeats;
  }

  async sample(dispatched: readonly Dispatched[], repeats: number): Promise<Sample> {
    const { observer } = this;
    const { gpu } = observer;
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
    if (!timestampWrites) return { wallMs };
    const [passMs] = await observer.readDurations();
    return { wallMs, gpuMs: passMs! / repeats };
  }
}

/** The adapter's clock where it has one. */
export function bestOf({ wallMs, gpuMs }: Sample): number {
  return gpuMs ?? wallMs;
}
