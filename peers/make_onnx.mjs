// Writes a ResNet with random weights as ONNX; the time does not depend on the weights. Batch norms are folded, as by
// exporters.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildResNet } from './resnet.mjs';

const FLOAT = 1;
const [INT, INTS] = [2, 7];
const OPSET = 17;

/** Returns the path of the model, and writes it if it is missing. The batch is a dimension `N` that the session sets. */
export async function onnxModel(architecture) {
  const folder = fileURLToPath(new URL('./models/', import.meta.url));
  const path = `${folder}${architecture}.onnx`;
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const { default: protobuf } = await import('protobufjs');
  const schema = await protobuf.load(fileURLToPath(new URL('./onnx.proto', import.meta.url)));
  const Model = schema.lookupType('onnx.Model');
  const model = {
    irVersion: 8,
    producerName: 'raycam bench',
    graph: graphOf(architecture),
    opsetImport: [{ domain: '', version: OPSET }],
  };
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, Model.encode(Model.fromObject(model)).finish());
  renameSync(temporary, path);
  return path;
}

function graphOf(architecture) {
  const node = [];
  const initializer = [];
  const random = randomNumbers();
  const add = (name, opType, input, attributes = {}) => {
    const attribute = Object.entries(attributes).map(([key, value]) =>
      Array.isArray(value) ? { name: key, type: INTS, ints: value } : { name: key, type: INT, i: value },
    );
    node.push({ name, opType, input, output: [name], attribute });
    return name;
  };
  const tensor = (name, dims, spread) => {
    const values = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => (2 * random() - 1) * spread);
    initializer.push({ name, dims, dataType: FLOAT, rawData: new Uint8Array(values.buffer) });
    return name;
  };
  const logits = buildResNet(architecture, 'x', {
    convolve: (x, { name, channels, outChannels, kernel, stride, residual, relu }) => {
      const fan = channels * kernel * kernel;
      // The last convolution of a block adds little, so that signals keep their magnitude through 50 blocks.
      const spread = Math.sqrt(6 / fan) * (residual ? 0.2 : 1);
      const weight = tensor(`${name}.weight`, [outChannels, channels, kernel, kernel], spread);
      const bias = tensor(`${name}.bias`, [outChannels], 0.1);
      const pad = (kernel - 1) / 2;
      let y = add(name, 'Conv', [x, weight, bias], {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [pad, pad, pad, pad],
      });
      if (residual) y = add(`${name}.add`, 'Add', [y, residual]);
      return relu ? add(`${name}.relu`, 'Relu', [y]) : y;
    },
    maxPool: x => add('maxpool', 'MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    averagePool: x => add('flatten', 'Flatten', [add('avgpool', 'GlobalAveragePool', [x])], { axis: 1 }),
    classify: (x, { channels, classes }) => {
      const weight = tensor('fc.weight', [classes, channels], Math.sqrt(6 / channels));
      return add('logits', 'Gemm', [x, weight, tensor('fc.bias', [classes], 0.1)], { transB: 1 });
    },
  });
  return {
    name: architecture,
    node,
    initializer,
    input: [valueInfo('x', [3, 224, 224])],
    output: [valueInfo(logits, [1000])],
  };
}

function valueInfo(name, sizes) {
  const dim = [{ dimParam: 'N' }, ...sizes.map(dimValue => ({ dimValue }))];
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

/** Returns a generator of the same pseudorandom numbers each time. */
function randomNumbers() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
