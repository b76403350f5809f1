import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DeviceError } from '../../src/errors/index.ts';
import { ResNet } from '../../src/nn/resnet.ts';
import { override } from '../../src/observe/override.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { syntheticBackbone, syntheticImage } from '../../src/weights/synthetic_network.ts';
import { disposeForward } from '../network/fixture.ts';
import { addAmount, increment } from './kernels.ts';

describe.each(['wasm', 'swiftshader'] as const)('a graph on %s', adapter => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter });
  });
  afterAll(() => device.dispose());

  const plus = (x: Tensor, amount: number) => device.run(addAmount, { x }, { amount }).y;
  const vector = (length: number, value: number) => device.tensor(new Float32Array(length).fill(value), [length], 'x');
  const filled = (length: number, value: number) => new Float32Array(length).fill(value);

  it('computes nothing during the capture, and the same as eager calls when it runs', async () => {
    const before = device.memoryUse.liveBytes;
    const x = vector(100, 1);
    const graph = device.capture({ x }, inputs => {
      const y = plus(plus(inputs.x, 2), 3);
      device.run(increment, { x: y }, {});
      return { y };
    });
    expect(graph.dispatches.map(({ label }) => label)).toEqual(['add_amount', 'add_amount', 'increment']);
    for (let run = 0; run < 3; run++) expect(await graph.run({ x }).y.read()).toEqual(filled(100, 7));
    graph.dispose();
    x.dispose();
    expect(device.memoryUse.liveBytes).toBe(before);
  });

  it('runs with other inputs, several times before a submit, in order with eager calls', async () => {
    const [a, b] = [vector(100, 1), vector(100, 10)];
    using graph = device.capture({ x: a }, inputs => plus(inputs.x, 1));
    const first = plus(graph.run({ x: a }), 100);
    const second = plus(graph.run({ x: b }), 100);
    expect(await second.read()).toEqual(filled(100, 111));
    expect(await first.read()).toEqual(filled(100, 102));
    expect(await graph.run({ x: first }).read()).toEqual(filled(100, 103));
    for (const tensor of [a, b, first, second]) tensor.dispose();
  });

  describe('encodes its third and later runs ahead', () => {
    let observed: Device;
    /** Dispatches encoded since the last submit, and between the submits before. */
    let encoded = 0;
    let submits: number[] = [];
    beforeEach(async () => {
      observed = await Device.open({
        adapter,
        observe: gpu =>
          override(gpu, {
            createCommandEncoder: descriptor => {
              const encoder = gpu.createCommandEncoder(descriptor);
              return override(encoder, {
                beginComputePass: () => {
                  const pass = encoder.beginComputePass();
                  return override(pass, {
                    dispatchWorkgroups: (...counts) => {
                      encoded++;
                      pass.dispatchWorkgroups(...counts);
                    },
                  });
                },
              });
            },
            queue: override(gpu.queue, {
              submit: commands => {
                if (encoded > 0) submits.push(encoded);
                encoded = 0;
                gpu.queue.submit(commands);
              },
            }),
          }),
      });
      [encoded, submits] = [0, []];
    });
    afterEach(() => observed.dispose());

    const add = (x: Tensor, amount: number) => observed.run(addAmount, { x }, { amount }).y;
    const input = (value: number) => observed.tensor(filled(100, value), [100], 'x');
    /** A dispatch that reads x, and two that do not. */
    const threeSums = () => observed.capture({ x: input(0) }, ({ x }) => add(add(add(x, 1), 10), 100));

    it('completely if the inputs are in the same buffers, or alternate between known ones', async () => {
      const graph = threeSums();
      const inputs = [1, 2, 3].map(input);
      for (const value of [1, 1, 1, 1, 2, 1, 2, 1, 2, 1, 3])
        expect(await graph.run({ x: inputs[value - 1]! }).read()).toEqual(filled(100, 111 + value));
      // 4: the dispatch that reads x was encoded ahead for another input, so it is encoded again.
      expect(submits).toEqual([3, 3, 3, 3, 4, 4, 3, 3, 3, 3, 4]);
    });

    it('except the dispatches that read inputs in new buffers', async () => {
      const graph = threeSums();
      for (let run = 0; run < 8; run++)
        expect(await graph.run({ x: input(run) }).read()).toEqual(filled(100, 111 + run));
      expect(submits).toEqual([3, 3, 4, 4, 4, 4, 4, 4]);
    });

    it('once per batch, and not at all with encodesAhead = false', async () => {
      const graph = threeSums();
      const x = input(5);
      for (let run = 0; run < 3; run++) await graph.run({ x }).read();
      const once = add(graph.run({ x }), 1000);
      const twice = add(graph.run({ x: input(6) }), 1000);
      expect(await twice.read()).toEqual(filled(100, 1117));
      expect(submits.at(-1)).toBe(3 + 1 + 3 + 1);
      expect(await once.read()).toEqual(filled(100, 1116));
      observed.encodesAhead = false;
      encoded = 0;
      expect(await graph.run({ x: input(7) }).read()).toEqual(filled(100, 118));
      expect(submits.at(-1)).toBe(3);
    });
  });

  it('keeps what was uploaded during the capture', async () => {
    using x = vector(64, 1);
    using graph = device.capture({ x }, inputs => {
      const constant = device.scope(() => plus(vector(64, 5), 1)); // the upload is freed at once
      return { sum: plus(plus(inputs.x, 1), 1), constant };
    });
    for (let run = 0; run < 2; run++) {
      const { sum, constant } = graph.run({ x });
      expect([(await sum.read())[0], (await constant.read())[0]]).toEqual([3, 6]);
    }
  });

  it('reuses freed memory for later tensors of the same or a smaller size', () => {
    using x = vector(4096, 0);
    using graph = device.capture({ x }, inputs =>
      device.scope(() => {
        let y = inputs.x;
        for (let i = 0; i < 8; i++) y = device.scope(() => plus(y, 1));
        return y;
      }),
    );
    expect(graph.activationBytes).toBe(8 * 4096 * 4); // one scope keeps them all alive
    using frugal = device.capture({ x }, inputs => {
      let y = plus(inputs.x, 1);
      for (let i = 0; i < 8; i++) {
        const next = plus(y, 1);
        y.dispose();
        y = next;
      }
      const part = plus(y.view([64]), 1);
      y.dispose();
      return part;
    });
    expect(frugal.activationBytes).toBe(2 * 4096 * 4);
  });

  it('computes the same bits of a network as eager calls, including taps', async () => {
    const before = device.memoryUse.liveBytes;
    const model = await ResNet.load(device, syntheticBackbone('resnet18'));
    const shape = [1, 3, 64, 64] as const;
    const images = [syntheticImage(shape), syntheticImage(shape).map(value => -value)];
    const tensors = images.map(image => device.tensor(image, shape, 'image'));
    const taps = ['layer1.0.bn1', 'layer4'];
    const graph = model.capture(tensors[0]!, { taps });
    for (const x of tensors) {
      const eager = model.forward(x, { taps });
      const expected = [eager.logits, eager.features, ...taps.map(tap => eager.taps.get(tap)!)];
      const replayed = graph.run({ x });
      const got = [replayed.logits, replayed.features, ...taps.map(tap => replayed.taps.get(tap)!)];
      for (const [i, tensor] of got.entries()) expect(await tensor!.read()).toEqual(await expected[i]!.read());
      disposeForward(eager);
    }
    for (const owned of [graph, model, ...tensors]) owned.dispose();
    expect(device.memoryUse.liveBytes).toBe(before);
  });

  it('rejects another shape, a run after dispose(), a readback during the capture and a nested capture', async () => {
    using x = vector(8, 1);
    using wide = vector(9, 1);
    const graph = device.capture({ x }, inputs => plus(inputs.x, 1));
    expect(() => graph.run({ x: wide })).toThrow(
      new DeviceError('graph: x must be [8], got [9]. Capture another graph for this shape'),
    );
    graph.dispose();
    expect(() => graph.run({ x })).toThrow(new DeviceError('graph: is already disposed. Capture it again'));
    let reading: Promise<Float32Array> | undefined;
    device
      .capture({ x }, inputs => {
        reading = inputs.x.read();
      })
      .dispose();
    await expect(reading).rejects.toThrow('capture: nothing can be submitted or read until the capture ends');
    expect(() => device.capture({ x }, inputs => device.capture(inputs, () => {}))).toThrow(
      'capture: another capture is already running',
    );
  });

  it('frees its memory if the captured function throws', async () => {
    const before = device.memoryUse.liveBytes;
    const x = vector(8, 1);
    const work = (inputs: { x: Tensor }) => {
      plus(inputs.x, 1);
      throw new RangeError('no');
    };
    expect(() => device.capture({ x }, work)).toThrow('no');
    expect(await plus(x, 1).read()).toEqual(filled(8, 2));
    x.dispose();
    expect(device.memoryUse.liveBytes).toBeLessThanOrEqual(before + 256); // the sum, which is never disposed
  });
});
