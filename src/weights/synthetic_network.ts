/**
 * Networks whose weights come from a formula, to the last bit the same here and in scripts/make_network_fixtures.py: whatever PyTorch
 * computes with them can be compared with, and no weights need be shipped. Signals keep their size through all layers; some channels
 * have tiny or large running variances, as trained networks do.
 */
import type { Backbone } from './backbone.ts';
import { PREPROCESSINGS } from './preprocessing.ts';
import { expectedTensors, RESNET_LAYOUTS, type ResNetArchitecture, type StrideOn } from './resnet_shapes.ts';
import type { TensorEntry } from './tensor_entry.ts';

export interface SyntheticOptions {
  readonly strideOn?: StrideOn;
  readonly eps?: number;
}

/** A network like any other; its tensors are computed when they are read. */
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

/** Ramps with noise on them, [N, 3, H, W], about -1.5..1.5. */
export function syntheticImage([n, channels, height, width]: readonly [number, number, number, number]): Float32Array {
  let [x, y, c, image] = [-1, 0, 0, 0];
  return fill('x', n * channels * height * width, u => {
    if (++x === width) [x, y] = [0, y + 1];
    if (y === height) [y, c] = [0, c + 1];
    if (c === channels) [c, image] = [0, image + 1];
    return ((37 * image + 50 * c + 7 * y + 3 * x) % 224) / 112 - 1 + (u - 0.5);
  });
}

/** `count` values, each made from a number in [0, 1) in steps of 2^-24: a hash of the name (FNV-1a) and the element's place. */
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
  // The last batch norm of a block scales what is added to the shortcut: kept small, so that many blocks do not grow.
  if (part === 'weight') return make(path.endsWith(lastNorm) ? u => 0.2 + 0.2 * u : u => 0.8 + 0.4 * u);
  if (part === 'bias') return make(u => 0.4 * (u - 0.5));
  const variances = runningVar(path, count);
  return part === 'running_var' ? variances : make((u, c) => (u - 0.5) * Math.sqrt(variances[c]!));
}

/** The batch norm that follows: bn2 of conv2, downsample.1 of downsample.0. */
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
