// onnxruntime-web, WebAssembly SIMD with threads, in Node.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onnxModel } from '../make_onnx.mjs';
import { imageBatch, programArguments, serve } from './serve.mjs';

const { architecture, batch, threads } = programArguments();
const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
const ort = await import(pathToFileURL(join(folder, 'ort.node.min.mjs')));
ort.env.wasm.numThreads = threads;
const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(await onnxModel(architecture))), {
  executionProviders: ['wasm'],
  freeDimensionOverrides: { N: batch },
});
const x = new ort.Tensor('float32', imageBatch(batch), [batch, 3, 224, 224]);
await serve('onnxruntime-web wasm', async () => (await session.run({ x })).logits.data);
