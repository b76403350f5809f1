import { afterEach, describe, expect, it } from 'vitest';
import { constant, Tape } from '../../src/autograd/tape.ts';
import { DeviceError } from '../../src/errors/index.ts';
import { classifyImage } from '../../src/inference/classify.ts';
import { evidenceOf } from '../../src/inference/evidence.ts';
import { explainImage } from '../../src/inference/explain.ts';
import { type BuildOptions, buildNetwork, type Network } from '../../src/inference/network.ts';
import { evaluateHead, predictImage, verdictOf } from '../../src/inference/predict.ts';
import { recovering } from '../../src/inference/recovery.ts';
import { ledgerOf, maskedVerdict } from '../../src/inspection/ledger.ts';
import { RecordedPass } from '../../src/inspection/recorded_pass.ts';
import { Head } from '../../src/nn/head.ts';
import { fit } from '../../src/train/fit.ts';
import type { WasmDevice } from '../../src/wasm/device/device.ts';
import { narrowBackbone, narrowHead } from './narrow_network.ts';

const image = { width: 50, height: 40, pixels: Uint8Array.from({ length: 6000 }, (_, i) => (i * 37) % 256) };

/** Loses the device at its first submit, while weights are being loaded. */
const LOADING = -1;

/** Devices in the order in which they were opened. */
let opened: WasmDevice[] = [];
/** Submits of the last device after its last block was loaded. */
let submits = 0;
let notes: string[] = [];
let network: Network;
let loaded: () => void;
afterEach(() => network.dispose());

async function open(...lostAt: (number | undefined)[]): Promise<Head> {
  network = await build(lostAt);
  return new Head(network.device, narrowHead());
}

/** Builds the narrow network; device i is lost at its `lostAt[i]`-th submit after loading, or while `LOADING`. */
function build(lostAt: readonly (number | undefined)[], options: BuildOptions = {}): Promise<Network> {
  opened = [];
  notes = [];
  const observe = (gpu: GPUDevice) => {
    const device = gpu as WasmDevice;
    const at = lostAt[opened.length];
    opened.push(device);
    const submit = device.queue.submit.bind(device.queue);
    let isLoaded = false;
    submits = 0;
    loaded = () => {
      isLoaded = true;
    };
    device.queue.submit = buffers => {
      if (isLoaded ? ++submits === at : at === LOADING) device.lose('unknown', 'the driver was reset');
      return submit(buffers);
    };
    return gpu;
  };
  return buildNetwork(narrowBackbone(), {
    adapter: 'wasm',
    threads: 0,
    observe,
    onLoad: (done, total) => {
      if (done === total) loaded();
    },
    onRebuild: reason => notes.push(reason),
    ...options,
  });
}

const REASON = 'unknown: the driver was reset';
const LOST = `device: was lost (${REASON}). Run the command again, or choose another adapter with --adapter`;
/** The submit at which a device is lost: about the second prediction. */
const SOON = 3;

