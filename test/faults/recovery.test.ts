import { afterEach, describe, expect, it } from 'vitest';
import { constant, Tape } from '../../src/autograd/tape.ts';
import { DeviceError } from '../../src/errors/index.ts';
import { classifyImage } from '../../src/inference/classify.ts';
import { evidenceOf } from '../../src/inference/evidence.ts';
import { explainImage } from '../../src/inference/explain.ts';
import { ledgerOf, maskedVerdict } from '../../src/inspection/ledger.ts';
import { type BuildOptions, buildNetwork, type Network } from '../../src/inference/network.ts';
import { evaluateHead, predictImage, verdictOf } from '../../src/inference/predict.ts';
import { RecordedPass } from '../../src/inspection/recorded_pass.ts';
import { recovering } from '../../src/inference/recovery.ts';
import { Head } from '../../src/nn/head.ts';
import { fit } from '../../src/train/fit.ts';
import type { WasmDevice } from '../../src/wasm/device/device.ts';
import { narrowBackbone, narrowHead } from './narrow_network.ts';

const image = { width: 50, height: 40, pixels: Uint8Array.from({ length: 6000 }, (_, i) => (i * 37) % 256) };

/** At the first submit, while weights go onto the device. */
const LOADING = -1;

/** Devices in the order in which they were opened, and when each is lost: at the n-th submit after its last block is loaded. */
let opened: WasmDevice[] = [];
/** Of the last device, after its last block was loaded. */
let submits = 0;
let notes: string[] = [];
let network: Network;
let loaded: () => void;
afterEach(() => network.dispose());

async function open(...lostAt: (number | undefined)[]): Promise<Head> {
  network = await build(lostAt);
  return new Head(network.device, narrowHead());
}

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

const LOST =
  'device: lost (unknown: the driver was reset). No result was kept. Run the command again, or choose another adapter with --adapter';
/** Of the submits at which a device is lost: the second prediction, or so. */
const SOON = 3;

describe('a network whose device is lost', () => {
  it('is built anew once: every answer is what it would have been', async () => {
    const own = await open();
    const undisturbed = await predictImage(network, own, image);
    await network.dispose();
    const head = await open(SOON);
    for (let i = 0; i < 6; i++) expect(await predictImage(network, head, image)).toEqual(undisturbed);
    expect([opened.length, notes]).toEqual([2, [LOST]]);
    expect((await opened[0]!.lost).reason).toBe('unknown');
  });

  it('gives up the second time, and says so ever after', async () => {
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
      `device: lost a second time (${LOST}). Choose another adapter with --adapter, and see \`raycam doctor\``,
    );
    expect(new Set(outcomes).size).toBe(2);
    expect([opened.length, notes.length]).toEqual([2, 1]);
  });

  it('is built anew once for callers that lose it together', async () => {
    const head = await open(SOON);
    const verdicts = await Promise.all([1, 2, 3].map(() => predictImage(network, head, image)));
    expect(new Set(verdicts.map(verdict => JSON.stringify(verdict))).size).toBe(1);
    expect([opened.length, notes]).toEqual([2, [LOST]]);
  });

  it('answers alike in every way of asking', async () => {
    const head = await open(SOON);
    const explained = await explainImage(network, head, image);
    const { probabilities } = await predictImage(network, head, image);
    expect(explained.probabilities).toEqual(probabilities);
    expect(await classifyImage(network, image, 1)).toHaveLength(1);
    expect(opened.length).toBe(2);
  });

  it('takes its verdict apart alike, and evaluates alike', async () => {
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

  it('is opened anew where it is lost while its weights go onto it', async () => {
    const own = await open();
    const undisturbed = await predictImage(network, own, image);
    await network.dispose();
    const head = await open(LOADING);
    expect(await predictImage(network, head, image)).toEqual(undisturbed);
    expect([opened.length, notes]).toEqual([2, [LOST]]);
    opened[1]!.lose('unknown', 'the driver was reset');
    await expect(predictImage(network, head, image)).rejects.toThrow(/^device: lost a second time/);
  });

  it('gives its weights up where it is lost again while they go onto it', async () => {
    await expect(build([LOADING, LOADING])).rejects.toThrow(LOST);
    expect([opened.length, notes]).toEqual([2, [LOST]]);
  });

  it('is left to its owner where the owner says so', async () => {
    await expect(build([LOADING], { recovers: false })).rejects.toThrow(LOST);
    network = await build([SOON], { recovers: false });
    const head = new Head(network.device, narrowHead());
    const ask = async () => {
      for (let i = 0; i < 6; i++) await predictImage(network, head, image);
    };
    await expect(ask()).rejects.toThrow(LOST);
    expect([opened.length, notes]).toEqual([1, []]);
  });

  it('trains from the start, and ends with the same bytes', async () => {
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

  it('on purpose stays lost', async () => {
    const head = await open();
    network.device.dispose();
    await expect(predictImage(network, head, image)).rejects.toThrow('device: lost (destroyed: device was destroyed)');
    expect(opened.length).toBe(1);
  });
});

it('a head that was being trained is not replaced by what it began with', async () => {
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

it('no verdict is made of zeros', () => {
  expect(() => verdictOf(['a', 'b'], new Float32Array(2))).toThrow(
    new DeviceError(
      'head: the probabilities add up to 2, expected 1, so the device did not run the head. Check the adapter with `raycam doctor`',
    ),
  );
});
