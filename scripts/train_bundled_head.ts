// biome-ignore-all lint/suspicious/noFocusedTests: here, fit trains a head
/**
 * Trains the head that comes with the project, from features that PyTorch computed:
 *
 *   npx esbuild scripts/train_bundled_head.ts --bundle --loader:.wgsl=text --platform=node --format=esm \
 *     --packages=external --outfile=dist/train_bundled_head.mjs
 *   node dist/train_bundled_head.mjs --features F.npy --names F.txt --out heads/chest_xray.resnet50.caffe_in1k.safetensors
 *
 * F.npy is [M, 2048], of any float type; line i of F.txt is row i's image: `<split>/<class>/<file>`, split train or test.
 * Splits and classes are sorted by name, rows keep their order: the same files, seed and adapter give the same bytes.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '#platform';
import { squashTransform } from '../src/data/transforms.ts';
import { InputError, RaycamError } from '../src/errors.ts';
import { encodeHead, type HeadMetadata } from '../src/nn/head_file.ts';
import type { AdapterChoice } from '../src/runtime/adapter.ts';
import { Device } from '../src/runtime/device.ts';
import { evaluate } from '../src/train/evaluate.ts';
import type { FeatureSet } from '../src/train/feature_set.ts';
import { FIT_DEFAULTS, type FitResult, fit } from '../src/train/fit.ts';
import type { Metrics } from '../src/train/metrics.ts';
import { decodeNpy } from '../src/weights/npy.ts';
import { zooEntry } from '../src/weights/zoo.ts';

const BACKBONE = 'resnet50.caffe_in1k';
const SOURCE = 'computed by PyTorch 1.13 from the same weights, rounded to float16';
const DATASET =
  'Kermany, Zhang, Goldbaum 2018, paediatric chest X-rays, doi 10.17632/rscbjbr9sj, CC BY 4.0; a copy squashed to 224 x 224';

const { values: flags } = parseArgs({
  options: {
    features: { type: 'string' },
    names: { type: 'string' },
    out: { type: 'string' },
    seed: { type: 'string', default: '0' },
    // The second phase of an epoch runs on the test images: the best epoch by it would be chosen on test data.
    select: { type: 'string', default: 'last' },
    adapter: { type: 'string', default: 'swiftshader' },
  },
});

interface Split extends FeatureSet {
  readonly labels: readonly number[];
}

async function main(): Promise<void> {
  const { features: npy, names, out, seed, select, adapter } = flags;
  if (!npy || !names || (select !== 'last' && select !== 'best'))
    throw new InputError(
      'usage: train_bundled_head --features F.npy --names F.txt [--out HEAD] [--seed 0] [--select last|best]',
    );
  const { classes, train, test } = readSplits(npy, names);
  const device = await Device.open({ adapter: adapter as AdapterChoice });
  try {
    const options = { ...FIT_DEFAULTS, seed: Number(seed) };
    const onLine = (line: string) => console.log(line);
    const result = await fit(device, { classes, train, val: test }, { ...options, valName: 'test', onLine });
    const metrics = await evaluate(device, result[select], { set: test });
    const { roc: _, ...shown } = metrics;
    console.log(JSON.stringify({ seed: options.seed, elapsedMs: Math.round(result.elapsedMs), ...shown }));
    if (out)
      await writeFileAtomic(
        out,
        encodeHead(result[select], metadataOf({ select, result, metrics, images: train.labels.length })),
      );
  } finally {
    device.dispose();
  }
}

function readSplits(npy: string, names: string): { classes: string[]; train: Split; test: Split } {
  const { shape, values } = decodeNpy(readFileSync(npy), npy);
  const rows = readFileSync(names, 'utf8')
    .trim()
    .split('\n')
    .map(line => line.split('/'));
  const width = shape[1];
  if (shape.length !== 2 || rows.length !== shape[0] || width === undefined)
    throw new InputError(`features: ${npy} is [${shape.join(', ')}], ${names} names ${rows.length} rows`);
  const classes = [...new Set(rows.map(([, name]) => name!))].sort();
  const split = (wanted: string): Split => {
    const chosen = rows.flatMap(([name], row) => (name === wanted ? [row] : []));
    const features = new Float32Array(chosen.length * width);
    chosen.forEach((row, i) => {
      features.set(values.subarray(row * width, (row + 1) * width), i * width);
    });
    return { features, labels: chosen.map(row => classes.indexOf(rows[row]![1]!)) };
  };
  return { classes, train: split('train'), test: split('test') };
}

interface Trained {
  readonly select: 'best' | 'last';
  readonly result: FitResult;
  readonly metrics: Metrics;
  readonly images: number;
}

function metadataOf({ select, result, metrics, images }: Trained): HeadMetadata {
  const { featuresOf, sources, preprocessing } = zooEntry(BACKBONE);
  const source = sources.find(({ kind }) => kind === 'npm');
  const { valName: _, ...options } = FIT_DEFAULTS;
  const { roc: _roc, classes: _classes, ...measured } = metrics;
  return {
    backbone: BACKBONE,
    featuresOf,
    weightsHash: source?.kind === 'npm' ? source.sha256 : '',
    preprocessing: { ...squashTransform(preprocessing) },
    training: {
      ...options,
      seed: Number(flags.seed),
      images,
      select,
      epoch: select === 'best' ? result.bestEpoch : result.history.length - 1,
      dataset: DATASET,
      features: SOURCE,
    },
    metrics: {
      on: `the test folder, ${select === 'last' ? 'from which nothing was learnt or chosen' : 'by which the epoch was chosen'}`,
      ...measured,
    },
  };
}

main().catch((error: unknown) => {
  console.error(error instanceof RaycamError ? error.message : error);
  process.exitCode = 1;
});
