/** `FOLDER`: writes a synthetic ResNet-18 and a dataset of a few small X-rays. */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAtomicWriter } from '../../src/platform/node.ts';
import { saveSafetensors } from '../../src/weights/safetensors_writer.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';

const SAMPLE = fileURLToPath(new URL('../../sample/chest_xray', import.meta.url));
const IMAGES_PER_CLASS = 2;

const folder = process.argv[2]!;

const writer = await createAtomicWriter(join(folder, 'resnet18.safetensors'));
await saveSafetensors(writer, syntheticBackbone('resnet18').stateDict.values());
await writer.commit();

for (const split of ['train', 'test']) {
  for (const label of ['NORMAL', 'PNEUMONIA']) {
    const [from, to] = [SAMPLE, join(folder, 'data')].map(root => join(root, split, label)) as [string, string];
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(from).slice(0, IMAGES_PER_CLASS)) copyFileSync(join(from, name), join(to, name));
  }
}