describe('a network whose device is lost', () => {
  it('is rebuilt once and gives the same answers', async () => {
    const own = await open();
    const undisturbed = await predictImage(network, own, image);
    await network.dispose();
    const head = await open(SOON);
    for (let i = 0; i < 6; i++) expect(await predictImage(network, head, image)).toEqual(undisturbed);
    expect([opened.length, notes]).toEqual([2, [REASON]]);
    expect((await opened[0]!.lost).reason).toBe('unknown');
  });

  it('fails after the second loss, and for every later call', async () => {
    const head = await open(SOON, SOON);
    const outcomes: string[] = [];
    for (let i = 0; i < 8; i++)
      outcomes.push(
        await predictImage(network, head, image).then(
          verdict => verdict.class,
          error => (error as DeviceError).message,
        ),
      );
    expect(outcomes.at(-1)).toBe(
      `device: was lost a second time (${REASON}). Choose another adapter with --adapter, or check this one with \`raycam doctor\``,
    );
    expect(new Set(outcomes).size).toBe(2);
    expect([opened.length, notes.length]).toEqual([2, 1]);
  });

  it('is rebuilt once for concurrent callers', async () => {
    const head = await open(SOON);
    const verdicts = await Promise.all([1, 2, 3].map(() => predictImage(network, head, image)));
    expect(new Set(verdicts.map(verdict => JSON.stringify(verdict))).size).toBe(1);
    expect([opened.length, notes]).toEqual([2, [REASON]]);
  });

  it('explains, predicts and classifies consistently after a loss', async () => {
    const head = await open(SOON);
    const explained = await explainImage(network, head, image);
    const { probabilities } = await predictImage(network, head, image);
    expect(explained.probabilities).toEqual(probabilities);
    expect(await classifyImage(network, image, 1)).toHaveLength(1);
    expect(opened.length).toBe(2);
  });

  it('gives the same evidence, ledger and evaluation after a loss', async () => {
    const features = Float32Array.from({ length: 10 * 32 }, (_, i) => ((i * 7919) % 101) / 50 - 1);
    const set = { features, labels: Array.from({ length: 10 }, (_, i) => i % 2) };
    const ask = async (head: Head) => {
      const ledger = await recovering(network, async () => {
        const pass = RecordedPass.record(network, image);
        try {
          return [await ledgerOf(pass, narrowHead()), await maskedVerdict(pass, narrowHead(), { off: [1, 5] })];
        } finally {
          pass.dispose();
        }
      });
      return [
        await evidenceOf(network, head, image),
        ledger,
        await evaluateHead(network, { ...narrowHead(), classes: ['a', 'b'] }, { set }),
      ];
    };
    const undisturbed = await ask(await open());
    const count = submits;
    expect(count).toBeGreaterThan(10);
    for (const at of [1, Math.round(count / 2), count - 1, count]) {
      await network.dispose();
      expect(await ask(await open(at)), `submit ${at}`).toEqual(undisturbed);
      expect(opened.length, `submit ${at}`).toBe(2);
    }
  });

  it('is rebuilt if its device is lost while weights are being loaded', async () => {
    const own = await open();
    const undisturbed = await predictImage(network, own, image);
    await network.dispose();
    const head = await open(LOADING);
    expect(await predictImage(network, head, image)).toEqual(undisturbed);
    expect([opened.length, notes]).toEqual([2, [REASON]]);
    opened[1]!.lose('unknown', 'the driver was reset');
    await expect(predictImage(network, head, image)).rejects.toThrow(/^device: was lost a second time/);
  });

  it('fails if its device is lost twice while weights are being loaded', async () => {
    await expect(build([LOADING, LOADING])).rejects.toThrow(LOST);
    expect([opened.length, notes]).toEqual([2, [REASON]]);
  });

  it('is not rebuilt with recovers: false', async () => {
    await expect(build([LOADING], { recovers: false })).rejects.toThrow(LOST);
    network = await build([SOON], { recovers: false });
    const head = new Head(network.device, narrowHead());
    const ask = async () => {
      for (let i = 0; i < 6; i++) await predictImage(network, head, image);
    };
    await expect(ask()).rejects.toThrow(LOST);
    expect([opened.length, notes]).toEqual([1, []]);
  });

  it('restarts training and ends with the same weights', async () => {
    const features = Float32Array.from({ length: 10 * 32 }, (_, i) => ((i * 7919) % 101) / 50 - 1);
    const set = { features, labels: Array.from({ length: 10 }, (_, i) => i % 2) };
    const train = () => fit(network.device, { classes: ['a', 'b'], train: set, val: set }, { epochs: 3 });
    await open();
    const undisturbed = await train();
    await network.dispose();
    await open(SOON + 2);
    const { last } = await recovering(network, train);
    expect([last, opened.length]).toEqual([undisturbed.last, 2]);
  });

  it('is not rebuilt after its device was disposed', async () => {
    const head = await open();
    network.device.dispose();
    await expect(predictImage(network, head, image)).rejects.toThrow(
      'device: was lost (destroyed: device was destroyed)',
    );
    expect(opened.length).toBe(1);
  });
});

it('a head in training is not reset to its initial weights', async () => {
  const head = await open();
  const tape = new Tape(network.device);
  head.record(tape, constant(network.device.tensor(new Float32Array(32), [1, 32])));
  tape.dispose();
  const first = head.on(network.device);
  expect(first).toBe(head);
  await open();
  expect(() => head.on(network.device)).toThrow(
    new DeviceError('head: its trained weights were lost with the device. Train it again'),
  );
});

it('rejects probabilities that do not add up to 1', () => {
  expect(() => verdictOf(['a', 'b'], new Float32Array(2))).toThrow(
    new DeviceError(
      'head: the probabilities add up to 2, expected 1, so the device did not run the head. Check the adapter with `raycam doctor`',
    ),
  );
});
