/**
 * Deepens ResNet-50 to ResNet-152's graph without changing the function that it computes.
 *
 * The 34 blocks that ResNet-50 lacks (layer2.4 … 7, layer3.6 … 35) have a zero residual: their bn3 has weight and bias
 * 0. Such a block returns relu(x + 0), which equals x because x is the output of a relu. The logits are exactly
 * ResNet-50's. The convolutions of these blocks have random weights, so that every kernel does its full work on numbers
 * like a trained network's.
 *
 * Source: Chen, Goodfellow, Shlens 2015, Net2Net (Net2DeeperNet)
 */
import { expectedTensors } from './resnet_shapes.ts';
import { elementCount, type StateDict, type TensorEntry } from './tensor_entry.ts';

/**
 * Returns ResNet-152's state dict: ResNet-50's tensors where they exist, identity blocks elsewhere. Same values on
 * every machine.
 */
export function deepen(resnet50: StateDict): StateDict {
  const classes = resnet50.get('fc.weight')?.shape[0] ?? 1000;
  const deeper = new Map<string, TensorEntry>();
  for (const [name, shape] of expectedTensors('resnet152', classes)) {
    const given = resnet50.get(name);
    if (given) deeper.set(name, given);
    else if (!name.startsWith('fc.')) deeper.set(name, identityTensor(name, shape));
  }
  return deeper;
}

function identityTensor(name: string, shape: readonly number[]): TensorEntry {
  return { name, dtype: 'F32', shape, read: async () => identityValues(name, shape) };
}

/**
 * Convolutions are random. Norms have weight and variance 1, bias and mean 0, except that the last norm has weight 0.
 */
function identityValues(name: string, shape: readonly number[]): Float32Array {
  if (shape.length === 4) return kaimingUniform(name, shape);
  const isOne = name.endsWith('.running_var') || (name.endsWith('.weight') && !name.endsWith('.bn3.weight'));
  return new Float32Array(elementCount(shape)).fill(isOne ? 1 : 0);
}

/** Returns uniform values within ±sqrt(6 / fan-in), from xorshift32 seeded with the tensor's name. */
function kaimingUniform(name: string, shape: readonly number[]): Float32Array {
  const values = new Float32Array(elementCount(shape));
  const bound = Math.sqrt((6 * shape[0]!) / values.length);
  const scale = (2 * bound) / 2 ** 32;
  let state = seedOf(name);
  for (let i = 0; i < values.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = state * scale;
  }
  return values;
}

/** FNV-1a hash of the name. Never 0, because xorshift would stay at 0. */
function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash || 1;
}
