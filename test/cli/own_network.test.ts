/** Commands with a fine-tuned network: its own classifier, its classes, and its preprocessing. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '#platform';
import { squashTransform } from '../../src/data/transforms.ts';
import { encodeHead, openHead } from '../../src/nn/head_file.ts';
import { decodeNpy } from '../../src/weights/npy.ts';
import { saveSafetensors } from '../../src/weights/safetensors_writer.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';
import { tensorOf } from '../../src/weights/tensor_entry.ts';
import { checkpoint, concat, pickle, tensorPickle, unicode } from '../weights/build.ts';
import { raycam, records, root, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => join(folder, ...parts);
const tuned = at('tuned.safetensors');
const sameHead = at('same_head.safetensors');
const device = ['--cache-dir', at('cache'), '--adapter', 'wasm', '--threads', '1'];
const own = ['--weights', tuned, ...device];
const xray = 'sample/chest_xray/test/NORMAL/IM-0011-0001.jpeg';
const backbone = syntheticBackbone('resnet18');
const TORCHVISION = ['--mean', '0.485,0.456,0.406', '--std', '0.229,0.224,0.225'];
const HALF = ['--mean', '0.5,0.5,0.5', '--std', '0.25,0.25,0.25'];

async function write(path: string, classes: number, metadata: Record<string, string> = {}): Promise<void> {
  const weight = Float32Array.from({ length: classes * 512 }, (_, i) => Math.sin(i) / 20);
  const bias = Float32Array.from({ length: classes }, (_, i) => i / 10);
  const body = [...backbone.stateDict.values()].filter(({ name }) => !name.startsWith('fc.'));
  const fc = [tensorOf('fc.weight', [classes, 512], weight), tensorOf('fc.bias', [classes], bias)];
  const chunks: Uint8Array[] = [];
  await saveSafetensors({ write: async bytes => void chunks.push(bytes.slice()) }, [...body, ...fc], metadata);
  writeFileSync(path, Buffer.concat(chunks));
  if (path !== tuned) return;
  const values = { classes: ['NORMAL', 'PNEUMONIA'], featureCount: 512, weight, bias };
  const id = 'file:tuned.safetensors';
  const origin = { backbone: id, featuresOf: id, weightsHash: await sha256(Buffer.concat(chunks)) };
  const preprocessing = { ...squashTransform(backbone.preprocessing) };
  writeFileSync(sameHead, encodeHead(values, { ...origin, preprocessing, training: {}, metrics: {} }));
}

beforeAll(async () => {
  await write(tuned, 2);
  await write(at('named.safetensors'), 3, { classes: '["A","B","C"]' });
  for (const name of ['NORMAL', 'PNEUMONIA']) {
    const from = join(root, 'sample/chest_xray/test', name);
    mkdirSync(at('xrays', name), { recursive: true });
    for (const file of readdirSync(from).slice(0, 3)) cpSync(join(from, file), at('xrays', name, file));
  }
});

const answers = new Map<string, Promise<Record<string, unknown>>>();

/** Returns the first record of a command. Equal commands run once, because each opens a network. */
function answer(...args: string[]): Promise<Record<string, unknown>> {
  const run = async () => {
    const ran = await raycam([...args, '--json']);
    expect([ran.status, ran.stderr]).toEqual([0, expect.anything()]);
    return records(ran)[0]!;
  };
  const key = args.join(' ');
  const known = answers.get(key) ?? run();
  answers.set(key, known);
  return known;
}

const predicted = (...options: string[]) => answer('predict', xray, ...options);

