/**
 * Translates Keras' ResNets to torchvision's names. Kernels change from HWIO to OIHW, and convolution biases move into
 * the batch norms' means.
 *
 * BN(x + b) with running mean m equals BN(x) with running mean m - b, so the move is exact up to one float32 rounding.
 * Source: keras-applications, resnet50.py (older names) and resnet_common.py
 */
import { WeightsError } from '../errors/index.ts';
import { renamed, type StateDict, type TensorEntry } from './tensor_entry.ts';

/** `caffe`: res2a_branch2a, bn2a_branch2a, fc1000. `applications`: conv2_block1_1_conv, probs. */
export type KerasScheme = 'caffe' | 'applications';

/** What Keras' batch norms add to the variance. The file does not contain it. */
export const KERAS_EPS: Readonly<Record<KerasScheme, number>> = { caffe: 1e-3, applications: 1.001e-5 };

const STATISTICS: ReadonlyMap<string, string> = new Map([
  ['gamma', 'weight'],
  ['beta', 'bias'],
  ['moving_mean', 'running_mean'],
  ['moving_variance', 'running_var'],
]);

/** Returns which of Keras' two naming schemes these tensors follow, or undefined. */
export function kerasScheme(tensors: StateDict): KerasScheme | undefined {
  for (const name of tensors.keys()) {
    if (/^res2a_branch2a\/kernel/.test(name)) return 'caffe';
    if (/^conv2_block1_1_conv\/kernel/.test(name)) return 'applications';
  }
  return undefined;
}

/**
 * Returns the same network under torchvision's names. Values are read only when an entry is read.
 *
 * @throws WeightsError  a name belongs to neither scheme, or a batch norm has no running mean
 */
export function kerasToTorchvision(tensors: StateDict): StateDict {
  const result = new Map<string, TensorEntry>();
  const biases = new Map<string, TensorEntry>();
  for (const entry of tensors.values()) {
    const { layer, role } = splitName(entry.name);
    const module = moduleOf(layer);
    if (module === undefined) throw new WeightsError(`weights: ${entry.name}: is not a tensor of Keras' ResNets`);
    if (module === 'fc') add(result, fullyConnected(entry, role));
    else if (role === 'kernel') add(result, oihw(entry, `${module}.weight`));
    else if (role === 'bias') biases.set(normAfter(module), entry);
    else if (STATISTICS.has(role)) add(result, renamed(entry, `${module}.${STATISTICS.get(role)}`));
    else throw new WeightsError(`weights: ${entry.name}: has no counterpart in torchvision's ResNets`);
  }
  for (const [norm, bias] of biases) foldBias(result, `${norm}.running_mean`, bias);
  return result;
}

function splitName(name: string): { layer: string; role: string } {
  const slash = name.lastIndexOf('/');
  return { layer: name.slice(0, slash), role: name.slice(slash + 1).replace(/:0$/, '') };
}

/** Returns torchvision's module path for a Keras layer. */
function moduleOf(layer: string): string | undefined {
  if (layer === 'conv1' || layer === 'conv1_conv') return 'conv1';
  if (layer === 'bn_conv1' || layer === 'conv1_bn') return 'bn1';
  if (layer === 'fc1000' || layer === 'probs' || layer === 'predictions') return 'fc';
  return caffeModule(layer) ?? applicationsModule(layer);
}

/**
 * Maps res3a_branch1 to layer2.0.downsample.0 and bn3b_branch2c to layer2.1.bn3. Deep networks number their blocks b1,
 * b2, …
 */
function caffeModule(layer: string): string | undefined {
  const match = /^(res|bn)([2-5])([a-z])(\d*)_branch(1|2[abc])$/.exec(layer);
  if (!match) return undefined;
  const [, kind, stage, letter, number, branch] = match;
  const block = number ? Number(number) : letter!.charCodeAt(0) - 97;
  const path = `layer${Number(stage) - 1}.${block}`;
  if (branch === '1') return `${path}.downsample.${kind === 'res' ? 0 : 1}`;
  return `${path}.${kind === 'res' ? 'conv' : 'bn'}${branch!.charCodeAt(1) - 96}`;
}

/** Maps conv3_block1_0_bn to layer2.0.downsample.1 and conv3_block2_3_conv to layer2.1.conv3. */
function applicationsModule(layer: string): string | undefined {
  const match = /^conv([2-5])_block(\d+)_([0-3])_(conv|bn)$/.exec(layer);
  if (!match) return undefined;
  const [, stage, block, index, kind] = match;
  const path = `layer${Number(stage) - 1}.${Number(block) - 1}`;
  return index === '0' ? `${path}.downsample.${kind === 'conv' ? 0 : 1}` : `${path}.${kind}${index}`;
}

/** Returns the path of the batch norm that follows a convolution. */
function normAfter(convolution: string): string {
  return convolution.endsWith('downsample.0')
    ? convolution.replace(/0$/, '1')
    : convolution.replace(/conv(\d)$/, 'bn$1');
}

function add(result: Map<string, TensorEntry>, entry: TensorEntry): void {
  if (result.has(entry.name)) throw new WeightsError(`weights: two tensors are named ${JSON.stringify(entry.name)}`);
  result.set(entry.name, entry);
}

/** [KH, KW, I, O] -> [O, I, KH, KW] */
function oihw(entry: TensorEntry, name: string): TensorEntry {
  if (entry.shape.length !== 4)
    throw new WeightsError(
      `weights: ${entry.name}: must have the shape [KH, KW, I, O], got [${entry.shape.join(', ')}]`,
    );
  const [height, width, inputs, outputs] = entry.shape as [number, number, number, number];
  const shape = [outputs, inputs, height, width];
  return {
    name,
    dtype: 'F32',
    shape,
    read: async () => transposed(await entry.read(), height * width, inputs, outputs),
  };
}

/** Keras' dense kernel is [in, out], torchvision's weight [out, in]. */
function fullyConnected(entry: TensorEntry, role: string): TensorEntry {
  if (role === 'bias') return renamed(entry, 'fc.bias');
  if (role !== 'kernel' || entry.shape.length !== 2) {
    throw new WeightsError(
      `weights: ${entry.name}: must be a kernel of shape [in, out], got [${entry.shape.join(', ')}]`,
    );
  }
  const [inputs, outputs] = entry.shape as [number, number];
  const read = async () => transposed(await entry.read(), 1, inputs, outputs);
  return { name: 'fc.weight', dtype: 'F32', shape: [outputs, inputs], read };
}

/** [taps, I, O] -> [O, I, taps] */
function transposed(values: Float32Array, taps: number, inputs: number, outputs: number): Float32Array {
  const result = new Float32Array(values.length);
  let source = 0;
  for (let tap = 0; tap < taps; tap++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) result[(o * inputs + i) * taps + tap] = values[source++]!;
    }
  }
  return result;
}

function foldBias(result: Map<string, TensorEntry>, meanName: string, bias: TensorEntry): void {
  const mean = result.get(meanName);
  if (mean === undefined) throw new WeightsError(`weights: ${bias.name}: has no batch norm (${meanName} is missing)`);
  if (`${mean.shape}` !== `${bias.shape}`) {
    throw new WeightsError(
      `weights: ${bias.name} has the shape [${bias.shape.join(', ')}] but ${meanName} has [${mean.shape.join(', ')}]`,
    );
  }
  const read = async () => {
    const [values, offsets] = [await mean.read(), await bias.read()];
    return values.map((value, i) => value - offsets[i]!);
  };
  result.set(meanName, { name: meanName, dtype: 'F32', shape: mean.shape, read });
}
