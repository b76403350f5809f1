/** The results of `raycam` for the X-ray and the folder that the views get. */
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { sha256 } from '#platform';
import { openHead } from '../../../src/nn/head_file.ts';
import { decodeNpy } from '../../../src/weights/npy.ts';
import { raycam, records, root } from '../../cli/run.ts';
import { smallNetwork, XRAYS } from '../open_site.ts';

export const XRAY = XRAYS[1]!;
/** A layer inside a block. The tests also use `layer4`, whose channels are the features before the head. */
export const INNER = 'layer2.0.conv2';
const LAYERS = [INNER, 'layer4'];
const PER_CLASS = { train: 2, test: 2 };

export interface Expected {
  readonly activations: Readonly<Record<string, { shape: readonly number[]; values: Float32Array }>>;
  readonly class: string;
  readonly probabilities: Readonly<Record<string, number>>;
  /** The head's weights by class, one for each channel of layer4. */
  readonly weights: Readonly<Record<string, Float32Array>>;
}

export interface ExpectedTraining {
  /** Contains train and test. */
  readonly folder: string;
  /** SHA-256 of the head's file. */
  readonly sha256: string;
  readonly epoch: number;
  readonly accuracy: number;
  readonly auroc: number;
  /** [true class][predicted class] */
  readonly confusion: readonly (readonly number[])[];
}

type Adapter = 'wasm' | 'swiftshader';

/** Computes the results on WebAssembly; the page must agree with them on any adapter. */
export async function expectedOf(temporary: string): Promise<Expected> {
  const { head } = await smallNetwork();
  const activations: Record<string, Expected['activations'][string]> = {};
  for (const layer of LAYERS) {
    const out = join(temporary, `${layer}.npy`);
    await ask('wasm', 'activations', XRAY, '--layer', layer, '--out', out);
    activations[layer] = decodeNpy(readFileSync(out));
  }
  const [verdict] = await ask('wasm', 'predict', XRAY, '--head', head);
  const { classes, featureCount, weight } = (await openHead(head)).head;
  const weights = Object.fromEntries(
    classes.map((name, k) => [name, weight.slice(k * featureCount, (k + 1) * featureCount)]),
  );
  return { activations, class: verdict!.class!, probabilities: verdict!.probabilities!, weights };
}

/** Trains on the page's adapter, because training gives the same bytes only on the same adapter. */
export async function expectedTraining(adapter: Adapter, temporary: string): Promise<ExpectedTraining> {
  const folder = smallFolder(temporary);
  const out = join(temporary, 'head.safetensors');
  const lines = await ask(
    adapter,
    'train',
    folder,
    '--out',
    out,
    '--seed',
    '7',
    '--epochs',
    '5',
    '--cache-dir',
    temporary,
  );
  const { selectedEpoch, metrics } = lines.at(-1)! as unknown as {
    selectedEpoch: number;
    metrics: Pick<ExpectedTraining, 'accuracy' | 'auroc' | 'confusion'>;
  };
  return { folder, sha256: await sha256(readFileSync(out)), epoch: selectedEpoch, ...metrics };
}

async function ask(adapter: Adapter, ...args: string[]): Promise<Record<string, never>[]> {
  const { weights } = await smallNetwork();
  const ran = await raycam([...args, '--weights', weights, '--adapter', adapter, '--json', '--quiet']);
  expect([args[0], ran.stderr, ran.status]).toEqual([args[0], '', 0]);
  return records(ran) as Record<string, never>[];
}

/** Copies a few of the bundled X-rays into a folder. */
export function smallFolder(temporary: string): string {
  const folder = join(temporary, 'xrays');
  for (const [split, count] of Object.entries(PER_CLASS))
    for (const label of ['NORMAL', 'PNEUMONIA']) {
      const from = join(root, 'sample/chest_xray', split, label);
      mkdirSync(join(folder, split, label), { recursive: true });
      for (const name of readdirSync(from).sort().slice(0, count))
        cpSync(join(from, name), join(folder, split, label, name));
    }
  return folder;
}
