import { fileURLToPath } from 'node:url';
import type { Forward } from '../../src/nn/resnet.ts';
import { openWeights } from '../../src/weights/open_weights.ts';

/** PyTorch's results, written by scripts/make_network_fixtures.py. */
export interface Fixture {
  readonly tensors: ReadonlyMap<string, Float32Array>;
  readonly metadata: Readonly<Record<string, string>>;
}

export async function readFixture(name: string): Promise<Fixture> {
  const file = await openWeights(fileURLToPath(new URL(`fixtures/${name}.safetensors`, import.meta.url)));
  const tensors = new Map<string, Float32Array>();
  for (const [key, entry] of file.tensors) tensors.set(key, await entry.read());
  await file.close();
  return { tensors, metadata: file.metadata };
}

/** Returns the paths of the modules whose outputs a fixture contains. */
export function tappedPaths({ tensors }: Fixture): string[] {
  return [...tensors.keys()].filter(key => key.startsWith('tap.')).map(key => key.slice(4));
}

export function disposeForward({ features, logits, taps }: Forward): void {
  for (const tensor of [features, logits, ...taps.values()]) tensor?.dispose();
}
