import { sha256 } from '#platform';
import { version } from '../../package.json';
import { conv2dSubgroupMatrix } from '../kernels/conv2d_subgroup_matrix.ts';
import * as kernels from '../kernels/index.ts';
import { type AdapterReport, hasWideSimd } from '../runtime/adapter.ts';
import type { Network } from './network.ts';

/**
 * Returns a text that describes everything, besides a feature's key, that its last bits depend on: Raycam's version,
 * the shaders, the adapter, how the weights are stored in memory, and which algorithms compute the convolutions.
 * Features of two origins agree to about six digits.
 */
export async function featureOrigin({
  device: { adapter },
  isCompact,
  hasHalfWeights,
  model,
}: Network): Promise<string> {
  const { kind, vendor, architecture, description } = adapter;
  // A wasm device computes the same bits with any number of threads (part of its description), and with 128-bit and
  // 256-bit SIMD.
  const on =
    kind === 'wasm'
      ? hasWideSimd(adapter)
        ? 'wasm-relaxed-simd'
        : architecture
      : [vendor, architecture, description].filter(Boolean).join(' ');
  const tuned = model.tuning ? `, tuned ${await shortHash(model.tuning.encode())}` : '';
  const form = hasHalfWeights ? `, ${await halfName(adapter)}` : isCompact ? ', compact' : '';
  return `raycam ${version}, shaders ${await shadersHash()}, on ${on}${form}${tuned}`;
}

async function halfName({ subgroupMatrix }: AdapterReport): Promise<string> {
  if (!subgroupMatrix) return 'half weights';
  return `half products by ${await shortHash(conv2dSubgroupMatrix(subgroupMatrix).shader)}`;
}

let hash: Promise<string> | undefined;

function shadersHash(): Promise<string> {
  hash ??= hashShaders();
  return hash;
}

async function hashShaders(): Promise<string> {
  const texts = Object.values(kernels).flatMap(one => (typeof one === 'object' && 'shader' in one ? one.shader : []));
  return shortHash(texts.join('\0'));
}

/** Returns the first 12 hexadecimal digits of the text's SHA-256. */
async function shortHash(text: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(text))).slice(0, 12);
}
