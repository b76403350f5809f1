/** The fuzzed parsers, each with valid seed files and mutations that suit its format. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { FeatureStore } from '../../src/data/feature_store.ts';
import { InputError } from '../../src/errors/index.ts';
import { algorithmNamed } from '../../src/nn/convolution_algorithm.ts';
import { encodeHead, readHead } from '../../src/nn/head_file.ts';
import { Tuning } from '../../src/nn/tuning.ts';
import { bytesSource, decodeImage } from '../../src/platform/node.ts';
import { decodeNpy, encodeNpy } from '../../src/weights/npy.ts';
import { openWeightsSource } from '../../src/weights/open_weights.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import { writeSafetensors } from '../../src/weights/safetensors_writer.ts';
import { elementCount, type WeightsFile } from '../../src/weights/tensor_entry.ts';
import { openTfjsLayers } from '../../src/weights/tfjs_layers.ts';
import { openTorchLegacy } from '../../src/weights/torch_legacy.ts';
import { openTorchTar } from '../../src/weights/torch_tar.ts';
import { openTorchZip } from '../../src/weights/torch_zip.ts';
import { dicomFile, losslessJpeg, rleFrame, SYNTAX } from '../dicom/build.ts';
import { checkpoint, fixturePath, tensorPickle } from '../weights/build.ts';
import type { Dice } from './dice.ts';
import { tinyImages } from './images.ts';
import { mutateBytes } from './mutate_bytes.ts';
import { mutateLegacy, mutateNpy, mutateSafetensors, mutateTar, mutateZip } from './mutate_files.ts';
import { mutateJson } from './mutate_json.ts';
import { mutatePickle } from './mutate_pickle.ts';

export interface Target {
  readonly name: string;
  readonly seeds: () => Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  readonly mutate: (dice: Dice, seed: Uint8Array) => Uint8Array;
  /** Parses the bytes. @throws RaycamError  they cannot be read; any other error is a finding */
  readonly run: (bytes: Uint8Array) => Promise<unknown>;
}

/** A mutated file may expand a view to millions of elements. Larger tensors than this are not read. */
const MOST_ELEMENTS = 65_536;

async function readTensors(file: WeightsFile): Promise<void> {
  for (const { name, shape, read, readBytes } of file.tensors.values()) {
    if (elementCount(shape) > MOST_ELEMENTS) continue;
    await readBytes?.();
    const values = await read().catch(error => {
      if (!/cannot be converted to float32/.test(error.message)) throw error;
    });
    if (values !== undefined && values.length !== elementCount(shape)) {
      throw new Error(`${name} [${shape}] was read as ${values.length} numbers`);
    }
  }
}

const source = (bytes: Uint8Array) => bytesSource('fuzzed', bytes);
const fixture = (name: string) => readFileSync(fixturePath(name));

