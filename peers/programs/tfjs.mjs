// TensorFlow.js: its WebGPU backend on Dawn's Node bindings, with the toggles that Raycam uses, or its wasm backend
// (XNNPACK).
import '@tensorflow/tfjs-backend-cpu';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { buildResNet } from '../resnet.mjs';
import { imageBatch, programArguments, serve } from './serve.mjs';

const { architecture, batch } = programArguments();
const [backend, ...toggles] = process.argv.slice(5);
if (backend === 'webgpu') {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu: create(toggles), userAgent: 'node' },
    configurable: true,
  });
  await import('@tensorflow/tfjs-backend-webgpu'); // looks for navigator.gpu
} else {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  wasm.setWasmPaths(`${folder}/`);
}
await tf.setBackend(backend);
await tf.ready();

const apply = (layer, inputs) => layer.apply(inputs);
const input = layers.input({ shape: [224, 224, 3] });
const logits = buildResNet(architecture, input, {
  convolve: (x, { name, outChannels: filters, kernel: kernelSize, stride: strides, residual, relu }) => {
    const pad = (kernelSize - 1) / 2;
    // TensorFlow's `same` pads strided windows unevenly, so pad explicitly, as PyTorch does.
    const isPadded = kernelSize > 1 && strides > 1;
    const padding = isPadded
      ? [
          [pad, pad],
          [pad, pad],
        ]
      : undefined;
    const from = isPadded ? apply(layers.layers.zeroPadding2d({ padding }), x) : x;
    const options = { filters, kernelSize, strides, padding: isPadded ? 'valid' : 'same', useBias: true };
    const activation = relu && !residual ? 'relu' : undefined;
    const kernelInitializer = layers.initializers.randomUniform(spreadOf(x, kernelSize, residual));
    let y = apply(
      layers.layers.conv2d({ ...options, name: name.replaceAll('.', '_'), activation, kernelInitializer }),
      from,
    );
    if (residual) y = apply(layers.layers.add(), [y, residual]);
    return residual && relu ? apply(layers.layers.reLU(), y) : y;
  },
  maxPool: x => {
    const padded = apply(
      layers.layers.zeroPadding2d({
        padding: [
          [1, 1],
          [1, 1],
        ],
      }),
      x,
    );
    return apply(layers.layers.maxPooling2d({ poolSize: 3, strides: 2 }), padded);
  },
  averagePool: x => apply(layers.layers.globalAveragePooling2d({}), x),
  classify: (x, { classes: units }) => apply(layers.layers.dense({ units }), x),
});
const model = layers.model({ inputs: input, outputs: logits });
const image = imageBatch(batch);
await serve(`TensorFlow.js ${backend}`, async () => {
  const x = tf.tensor4d(image, [batch, 224, 224, 3]);
  const y = model.predict(x);
  const values = await y.data();
  tf.dispose([x, y]);
  return values;
});

function spreadOf(x, kernelSize, residual) {
  const maxval = Math.sqrt(6 / (x.shape[3] * kernelSize ** 2)) * (residual ? 0.2 : 1);
  return { minval: -maxval, maxval };
}
