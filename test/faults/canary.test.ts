/** Devices that compute nothing, or nonsense, without reporting an error must not produce an answer. */
import { expect, it } from 'vitest';
import { DeviceError } from '../../src/errors/index.ts';
import { activationsOf } from '../../src/inference/activations.ts';
import { classifyImage } from '../../src/inference/classify.ts';
import { evidenceOf } from '../../src/inference/evidence.ts';
import { explainImage } from '../../src/inference/explain.ts';
import { computeFeatures } from '../../src/inference/features.ts';
import { buildNetwork, type Network } from '../../src/inference/network.ts';
import { evaluateHead, predictImage } from '../../src/inference/predict.ts';
import { ledgerOf, maskedVerdict } from '../../src/inspection/ledger.ts';
import { RecordedPass } from '../../src/inspection/recorded_pass.ts';
import { Head } from '../../src/nn/head.ts';
import { fit } from '../../src/train/fit.ts';
import { temporaryFolder } from '../cli/run.ts';
import { narrowBackbone, narrowHead } from './narrow_network.ts';

const image = { width: 50, height: 40, pixels: Uint8Array.from({ length: 6000 }, (_, i) => (i * 37) % 256) };
const xray = 'sample/chest_xray/test/NORMAL/IM-0011-0001.jpeg';
const features = Float32Array.from({ length: 10 * 32 }, (_, i) => ((i * 7919) % 101) / 50 - 1);
const set = { features, labels: Array.from({ length: 10 }, (_, i) => i % 2) };

/** A fault: `zeros` selects kernels whose outputs are cleared, `spoils` changes the values of a readback. */
interface Fault {
  readonly zeros?: (kernel: string) => boolean;
  readonly spoils?: (values: Float32Array) => void;
}

/** Injects the fault into the calls of a device. */
function faulty(gpu: GPUDevice, { zeros, spoils }: Fault): GPUDevice {
  const written = new WeakMap<object, GPUBufferBinding[]>();
  const layouts = new WeakMap<object, GPUBindGroupLayoutEntry[]>();
  const { createBindGroupLayout, createBindGroup, createCommandEncoder, createBuffer } = gpu;
  gpu.createBindGroupLayout = descriptor => {
    const layout = createBindGroupLayout.call(gpu, descriptor);
    layouts.set(layout, [...descriptor.entries]);
    return layout;
  };
  gpu.createBindGroup = descriptor => {
    const group = createBindGroup.call(gpu, descriptor);
    const writable = layouts.get(descriptor.layout)!.filter(({ buffer }) => buffer?.type === 'storage');
    const bound = writable.map(({ binding }) => [...descriptor.entries].find(entry => entry.binding === binding)!);
    written.set(
      group,
      bound.map(({ resource }) => resource as GPUBufferBinding),
    );
    return group;
  };
  gpu.createCommandEncoder = (...given) => {
    const encoder = createCommandEncoder.apply(gpu, given);
    encoder.beginComputePass = () => zeroingPass(encoder, kernel => zeros?.(kernel) ?? false, written);
    return encoder;
  };
  gpu.createBuffer = descriptor => {
    const buffer = createBuffer.call(gpu, descriptor);
    const { getMappedRange } = buffer;
    buffer.getMappedRange = (...given) => {
      const bytes = getMappedRange.apply(buffer, given);
      spoils?.(new Float32Array(bytes));
      return bytes;
    };
    return buffer;
  };
  return gpu;
}

/** Encodes each dispatch as its own pass; for those that fail, clears the outputs instead. */
function zeroingPass(
  encoder: GPUCommandEncoder,
  zeros: (kernel: string) => boolean,
  written: WeakMap<object, GPUBufferBinding[]>,
): GPUComputePassEncoder {
  const begin = Object.getPrototypeOf(encoder).beginComputePass as GPUCommandEncoder['beginComputePass'];
  let [pipeline, group]: [GPUComputePipeline?, GPUBindGroup?] = [];
  return {
    pushDebugGroup() {},
    popDebugGroup() {},
    end() {},
    setPipeline(given: GPUComputePipeline) {
      pipeline = given;
    },
    setBindGroup(_: number, given: GPUBindGroup) {
      group = given;
    },
    dispatchWorkgroups(...counts: [number]) {
      if (zeros(pipeline!.label)) {
        for (const { buffer, offset, size } of written.get(group!)!) encoder.clearBuffer(buffer, offset, size);
        return;
      }
      const pass = begin.call(encoder);
      pass.setPipeline(pipeline!);
      pass.setBindGroup(0, group!);
      pass.dispatchWorkgroups(...counts);
      pass.end();
    },
  } as unknown as GPUComputePassEncoder;
}