const SAFETENSORS = writeSafetensors(
  [
    { name: 'fc.0.weight', shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
    { name: 'fc.0.bias', shape: [2], values: Float32Array.of(-1, 1) },
    { name: 'scalar', shape: [], values: Float32Array.of(7) },
    { name: 'empty', shape: [0, 4], values: new Float32Array(0) },
  ],
  { classes: '["NORMAL","PNEUMONIA"]', format: 'pt' },
);

const HEAD = encodeHead(
  { classes: ['NORMAL', 'PNEUMONIA'], featureCount: 4, weight: new Float32Array(8), bias: new Float32Array(2) },
  {
    backbone: 'b',
    featuresOf: 'b',
    weightsHash: 'c',
    preprocessing: { resize: 224 },
    training: { epochs: 10 },
    metrics: {},
  },
);

const TUNING = new Tuning(
  { kind: 'gpu', vendor: 'v', architecture: 'a', description: 'd' },
  ['direct', 'winograd'].map((name, i) => ({
    size: { batch: i + 1, channels: 64, outChannels: 64, size: [56, 56], kernelSize: [3, 3], stride: 1, padding: 1 },
    algorithm: algorithmNamed(name)!,
    ms: 0.1,
    untunedMs: 0.2,
  })),
);

const MODEL_JSON = JSON.stringify({
  format: 'layers-model',
  modelTopology: { class_name: 'Model', config: { layers: [{ name: 'conv1', config: { filters: 64 } }] } },
  weightsManifest: [
    {
      paths: ['shard1', 'shard2'],
      weights: [
        { name: 'conv1/kernel', shape: [1, 1, 2, 2], dtype: 'float32' },
        { name: 'conv1/bias', shape: [2], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
        { name: 'steps', shape: [], dtype: 'int32' },
        { name: 'half', shape: [3], dtype: 'float32', quantization: { dtype: 'float16' } },
      ],
    },
  ],
});

async function readTfjs(bytes: Uint8Array): Promise<void> {
  const shards = new Map([
    ['shard1', new Uint8Array(20)],
    ['shard2', new Uint8Array(8)],
  ]);
  const file = await openTfjsLayers(bytesSource('model.json', bytes), async name => {
    const shard = shards.get(name);
    if (shard === undefined) throw new InputError(`${name}: does not exist`);
    return bytesSource(name, shard);
  });
  await readTensors(file);
}

/** Folder of the store, in a RAM disk if there is one. */
const STORE = `${process.platform === 'linux' ? '/dev/shm' : tmpdir()}/raycam-fuzz-${process.pid}`;
let directory = '';
const SPACE = { weightsHash: 'w', preprocessing: null, dimension: 4, root: STORE };

async function storeShard(): Promise<Uint8Array[]> {
  const store = await FeatureStore.open(SPACE);
  process.once('exit', () => rmSync(STORE, { recursive: true, force: true }));
  const key = await store.keyOf('a'.repeat(64));
  await store.put(key, Float32Array.of(1, 2, 3, 4));
  await store.put(await store.keyOf('b'.repeat(64)), Float32Array.of(5, 6, 7, 8));
  store.rememberFile('/x/a.jpeg', { sizeBytes: 1, modifiedMs: 2, isDirectory: false }, 'a'.repeat(64));
  await store.flush();
  directory = store.directory!;
  const files = readdirSync(directory).map(name => readFileSync(`${directory}/${name}`));
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  return files;
}

/** Uses the bytes both as a shard and as file records. A row that can be read must be one that was stored. */
async function readStore(bytes: Uint8Array): Promise<void> {
  writeFileSync(`${directory}/rows-0.safetensors`, bytes);
  writeFileSync(`${directory}/files-0.jsonl`, bytes);
  const store = await FeatureStore.open(SPACE);
  const key = await store.keyOf('a'.repeat(64));
  await store.verify([key]);
  if (!store.has(key)) return;
  const row = [...(await store.getMany([key]))];
  if (![1, 5].includes(row[0]!)) throw new Error(`the row is ${row}`);
}

export const TARGETS: readonly Target[] = [
  {
    name: 'pickle',
    seeds: () => [tensorPickle(), tensorPickle({ offset: 1n, shape: [3n] }), realPickle()],
    mutate: mutatePickle,
    run: async bytes => readTensors(await openTorchZip(source(checkpoint(bytes)))),
  },
  {
    name: 'torch zip',
    seeds: () => ['views.pth', 'formats/every_deflated.pth', 'sequential.pth'].map(fixture),
    mutate: mutateZip,
    run: async bytes => readTensors(await openTorchZip(source(bytes))),
  },
  {
    name: 'torch legacy',
    seeds: () => ['legacy.pth', 'formats/parts_legacy.pth'].map(fixture),
    mutate: mutateLegacy,
    run: async bytes => readTensors(await openTorchLegacy(source(bytes))),
  },
  {
    name: 'torch tar',
    seeds: () => [fixture('formats/every_tar.pth')],
    mutate: mutateTar,
    run: async bytes => readTensors(await openTorchTar(source(bytes))),
  },
  {
    name: 'safetensors',
    seeds: () => [SAFETENSORS],
    mutate: mutateSafetensors,
    run: async bytes => readTensors(await openSafetensors(source(bytes))),
  },
  {
    name: 'TF.js manifest',
    seeds: () => [Buffer.from(MODEL_JSON)],
    mutate: (dice, seed) => Buffer.from(mutateJson(dice, Buffer.from(seed).toString())),
    run: readTfjs,
  },
  {
    name: 'npy',
    seeds: () => [
      encodeNpy({ shape: [2, 3], values: new Float32Array(6) }),
      encodeNpy({ shape: [], values: new Float32Array(1) }),
    ],
    mutate: mutateNpy,
    run: async bytes => {
      const { shape, values } = decodeNpy(bytes);
      if (values.length !== elementCount(shape)) throw new Error(`[${shape}] has ${values.length} values`);
    },
  },
  {
    name: 'head',
    seeds: () => [HEAD],
    mutate: mutateSafetensors,
    run: async bytes => {
      const { head } = await readHead(await openWeightsSource(source(bytes)));
      if (head.weight.length !== head.classes.length * head.featureCount)
        throw new Error('the head has the wrong number of weights');
    },
  },
  {
    name: 'tuning',
    seeds: () => [Buffer.from(TUNING.encode())],
    mutate: (dice, seed) => Buffer.from(mutateJson(dice, Buffer.from(seed).toString())),
    run: async bytes => {
      const tuning = Tuning.decode(new TextDecoder().decode(bytes), 'fuzzed');
      tuning.isOf(TUNING.adapter);
      for (const { size, algorithm } of tuning.convolutions)
        if (algorithm.kind === 'winograd' && size.kernelSize.join() !== '3,3')
          throw new Error('an algorithm that cannot');
      for (const { size } of TUNING.convolutions) tuning.with(TUNING).algorithmFor(size);
      for (const { size } of TUNING.convolutions) tuning.layoutFor(size);
    },
  },
  { name: 'feature store', seeds: storeShard, mutate: mutateStoreFile, run: readStore },
  {
    name: 'any weights',
    seeds: () => [
      ...['views.pth', 'legacy.pth', 'formats/every_tar.pth', 'torchscript.pt'].map(fixture),
      SAFETENSORS,
      Buffer.from(MODEL_JSON),
    ],
    mutate: mutateBytes,
    run: async bytes => readTensors(await openWeightsSource(source(bytes))),
  },
  {
    name: 'image',
    seeds: tinyImages,
    mutate: mutateBytes,
    run: readImage,
  },
  { name: 'DICOM', seeds: tinyDicomFiles, mutate: mutateBytes, run: readImage },
];

async function readImage(bytes: Uint8Array): Promise<void> {
  const { width, height, pixels } = await decodeImage(bytes, 'fuzzed');
  if (pixels.length !== width * height * 3) throw new Error(`${width} x ${height} has ${pixels.length} bytes`);
}

function tinyDicomFiles(): Uint8Array[] {
  const pixels = Uint16Array.from({ length: 8 }, (_, i) => i * 500);
  const bytes = Uint8Array.from(pixels, value => value >> 4);
  const item = [
    [0x00283002, 'US', [4, 0, 12]],
    [0x00283006, 'OW', [1, 20, 300, 4000]],
  ] as const;
  const deep = { bits: [16, 12], pixels, elements: [[0x00283010, 'SQ', [item]]] } as const;
  const window = [
    [0x00281050, 'DS', '100'],
    [0x00281051, 'DS', '50'],
  ] as const;
  const lossless = losslessJpeg(pixels, { width: 4, height: 2, bits: 12 });
  return [
    dicomFile(deep),
    dicomFile({ ...deep, syntax: SYNTAX.implicit }),
    dicomFile({ ...deep, syntax: SYNTAX.big }),
    dicomFile({ ...deep, syntax: SYNTAX.deflated }),
    dicomFile({ pixels: bytes, elements: window, start: 'data' }),
    dicomFile({ syntax: SYNTAX.rle, frames: 2, pixels: [rleFrame([bytes]), rleFrame([bytes])] }),
    dicomFile({ syntax: SYNTAX.lossless, bits: [16, 12], pixels: [lossless] }),
  ];
}

function mutateStoreFile(dice: Dice, seed: Uint8Array): Uint8Array {
  if (seed[0] === 0x5b) return Buffer.from(mutateJson(dice, Buffer.from(seed).toString().trim()));
  return mutateSafetensors(dice, seed);
}

/** The pickle of a file that PyTorch wrote. Its storages are missing, so it is rejected at the first tensor. */
function realPickle(): Uint8Array {
  const file = fixture('views.pth');
  const start = file.indexOf(Buffer.from([0x80, 2, 0x7d]));
  return file.subarray(start, file.indexOf('.PK', start) + 1);
}
