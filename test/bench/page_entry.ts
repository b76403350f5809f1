import { benchKernels, benchModel, kernelText, rooflineChart, syntheticInMemory } from '../../src/bench/index.ts';
import type { AdapterChoice } from '../../src/runtime/adapter.ts';
import { PEAKS } from './host.ts';

/** What the test calls from outside the page. */
declare global {
  var ready: boolean;
  var benchInPage: (
    adapter: AdapterChoice,
  ) => Promise<{ text: string; svg: string; timestamps: string; refused: number }>;
  var benchModelInPage: () => Promise<number>;
}

const host = () => ({
  runtime: navigator.userAgent,
  cores: navigator.hardwareConcurrency,
  raycam: '0',
  date: new Date().toISOString(),
});

globalThis.benchInPage = async adapter => {
  const result = await benchKernels({
    adapter,
    host: host(),
    kernel: 'conv2d',
    shapes: '1,16,14,14',
    samples: 3,
    peaks: PEAKS,
  });
  const { environment, refused } = result;
  return {
    text: kernelText(result),
    svg: rooflineChart(result),
    timestamps: environment.timestamps,
    refused: refused.length,
  };
};
globalThis.benchModelInPage = async () => {
  const backbone = await syntheticInMemory('resnet18');
  return (await benchModel(backbone, { adapter: 'wasm', host: host(), side: 64, samples: 3 })).medianMs;
};
globalThis.ready = true;
