import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { sha256 } from '#platform';
import { squashTransform } from '../../src/data/transforms.ts';
import { encodeHead } from '../../src/nn/head_file.ts';
import { saveSafetensors } from '../../src/weights/safetensors_writer.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';

/** Options that name a network, and a network with a head. */
export interface SmallNetwork {
  readonly network: readonly string[];
  readonly head: readonly string[];
}

/** Writes a small network with synthetic weights, and a head that fits it. */
export async function writeSmallNetwork(folder: string): Promise<SmallNetwork> {
  const weights = join(folder, 'resnet18.safetensors');
  const backbone = syntheticBackbone('resnet18');
  const chunks: Uint8Array[] = [];
  const sink = { write: async (bytes: Uint8Array) => void chunks.push(bytes.slice()) };
  await saveSafetensors(sink, [...backbone.stateDict.values()]);
  const file = Buffer.concat(chunks);
  writeFileSync(weights, file);

  const weight = Float32Array.from({ length: 2 * 512 }, (_, i) => (i < 512 ? 0.01 : -0.01));
  const values = { classes: ['NORMAL', 'SICK'], featureCount: 512, weight, bias: Float32Array.of(0, 0) };
  const id = 'file:resnet18.safetensors';
  const preprocessing = { ...squashTransform(backbone.preprocessing) };
  const metadata = { backbone: id, featuresOf: id, weightsHash: await sha256(file), preprocessing };
  const head = join(folder, 'head.safetensors');
  writeFileSync(head, encodeHead(values, { ...metadata, training: {}, metrics: {} }));

  const network = ['--weights', weights, '--cache-dir', join(folder, 'cache'), '--adapter', 'wasm', '--threads', '1'];
  return { network, head: ['--head', head, ...network] };
}

/** Returns the PNG file of a small image whose pixels depend on `seed`. */
export function picture(seed = 0): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 7 + seed * 31) % 251);
  return sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } })
    .png()
    .toBuffer();
}
