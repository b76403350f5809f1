import { fileURLToPath } from 'node:url';
import type { Forward } from '../../src/nn/resnet.ts';
import { openWeights } from '../../src/weights/open_weights.ts';

/** What PyTorch computed; scripts/make_network_fixtures.py says how. */
export interface Fixture {
  readonly tensors: ReadonlyMap<string, Float32Array>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** [mean, standard deviation, maximum, values taken at even distances] of a tensor. */
export const SAMPLES = 24;

export async function readFixture(name: string): Promise<Fixture> {
  const file = await openWeights(fileURLToPath(new URL(`fixtures/${name}.safetensors`, import.meta.url)));
  const tensors = new Map<string, Float32Array>();
  for (const [key, entry] of file.tensors) tensors.set(key, await entry.read());
  await file.close();
  return { tensors, metadata: file.metadata };
}

/** The paths whose outputs a fixture has. */
export function tappedPaths({ tensors }: Fixture): string[] {
  return [...tensors.keys()].filter(key => key.startsWith('tap.')).map(key => key.slice(4));
}

export function recordOf(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((a, b) => Math.max(a, b));
  const samples = Array.from({ length: SAMPLES }, (_, k) => values[Math.floor(((2 * k + 1) * values.length) / (2 * SAMPLES))]!);
  return Float32Array.of(mean, Math.sqrt(variance), largest, ...samples);
}

/** The largest difference, as a share of the expected values' largest magnitude. */
export function relativeError(got: Float32Array, expected: Float32Array): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const largest = got.reduce((error, value, i) => (Number.isNaN(value) ? Number.NaN : Math.max(error, Math.abs(value - expected[i]!))), 0);
  return largest / scale;
}

export function disposeForward({ features, logits, taps }: Forward): void {
  for (const tensor of [features, logits, ...taps.values()]) tensor.dispose();
}
