import { afterAll, describe, expect, it, vi } from 'vitest';
import { RaycamError } from '../../src/errors/index.ts';
import { explainImage } from '../../src/inference/explain.ts';
import type { Network } from '../../src/inference/network.ts';
import { predictImage } from '../../src/inference/predict.ts';
import { Head } from '../../src/nn/head.ts';
import { ResNet } from '../../src/nn/resnet.ts';
import type { Device } from '../../src/runtime/device.ts';
import { fit } from '../../src/train/fit.ts';
import { FAULTS, type Fault, FaultyDevice } from './faulty_device.ts';
import { NARROW_FEATURES, narrowBackbone, narrowHead } from './narrow_network.ts';

/**
 * RAYCAM_FAULTS sets how many occasions of each fault fail, or `all`, and prints the table. By default 5 fail, evenly
 * spaced.
 */
const { RAYCAM_FAULTS: asked } = process.env;
const MOST = asked === 'all' ? Number.POSITIVE_INFINITY : Number(asked ?? 5);
/** 20 s during which this process ran; time while it was stopped does not count. */
const HANGS = { ticks: 200, tickMs: 100 };
/** The limit for one kind of fault in one kind of work. */

/** A kind of work; `prepare` sets up what the device needs before it. */
interface Work {
  prepare(device: Device): Promise<{ run(): Promise<string>; dispose(): void }>;
}

const nothing = () => {};
const image = { width: 50, height: 40, pixels: Uint8Array.from({ length: 6000 }, (_, i) => (i * 37) % 256) };

async function networkOn(device: Device): Promise<Network> {
  const backbone = narrowBackbone();
  return { device, backbone, model: await ResNet.load(device, backbone), dispose: async () => {} };
}

/** A prediction after `times` others. From the third on, the network encodes the next forward pass ahead. */
function predictionAfter(times: number): Work {
  return {
    prepare: async device => {
      const network = await networkOn(device);
      const head = new Head(device, narrowHead());
      for (let i = 0; i < times; i++) await predictImage(network, head, image);
      return {
        run: async () => JSON.stringify(await predictImage(network, head, image)),
        dispose() {
          head.dispose();
          network.model.dispose();
        },
      };
    },
  };
}

const WORK: Readonly<Record<string, Work>> = {
  load: {
    prepare: async device => ({
      async run() {
        const model = await ResNet.load(device, narrowBackbone());
        model.dispose();
        return 'loaded';
      },
      dispose: nothing,
    }),
  },
  'forward pass': {
    prepare: async device => {
      const { model } = await networkOn(device);
      return {
        async run() {
          const x = device.tensor(new Float32Array(3 * 32 * 32).fill(0.5), [1, 3, 32, 32], 'x');
          let made: ReturnType<ResNet['forward']> | undefined;
          try {
            made = model.forward(x, { taps: ['layer2'] });
            const layer2 = await made.taps.get('layer2')!.read();
            return `${layer2.join()} ${(await made.logits!.read()).join()}`;
          } finally {
            for (const tensor of [x, made?.features, made?.logits, made?.taps.get('layer2')]) tensor?.dispose();
          }
        },
        dispose: () => model.dispose(),
      };
    },
  },
  prediction: predictionAfter(1),
  'prediction encoded ahead': predictionAfter(3),
  'class activation map': {
    prepare: async device => {
      const network = await networkOn(device);
      const head = new Head(device, narrowHead());
      return {
        async run() {
          const { probabilities, cam, overlay } = await explainImage(network, head, image);
          return [Object.values(probabilities), cam.values.join(), overlay.pixels.join()].join(' ');
        },
        dispose() {
          head.dispose();
          network.model.dispose();
        },
      };
    },
  },
  training: {
    prepare: async device => ({
      async run() {
        const features = Float32Array.from({ length: 10 * NARROW_FEATURES }, (_, i) => ((i * 7919) % 101) / 50 - 1);
        const set = { features, labels: Array.from({ length: 10 }, (_, i) => i % 2) };
        const { last } = await fit(device, { classes: ['a', 'b'], train: set, val: set }, { epochs: 2, batchSize: 4 });
        return last.weight.join();
      },
      dispose: nothing,
    }),
  },
};

interface Tally {
  injected: number;
  refused: number;
  /** The work succeeded despite the fault, and its result is right. */
  right: number;
}

const table: string[] = [];
const printed: unknown[] = [];
const warn = vi.spyOn(console, 'warn').mockImplementation((...said) => void printed.push(said));
afterAll(() => {
  warn.mockRestore();
  if (asked) console.log(table.join('\n'));
});

/** Returns the work's result or its error; work that hangs counts as an error. */
async function outcomeOf(work: Promise<string>): Promise<{ readonly result?: string; readonly error?: unknown }> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    let ticks = 0;
    timer = setInterval(() => ++ticks === HANGS.ticks && reject(new Error('the work hangs')), HANGS.tickMs);
  });
  try {
    return { result: await Promise.race([work, hangs]) };
  } catch (error) {
    return { error };
  } finally {
    clearInterval(timer);
  }
}

/** Returns 1 to `count`, or a selection: the first, the last, and evenly spaced ones. */
function occasions(count: number): number[] {
  const step = Math.max(1, (count - 1) / (MOST - 1));
  const chosen = Array.from({ length: Math.min(count, MOST) }, (_, k) => Math.round(1 + k * step));
  return [...new Set(chosen)];
}