const HEAD = /^(linear|log_softmax)$/;
const FAULTS: Readonly<Record<string, Fault>> = {
  'computes zeros': { zeros: () => true },
  'computes zeros up to the head': { zeros: kernel => !HEAD.test(kernel) },
  'computes zeros in the head': { zeros: kernel => HEAD.test(kernel) },
  'reads back zeros': { spoils: values => values.fill(0) },
  'reads back NaN': { spoils: values => values.fill(Number.NaN) },
};

const withPass = async (network: Network, use: (pass: RecordedPass) => Promise<unknown>): Promise<unknown> => {
  const pass = RecordedPass.record(network, image);
  try {
    return await use(pass);
  } finally {
    pass.dispose();
  }
};

/** Calls that need the backbone, then calls that only need features. */
const BACKBONE: Readonly<Record<string, (network: Network, head: Head) => Promise<unknown>>> = {
  predictImage: (network, head) => predictImage(network, head, image),
  explainImage: (network, head) => explainImage(network, head, image),
  evidenceOf: (network, head) => evidenceOf(network, head, image),
  activationsOf: network => activationsOf(network, image, 'layer3'),
  computeFeatures: network => computeFeatures(network, { paths: [xray], cacheDir: temporaryFolder() }),
  classifyImage: network => classifyImage(network, image),
  ledgerOf: network => withPass(network, pass => ledgerOf(pass, narrowHead())),
  maskedVerdict: network => withPass(network, pass => maskedVerdict(pass, narrowHead(), { off: [0] })),
};
const ON_FEATURES: typeof BACKBONE = {
  evaluateHead: network => evaluateHead(network, { ...narrowHead(), classes: ['a', 'b'] }, { set }),
  fit: ({ device }) => fit(device, { classes: ['a', 'b'], train: set, val: set }, { epochs: 2, batchSize: 4 }),
};
/** Calls that a fault does not affect. */
const UNHARMED: Readonly<Record<string, readonly string[]>> = {
  // The head's gradients are zeros: it learns nothing, as with a learning rate of 0.
  'computes zeros up to the head': ['evaluateHead', 'fit'],
  'computes zeros in the head': ['activationsOf', 'computeFeatures', 'ledgerOf'],
};

it.each(Object.entries(FAULTS))('every call fails on a device that %s', async (name, fault) => {
  const network = await buildNetwork(narrowBackbone(), {
    adapter: 'wasm',
    threads: 0,
    observe: gpu => faulty(gpu, fault),
  });
  const head = new Head(network.device, narrowHead());
  for (const [what, ask] of Object.entries({ ...BACKBONE, ...ON_FEATURES })) {
    if (UNHARMED[name]?.includes(what)) continue;
    const outcome = await ask(network, head).then(
      () => 'an answer',
      (error: unknown) => (error instanceof DeviceError ? error.message : `${error}`),
    );
    expect(outcome, what).toMatch(
      /, so the device did not run the (shaders|head)\.| must be a finite number, got NaN[. ]/,
    );
  }
  await network.dispose();
});

it('every call answers on the same device without a fault', async () => {
  const network = await buildNetwork(narrowBackbone(), {
    adapter: 'wasm',
    threads: 0,
    observe: gpu => faulty(gpu, {}),
  });
  const head = new Head(network.device, narrowHead());
  for (const [what, ask] of Object.entries({ ...BACKBONE, ...ON_FEATURES }))
    await expect(
      ask(network, head).then(answer => typeof answer),
      what,
    ).resolves.toBe('object');
  await network.dispose();
});