describe('predict', () => {
  it('gives the verdict of the network’s own classifier: that of a head with the same values', async () => {
    const byHead = await predicted('--head', sameHead, ...own);
    const named = await predicted('--classes', 'NORMAL,PNEUMONIA', ...own);
    expect(named).toEqual(byHead);
  });

  it('uses the names that the file has', async () => {
    const { probabilities } = await predicted('--weights', at('named.safetensors'), ...device);
    expect(Object.keys(probabilities as object)).toEqual(['A', 'B', 'C']);
  });

  it('gives the sigmoid of one output, and classify does not rank it', async () => {
    const one = ['--weights', at('one.safetensors'), ...device];
    await write(at('one.safetensors'), 1);
    const { probabilities } = await predicted('--classes', 'NORMAL,SICK', ...one);
    const { NORMAL, SICK } = probabilities as Record<string, number>;
    expect(NORMAL! + SICK!).toBeCloseTo(1, 6);
    expect(SICK).not.toBeCloseTo(0.5, 2);
    const ran = await raycam(['classify', xray, ...one]);
    expect(ran.stderr).toContain(
      'raycam: weights: file:one.safetensors: has a classifier with one output, which cannot be ranked. If it was trained with a sigmoid, use `raycam predict` with --classes NEGATIVE,POSITIVE\n',
    );
    expect([ran.status, ran.stdout]).toEqual([1, '']);
  });

  it('uses the bundled head if it was trained on this network', async () => {
    const path = at('converted.safetensors');
    const chunks: Uint8Array[] = [];
    const sink = { write: async (bytes: Uint8Array) => void chunks.push(bytes.slice()) };
    const tensors = [...syntheticBackbone('resnet50').stateDict.values()];
    await saveSafetensors(sink, tensors, { backbone: 'resnet50.caffe_in1k' });
    writeFileSync(path, Buffer.concat(chunks));
    const byDefault = await predicted('--weights', path, ...device);
    expect(Object.keys(byDefault.probabilities as object)).toEqual(['NORMAL', 'PNEUMONIA']);
  });

  it('rejects another number of classes', async () => {
    const ran = await raycam(['predict', xray, '--classes', 'A,B,C', ...own]);
    expect(ran.stderr).toContain(
      'raycam: weights: file:tuned.safetensors: has 2 classes, but 3 names are given (A, B, C)\n',
    );
    expect([ran.status, ran.stdout]).toEqual([1, '']);
  });
});

describe('evaluate', () => {
  const evaluated = (...options: string[]) => answer('evaluate', at('xrays'), ...options, ...own);

  it('measures the network’s own classifier', async () => {
    const byHead = await evaluated('--head', sameHead);
    expect(byHead).toMatchObject({ images: 6, skipped: 0 });
    expect(await evaluated('--classes', 'NORMAL,PNEUMONIA')).toEqual(byHead);
  });

  it('accepts outputs in another order than the folders', async () => {
    const straight = await evaluated('--classes', 'NORMAL,PNEUMONIA');
    const swapped = await evaluated('--classes', 'PNEUMONIA,NORMAL');
    // Every verdict is the opposite one.
    expect((swapped!.accuracy as number) + (straight!.accuracy as number)).toBeCloseTo(1);
    expect((swapped!.auroc as number) + (straight!.auroc as number)).toBeCloseTo(1);
  });

  it('asks for the names of classes that have none', async () => {
    const ran = await raycam(['evaluate', at('xrays'), ...own]);
    expect(ran.stderr).toContain(
      `raycam: weights: ${tuned}: has 2 classes without names. Name them in the order of its outputs, such as --classes NORMAL,PNEUMONIA, or pass a head with --head\n`,
    );
    expect([ran.status, ran.stdout]).toEqual([1, '']);
  });

  it('says what to pass if the folder has other classes', async () => {
    const named = at('named.safetensors');
    const ran = await raycam(['evaluate', at('xrays'), '--weights', named, ...device]);
    expect(ran.stderr).toContain(
      `raycam: weights: ${named}: has 3 classes, but ${at('xrays')} has 2 (NORMAL, PNEUMONIA). Pass a head with --head\n`,
    );
    expect(ran.status).toBe(1);
  });
});

describe('cam', () => {
  it('draws the evidence for one of the network’s own classes', async () => {
    const args = ['cam', xray, '--out', at('maps'), '--classes', 'NORMAL,SICK', '--class', 'SICK', '--json', '--npy'];
    const ran = await raycam([...args, ...own]);
    expect([ran.status, ran.stderr]).toEqual([0, expect.anything()]);
    expect(readdirSync(at('maps')).sort()).toEqual([
      'IM-0011-0001.cam.png',
      'IM-0011-0001.cam224.npy',
      'IM-0011-0001.cam7.npy',
    ]);
    // The mean of the map plus the bias is the class's logit.
    const { values } = decodeNpy(readFileSync(at('maps/IM-0011-0001.cam7.npy')));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [normal, sick] = Object.values(records(ran)[0]!.probabilities as Record<string, number>).map(Math.log);
    const other = await raycam([
      ...['cam', xray, '--out', at('other'), '--classes', 'NORMAL,SICK', '--class', 'NORMAL', '--npy'],
      ...own,
    ]);
    expect(other.status).toBe(0);
    const theirs = decodeNpy(readFileSync(at('other/IM-0011-0001.cam7.npy'))).values;
    const otherMean = theirs.reduce((sum, value) => sum + value, 0) / theirs.length;
    expect(mean + 0.1 - otherMean).toBeCloseTo(sick! - normal!, 4);
  });
});

