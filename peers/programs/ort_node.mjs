// onnxruntime-node: its native CPU provider, or its WebGPU provider on its own Dawn.
import ort from 'onnxruntime-node';
import { onnxModel } from '../make_onnx.mjs';
import { imageBatch, programArguments, serve } from './serve.mjs';

const { architecture, batch, threads } = programArguments();
const provider = process.argv[5];
const session = await ort.InferenceSession.create(await onnxModel(architecture), {
  executionProviders: [provider],
  intraOpNumThreads: threads,
  freeDimensionOverrides: { N: batch },
  logSeverityLevel: 3,
});
const x = new ort.Tensor('float32', imageBatch(batch), [batch, 3, 224, 224]);
await serve(`onnxruntime-node ${provider}`, async () => (await session.run({ x })).logits.data);
