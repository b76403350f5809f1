import { Option } from 'commander';
import { override } from '../../observe/override.ts';
import type { Backbone } from '../../weights/backbone.ts';

export interface TimingFlags {
  readonly timing?: boolean;
}

export function timingOption(): Option {
  return new Option(
    '--timing',
    'print on stderr how long each stage took; with --json, also add the times to each result',
  );
}

/**
 * The time from the start of the program to an answer, in milliseconds. Pipelines compile and the first images are
 * decoded while weights are read, so the stages add up to more than the total.
 */
export interface Timing {
  /** Until the command began: starting Node and loading the program. */
  readonly programMs: number;
  /** Finding and opening the weights; downloading them if necessary. */
  readonly openMs: number;
  readonly deviceMs: number;
  /** Waiting for the weights' bytes. */
  readonly readMs: number;
  /** Uploading and packing the weights, as far as the command waited for that. */
  readonly uploadMs: number;
  /** While at least one pipeline was being compiled. */
  readonly compileMs: number;
  /** Reading and decoding the image. */
  readonly decodeMs: number;
  /** From pixels to the answer. */
  readonly forwardMs: number;
  /** Drawing and writing the picture. */
  readonly pictureMs?: number;
  /** From the program's start to this answer. */
  readonly totalMs: number;
}

type Stage = 'open' | 'device' | 'read' | 'load' | 'forward' | 'picture';

/** Measures the stages of a command. If it is off, it wraps neither the device nor the weights. */
export class StageClock {
  private readonly programMs = performance.now();
  private readonly ms: Record<Stage, number> = { open: 0, device: 0, read: 0, load: 0, forward: 0, picture: 0 };
  private readonly compilation = { running: 0, sinceMs: 0, ms: 0 };

  constructor(private readonly isOn = false) {}

  /** Measures one run of a stage. Runs of `read` add up; for other stages the last run counts. */
  async time<Result>(stage: Stage, work: () => Promise<Result>): Promise<Result> {
    const startedMs = performance.now();
    try {
      return await work();
    } finally {
      this.ms[stage] = performance.now() - startedMs + (stage === 'read' ? this.ms.read : 0);
    }
  }

  /** Measures loading a network. The device's share ends when `observe` is called with it. */
  load<Result>(work: (observe: (gpu: GPUDevice) => GPUDevice) => Promise<Result>): Promise<Result> {
    const startedMs = performance.now();
    return this.time('load', () =>
      work(gpu => {
        this.ms.device = performance.now() - startedMs;
        return this.isOn ? this.observe(gpu) : gpu;
      }),
    );
  }

  /** Returns the same backbone with its reads measured. */
  reading(backbone: Backbone): Backbone {
    if (!this.isOn) return backbone;
    const timed = [...backbone.stateDict].map(
      ([name, entry]) => [name, { ...entry, read: () => this.time('read', () => entry.read()) }] as const,
    );
    return { ...backbone, stateDict: new Map(timed), close: () => backbone.close() };
  }

  /** Returns the times for an answer that is ready now. */
  answer(decodeMs: number): Timing {
    const { programMs, ms, compilation } = this;
    const rounded = (value: number) => Math.round(value * 10) / 10;
    return {
      programMs: rounded(programMs),
      openMs: rounded(ms.open),
      deviceMs: rounded(ms.device),
      readMs: rounded(ms.read),
      uploadMs: rounded(ms.load - ms.device - ms.read),
      compileMs: rounded(compilation.ms),
      decodeMs: rounded(decodeMs),
      forwardMs: rounded(ms.forward),
      ...(ms.picture > 0 && { pictureMs: rounded(ms.picture) }),
      totalMs: rounded(performance.now()),
    };
  }

  private observe(gpu: GPUDevice): GPUDevice {
    return override(gpu, {
      createComputePipelineAsync: async descriptor => {
        const { compilation } = this;
        if (compilation.running++ === 0) compilation.sinceMs = performance.now();
        try {
          return await gpu.createComputePipelineAsync(descriptor);
        } finally {
          if (--compilation.running === 0) compilation.ms += performance.now() - compilation.sinceMs;
        }
      },
    });
  }
}

/** Formats the times as `1.21 s: program 0.10, …`. */
export function timingText(timing: Timing): string {
  const seconds = (ms: number) => (ms / 1e3).toFixed(2);
  const { programMs, openMs, deviceMs, readMs, uploadMs, compileMs, decodeMs, forwardMs, pictureMs, totalMs } = timing;
  const picture = pictureMs === undefined ? '' : `, picture ${seconds(pictureMs)}`;
  return `${seconds(totalMs)} s: program ${seconds(programMs)}, weights found ${seconds(openMs)}, device ${seconds(deviceMs)}, weights read ${seconds(readMs)} and packed ${seconds(uploadMs)}, forward ${seconds(forwardMs)}${picture}; in parallel, pipelines ${seconds(compileMs)} and decoding ${seconds(decodeMs)}`;
}