describe('--mean and --std', () => {
  it('change the features, and have their own rows in the store', async () => {
    const rowsOf = async (name: string, ...options: string[]) => {
      const ran = await raycam(['features', xray, '--out', at(name), '--json', ...options, ...own]);
      expect([ran.status, ran.stderr]).toEqual([0, expect.anything()]);
      return { computed: records(ran)[0]!.computed, values: decodeNpy(readFileSync(at(name))).values };
    };
    const plain = await rowsOf('plain.npy');
    // Torchvision's own values are the default, so that the stored row is used.
    expect(await rowsOf('same.npy', ...TORCHVISION)).toEqual({ computed: 0, values: plain.values });
    const half = await rowsOf('half.npy', ...HALF);
    expect(half.computed).toBe(1);
    expect(half.values).not.toEqual(plain.values);
  });

  it('are recorded in a head, and used with it', async () => {
    const head = at('half_head.safetensors');
    const trained = await raycam(['train', at('xrays'), '--out', head, '--epochs', '2', ...HALF, ...own]);
    expect([trained.status, trained.stderr]).toEqual([0, expect.anything()]);
    expect((await openHead(head)).metadata).toMatchObject({
      preprocessing: { channelOrder: 'RGB', scale: 1 / 255, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      strideOn: '3x3',
      eps: 1e-5,
    });
    expect(await predicted('--head', head, ...own)).toEqual(await predicted('--head', head, ...HALF, ...own));
    const ran = await raycam(['predict', xray, '--head', head, ...TORCHVISION, ...own]);
    expect(ran.stderr).toContain(
      `raycam: head: ${head}: was trained with images normalised to RGB with mean 0.5, 0.5, 0.5 and std 0.25, 0.25, 0.25, but file:tuned.safetensors gets RGB with mean 0.485, 0.456, 0.406 and std 0.229, 0.224, 0.225. Omit --preprocess, --mean and --std to use the head's, or train a head for this preprocessing\n`,
    );
    expect([ran.status, ran.stdout]).toEqual([1, '']);
  });
});

it('a head’s own preprocessing and eps are used by default', async () => {
  const { head, metadata } = await openHead(sameHead);
  const preprocessing = { ...metadata.preprocessing, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const [moved, loose] = [at('moved_head'), at('loose_head')];
  writeFileSync(moved, encodeHead(head, { ...metadata, preprocessing }));
  writeFileSync(loose, encodeHead(head, { ...metadata, eps: 0.1 }));
  const unchanged = await predicted('--head', sameHead, ...own);
  expect(await predicted('--head', moved, ...own)).toEqual(
    await predicted('--classes', 'NORMAL,PNEUMONIA', ...HALF, ...own),
  );
  expect(await predicted('--head', loose, ...own)).not.toEqual(unchanged);
});

describe('--resize and --crop', () => {
  const classified = async (...options: string[]) => {
    const ran = await raycam(['classify', xray, '--json', ...options, ...own]);
    expect([ran.status, ran.stderr]).toEqual([0, expect.anything()]);
    return records(ran)[0]!.top;
  };

  it('are those of classify’s transform', async () => {
    const plain = await classified();
    expect(await classified('--resize', '224', '--crop', '224')).not.toEqual(plain);
  });

  it('cannot crop more than the resized image', async () => {
    for (const [options, message] of [
      [['--crop', '257'], 'crop must be at most resize (256), got 257'],
      [['--resize', '100'], 'crop must be at most resize (100), got 224'],
    ] as const) {
      const ran = await raycam(['classify', xray, ...options, ...own]);
      expect(ran.stderr).toBe(`raycam: preprocessing: ${message}\n`);
      expect([ran.status, ran.stdout]).toEqual([2, '']);
    }
  });
});

describe('weights info', () => {
  it('names the Python objects that are not run, in text and in JSON', async () => {
    const tensor = tensorPickle().subarray(2 + 2 + 11, -2);
    const args = concat('cargparse\nNamespace\n)', [0x81], '}', unicode('lr'), 'Nsb');
    const items = [unicode('args'), args, unicode('state_dict'), '}(', unicode('w'), tensor, 'u'];
    writeFileSync(at('args.pth'), checkpoint(pickle('}(', ...items, 'u')));
    const ran = await raycam(['weights', 'info', at('args.pth')]);
    expect(ran.stdout).toContain('\nPython objects that are not run: argparse.Namespace\n');
    const json = await raycam(['weights', 'info', at('args.pth'), '--json']);
    expect(records(json)[0]).toMatchObject({ inertGlobals: ['argparse.Namespace'] });
  });
});
