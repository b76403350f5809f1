import { DeviceError } from '../errors/index.ts';
import { type Dispatched, encode, type Observer } from './observer.ts';

/** Milliseconds per run of some dispatches. */
export interface Sample {
  /** By the host's clock, from submit until the adapter is done. */
  readonly wallMs: number;
  /** By the adapter's clock, around the pass. */
  readonly gpuMs?: number;
}

/**
 * The least duration of a sample: long compared with the resolution of both clocks and with the overhead of a submit.
 */
const SAMPLE_MS = { gpu: 4, wasm: 12, software: 25 } as const;
/**
 * The same for comparisons in turns. Short compared with the time slices of the system's scheduler: on a busy machine,
 * the interval of 360 pairs of 3 ms was a fifth as wide as that of 120 pairs of 12 ms.
 */
const PAIR_SAMPLE_MS = { gpu: 2, wasm: 3, software: 6 } as const;
const SCOPES = ['validation', 'internal', 'out-of-memory'] as const;
const MOST_REPEATS = 8192;
/** If the times vary too much to settle, the last guess is used. */
const MOST_ROUNDS = 64;
/** Engines that compile in tiers need some time to warm up. */
const WARM_UP_MS = { gpu: 50, wasm: 250, software: 50 } as const;

type Kind = keyof typeof SAMPLE_MS;

/** Times dispatches: many repeats in one pass and one submit, divided by their number. */
export class Timer {
  constructor(
    private readonly observer: Observer,
    private readonly kind: Kind,
  ) {}

  /** `warmUp` for samples that are taken in turns with others. */
  warmUpForPairs(dispatched: readonly Dispatched[]): Promise<number> {
    return this.warmUp(dispatched, PAIR_SAMPLE_MS[this.kind]);
  }

  /** Warms up, and returns how many repeats make a sample. */
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

  /** Takes one sample. @throws DeviceError  the adapter rejected the commands, so that nothing was timed */
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

/** Returns the time by the adapter's clock if it has one, otherwise by the host's. */
export function bestOf({ wallMs, gpuMs }: Sample): number {
  return gpuMs ?? wallMs;
}
