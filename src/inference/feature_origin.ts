import { sha256 } from '#platform';
import { version } from '../../package.json';
import { conv2dSubgroupMatrix } from '../kernels/conv2d_subgroup_matrix.ts';
import * as kernels from '../kernels/index.ts';
import { type AdapterReport, hasWideSimd } from '../runtime/adapter.ts';
import type { Network } from './network.ts';

/**
 * What the last bits of a feature depend on besides its key: Raycam's version, the shaders, the adapter, the form that its weights
 * have in memory, and how its convolutions were chosen. Features of two origins agree to about six digits.
 */
export async function featureOrigin({
  device: { adapter },
  isCompact,
  hasHalfWeights,
  model,
}: Network): Promise<string> {
  const { kind, vendor, architecture, description } = adapter;
  // No bit depends on a wasm device's threads, which its description counts, nor on whether it computes with 256 bits at a time.
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

/** 12 hexadecimal digits. */
async function shortHash(text: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(text))).slice(0, 12);
}