/** What a run with a fault returned or threw, and what it returns without. */
interface Outcome {
  readonly result?: string;
  readonly error?: unknown;
  readonly reference: string;
  /** The run, for messages. */
  readonly where: string;
}

/** Expects Raycam's own error with a one-line message that names where it happened. */
function expectSentence(error: unknown, where: string): void {
  expect(error, where).toBeInstanceOf(RaycamError);
  expect((error as Error).message, where).toMatch(/^[\w:.…, ]+: [^\n]+$/);
}

describe.each(Object.entries(WORK))('%s', (name, { prepare }) => {
  // Loading reads nothing back, and the earlier predictions have already created all pipelines.
  const faults = FAULTS.filter(
    fault =>
      fault !== 'loss' &&
      !(name === 'load' && fault === 'mapping') &&
      !(name.startsWith('prediction') && fault === 'pipeline'),
  );
  it.each(faults)('%s: fails with a message or is right, and the device still works', async fault => {
    if (fault === 'pipeline') return tallyFresh(fault); // pipelines are created once per device
    const faulty = await FaultyDevice.open();
    const { device } = faulty;
    const work = await prepare(device);
    await work.run();
    await tally(fault, faulty, work);
    work.dispose();
    expect(device.memoryUse.liveBytes).toBe(0);
    device.dispose();
  });

  it('loss: fails with a message or is right, and the lost device gives no results', async () => {
    await tallyFresh('loss');
  });

  async function tally(fault: Fault, faulty: FaultyDevice, work: { run(): Promise<string> }): Promise<void> {
    const found: Tally = { injected: 0, refused: 0, right: 0 };
    await faulty.device.trim(); // otherwise the device would reuse freed buffers
    faulty.arm(fault, 0);
    const reference = await work.run();
    const count = faulty.disarm();
    expect(count).toBeGreaterThan(0);
    const before = { used: await faulty.usedBytes(), live: faulty.device.memoryUse.liveBytes };
    for (const at of occasions(count)) {
      faulty.arm(fault, at);
      const { result, error } = await outcomeOf(work.run());
      const where = `${name}, ${fault} at ${at} of ${count}`;
      if (faulty.disarm() < at) {
        expectUndisturbed({ result, error, reference, where }, count - at);
        continue;
      }
      judge({ result, error, reference, where }, found);
      const now = {
        used: await faulty.usedBytes().catch(() => faulty.usedBytes()),
        live: faulty.device.memoryUse.liveBytes,
      };
      expect(now, where).toEqual(before);
      expect(await work.run(), `${where}, afterwards`).toBe(reference);
      await faulty.device.trim();
    }
    report(fault, found, count);
  }

  /** Tallies a fault on a new device for each occasion. */
  async function tallyFresh(fault: Fault): Promise<void> {
    const found: Tally = { injected: 0, refused: 0, right: 0 };
    const healthy = await FaultyDevice.open();
    healthy.arm(fault, 0);
    const { run } = await prepare(healthy.device);
    const prepared = healthy.disarm();
    healthy.arm(fault, 0);
    const reference = await run();
    const count = healthy.disarm();
    expect(prepared + count).toBeGreaterThan(0);
    healthy.device.dispose();
    for (const at of occasions(count)) {
      const faulty = await FaultyDevice.open();
      const work = await prepare(faulty.device);
      faulty.arm(fault, at);
      const { result, error } = await outcomeOf(work.run());
      const where = `${name}, ${fault} at ${at} of ${count}`;
      if (faulty.disarm() < at) {
        expectUndisturbed({ result, error, reference, where }, count - at);
        faulty.device.dispose();
        continue;
      }
      judge({ result, error, reference, where }, found);
      const later = await outcomeOf(work.run());
      if (fault === 'loss') {
        expectSentence(later.error, `${where}, afterwards`);
        expect((later.error as Error).message).toMatch(/^device: was lost \(unknown: the driver was reset\)/);
      } else {
        expect(later.result === reference, `${where}, afterwards`).toBe(true);
        work.dispose();
        expect(faulty.device.memoryUse.liveBytes, where).toBe(0);
      }
      faulty.device.dispose();
    }
    report(fault, found, count);
  }

  /**
   * Expects the result of a run that ended before the fault. Runs differ by an occasion or two, because work for the
   * next run overlaps with this one, so only the last occasions may be missed.
   */
  function expectUndisturbed({ result, error, reference, where }: Outcome, left: number): void {
    expect(left, `${where}: the fault did not occur`).toBeLessThanOrEqual(1);
    expect(error, where).toBeUndefined();
    expect(result === reference, `${where}: the result differs`).toBe(true);
  }

  function judge({ result, error, reference, where }: Outcome, found: Tally): void {
    found.injected++;
    if (error !== undefined) {
      expectSentence(error, where);
      found.refused++;
    } else {
      expect(result === reference, `${where}: the result differs`).toBe(true);
      found.right++;
    }
  }

  function report(fault: Fault, { injected, refused, right }: Tally, count: number): void {
    const others = injected - refused - right;
    table.push(
      `${name.padEnd(20)} ${fault.padEnd(8)} ${injected} of ${count} occasions: ${refused} failed with a message, ${right} right despite the fault, ${others} otherwise`,
    );
  }
});

it('reports every error to the caller and prints none to the console', () => expect(printed).toEqual([]));
