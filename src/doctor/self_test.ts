import { ResNet } from '../nn/resnet.ts';
import type { Device } from '../runtime/device.ts';
import type { ResNetArchitecture, StrideOn } from '../weights/resnet_shapes.ts';
import { syntheticBackbone, syntheticImage } from '../weights/synthetic_network.ts';
import golden from './self_test_golden.json';

/** Maximum error of a layer: the largest difference, relative to the layer's largest magnitude. */
export const BOUND = 1e-4;

/** Number of a tensor's values that its digest contains. */
const SAMPLES = 24;

export interface LayerResult {
  /** Module path. */
  readonly layer: string;
  /** Relative to the expected values' largest magnitude; NaN if a value is NaN. */
  readonly error: number;
  readonly passed: boolean;
  /** The digest (`digestOf`) of this adapter's values. Comparing two reports compares their digests. */
  readonly digest: readonly number[];
}

export interface SelfTestResult {
  readonly passed: boolean;
  readonly architecture: ResNetArchitecture;
  readonly bound: number;
  readonly elapsedMs: number;
  /** In the order in which they run. */
  readonly layers: readonly LayerResult[];
}

/**
 * Runs a network with synthetic weights, and compares digests of its layers with PyTorch's. It shows whether an adapter
 * and its driver compute correctly, without downloading weights.
 *
 * @throws DeviceError  the device failed
 */
export async function selfTest(device: Device): Promise<SelfTestResult> {
  const startedMs = performance.now();
  const { eps, side, layers: expected } = golden;
  const [architecture, strideOn] = [golden.architecture as ResNetArchitecture, golden.strideOn as StrideOn];
  const model = await ResNet.load(device, syntheticBackbone(architecture, { strideOn, eps }));
  const shape = [1, 3, side, side] as const;
  const x = device.tensor(syntheticImage(shape), shape, 'x');
  const { features, logits, taps } = model.forward(x, { taps: Object.keys(expected) });
  try {
    const layers: LayerResult[] = [];
    for (const [layer, { mean, std, max, samples }] of Object.entries(expected)) {
      const digest = digestOf(await taps.get(layer)!.read());
      const error = relativeError(digest, Float32Array.of(mean, std, max, ...samples));
      layers.push({ layer, error, passed: error <= BOUND, digest: [...digest] });
    }
    const passed = layers.every(layer => layer.passed);
    return { passed, architecture, bound: BOUND, elapsedMs: performance.now() - startedMs, layers };
  } finally {
    for (const tensor of [x, features, logits, ...taps.values()]) tensor?.dispose();
    model.dispose();
  }
}

/** Returns [mean, standard deviation, maximum, …values at equal distances]. */
export function digestOf(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((a, b) => Math.max(a, b));
  const samples = Array.from(
    { length: SAMPLES },
    (_, k) => values[Math.floor(((2 * k + 1) * values.length) / (2 * SAMPLES))]!,
  );
  return Float32Array.of(mean, Math.sqrt(variance), largest, ...samples);
}

/** Returns the largest difference, relative to the expected values' largest magnitude. */
export function relativeError(got: Float32Array, expected: Float32Array): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return got.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i]!)), 0) / scale;
}
