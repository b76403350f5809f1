/**
 * Synthetic networks, whose weights are computed by a formula. It produces the same bits here and in
 * scripts/make_network_fixtures.py, so that results can be compared with PyTorch's without shipping any weights.
 * Signals keep their magnitude through all layers. Some channels have tiny or large running variances, as in trained
 * networks.
 */
import type { Backbone } from './backbone.ts';
import { PREPROCESSINGS } from './preprocessing.ts';
import { expectedTensors, RESNET_LAYOUTS, type ResNetArchitecture, type StrideOn } from './resnet_shapes.ts';
import type { TensorEntry } from './tensor_entry.ts';

export interface SyntheticOptions {
  readonly strideOn?: StrideOn;
  readonly eps?: number;
}

/** Returns a synthetic backbone. Its tensors are computed when they are read. */
export function syntheticBackbone(
  architecture: ResNetArchitecture,
  { strideOn = '3x3', eps = 1e-5 }: SyntheticOptions = {},
): Backbone {
  const lastNorm = RESNET_LAYOUTS[architecture].block === 'bottleneck' ? 'bn3' : 'bn2';
  const entries = [...expectedTensors(architecture)].map(([name, shape]): [string, TensorEntry] => [
    name,
    { name, dtype: 'F32', shape, read: async () => syntheticTensor(name, shape, lastNorm) },
  ]);
  const id = `formula:${architecture}`;
  return {
    id,
    architecture,
    strideOn,
    eps,
    preprocessing: PREPROCESSINGS.torchvision,
    stateDict: new Map(entries),
    featuresOf: id,
    weightsHash: id,
    licence: 'none: a formula',
    note: '',
    close: async () => {},
  };
}

/** Returns ramps with added noise, [N, 3, H, W], values from about -1.5 to 1.5. */
export function syntheticImage([n, channels, height, width]: readonly [number, number, number, number]): Float32Array {
  let [x, y, c, image] = [-1, 0, 0, 0];
  return fill('x', n * channels * height * width, u => {
    if (++x === width) [x, y] = [0, y + 1];
    if (y === height) [y, c] = [0, c + 1];
    if (c === channels) [c, image] = [0, image + 1];
    return ((37 * image + 50 * c + 7 * y + 3 * x) % 224) / 112 - 1 + (u - 0.5);
  });
}

/**
 * Returns `count` values. `value` computes each one from a number in [0, 1), a multiple of 2^-24 that is hashed from the
 * name (FNV-1a) and the element's index.
 */
export function fill(name: string, count: number, value: (u: number, index: number) => number): Float32Array {
  let seed = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let h = (seed + Math.imul(i, 0x9e3779b9)) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    h ^= h >>> 15;
    values[i] = value((h >>> 8) * 2 ** -24, i);
  }
  return values;
}

function syntheticTensor(name: string, shape: readonly number[], lastNorm: string): Float32Array {
  const dot = name.lastIndexOf('.');
  const [path, part] = [name.slice(0, dot), name.slice(dot + 1)];
  const count = shape.reduce((product, size) => product * size, 1);
  const make = (value: (u: number, index: number) => number) => fill(name, count, value);
  if (shape.length === 4) {
    const fanIn = count / shape[0]!;
    const spread = Float64Array.from(
      runningVar(normOf(path), shape[0]!),
      variance => Math.sqrt(6 / fanIn) * Math.sqrt(variance),
    );
    return make((u, i) => (2 * u - 1) * spread[Math.floor(i / fanIn)]!);
  }
  if (path === 'fc') return make(part === 'weight' ? u => (2 * u - 1) * Math.sqrt(6 / shape[1]!) : u => u - 0.5);
  // The last batch norm of a block scales the residual. It is small, so that values do not grow over many blocks.
  if (part === 'weight') return make(path.endsWith(lastNorm) ? u => 0.2 + 0.2 * u : u => 0.8 + 0.4 * u);
  if (part === 'bias') return make(u => 0.4 * (u - 0.5));
  const variances = runningVar(path, count);
  return part === 'running_var' ? variances : make((u, c) => (u - 0.5) * Math.sqrt(variances[c]!));
}

/** Returns the batch norm that follows a convolution: bn2 for conv2, downsample.1 for downsample.0. */
function normOf(convolution: string): string {
  return convolution.includes('downsample')
    ? convolution.replace('downsample.0', 'downsample.1')
    : convolution.replace('conv', 'bn');
}

function runningVar(norm: string, channels: number): Float32Array {
  return fill(`${norm}.running_var`, channels, (u, c) => {
    if (c % 16 === 3) return 1e-6 * (1 + u);
    return c % 16 === 11 ? 1e4 * (1 + u) : 0.5 + u;
  });
}
