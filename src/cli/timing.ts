import { Option } from 'commander';
import { override } from '../observe/override.ts';
import type { Backbone } from '../weights/backbone.ts';

export interface TimingFlags {
  readonly timing?: boolean;
}

export function timingOption(): Option {
  return new Option(
    '--timing',
    'where the time went, by stage: a line on stderr, and with --json a member of each line',
  );
}

/**
 * From the start of the program to an answer, in milliseconds. Pipelines compile, and the first images are decoded, while the weights
 * are on their way: the stages are more than the whole together.
 */
export interface Timing {
  /** Until the command began: Node's start and the program's code. */
  readonly programMs: number;
  /** The weights found and looked through; downloaded, if need be. */
  readonly openMs: number;
  readonly deviceMs: number;
  /** Waiting for the weights' bytes. */
  readonly readMs: number;
  /** The weights put onto the device and packed, as far as that was waited for. */
  readonly uploadMs: number;
  /** While any pipeline was being compiled. */
  readonly compileMs: number;
  /** The image, read and decoded. */
  readonly decodeMs: number;
  /** From pixels to the answer. */
  readonly forwardMs: number;
  /** The picture, drawn and written. */
  readonly pictureMs?: number;
  /** Until this answer, from the program's start. */
  readonly totalMs: number;
}

type Stage = 'open' | 'device' | 'read' | 'load' | 'forward' | 'picture';

/** Measures a command's stages. One that is off stays out of the way of device and weights. */
export class StageClock {
  private readonly programMs = performance.now();
  private readonly ms: Record<Stage, number> = { open: 0, device: 0, read: 0, load: 0, forward: 0, picture: 0 };
  private readonly compilation = { running: 0, sinceMs: 0, ms: 0 };

  constructor(private readonly isOn = false) {}

  /** The last run of a stage counts, but for `read`, whose runs add up. */
  async time<Result>(stage: Stage, work: () => Promise<Result>): Promise<Result> {
    const startedMs = performance.now();
    try {
      return await work();
    } finally {
      this.ms[stage] = performance.now() - startedMs + (stage === 'read' ? this.ms.read : 0);
    }
  }

  /** Loading a network from here on; the device's part ends when it hands itself to `observe`. */
  load<Result>(work: (observe: (gpu: GPUDevice) => GPUDevice) => Promise<Result>): Promise<Result> {
    const startedMs = performance.now();
    return this.time('load', () =>
      work(gpu => {
        this.ms.device = performance.now() - startedMs;
        return this.isOn ? this.watch(gpu) : gpu;
      }),
    );
  }

  /** The same weights, with their reading measured. */
  reading(backbone: Backbone): Backbone {
    if (!this.isOn) return backbone;
    const timed = [...backbone.stateDict].map(
      ([name, entry]) => [name, { ...entry, read: () => this.time('read', () => entry.read()) }] as const,
    );
    return { ...backbone, stateDict: new Map(timed), close: () => backbone.close() };
  }

  /** For an answer that is there now. */
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

  private watch(gpu: GPUDevice): GPUDevice {
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

/** `1.21 s: program 0.10, …` */
export function timingText(timing: Timing): string {
  const seconds = (ms: number) => (ms / 1e3).toFixed(2);
  const { programMs, openMs, deviceMs, readMs, uploadMs, compileMs, decodeMs, forwardMs, pictureMs, totalMs } = timing;
  const picture = pictureMs === undefined ? '' : `, picture ${seconds(pictureMs)}`;
  return `${seconds(totalMs)} s: program ${seconds(programMs)}, weights found ${seconds(openMs)}, device ${seconds(deviceMs)}, weights read ${seconds(readMs)} and packed ${seconds(uploadMs)}, forward ${seconds(forwardMs)}${picture}; beside them pipelines ${seconds(compileMs)}, decoding ${seconds(decodeMs)}`;
}
