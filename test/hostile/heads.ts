import { writeFileSync } from 'node:fs';
import { checkHeadFits, openHead } from '../../src/nn/head_file.ts';
import { type Metadata, writeSafetensors } from '../../src/weights/safetensors_writer.ts';
import { safetensors } from '../weights/build.ts';
import type { HostileCase } from './case.ts';

const BACKBONE = {
  id: 'resnet50.caffe_in1k',
  featuresOf: 'resnet50.caffe_in1k',
  weightsHash: 'a'.repeat(64),
  featureCount: 4,
};

interface HeadParts {
  readonly weight?: readonly number[];
  readonly bias?: readonly number[];
  readonly metadata?: Metadata;
}

/** A head for four features, with a case's changes. */
function bytesOfHead({ weight = [2, 4], bias = [2], metadata = {} }: HeadParts): Uint8Array {
  const values = (shape: readonly number[]) => new Float32Array(shape.reduce((a, b) => a * b, 1));
  return writeSafetensors(
    [
      { name: 'fc.0.weight', shape: weight, values: values(weight) },
      { name: 'fc.0.bias', shape: bias, values: values(bias) },
    ],
    {
      format: 'raycam head 1',
      classes: '["NORMAL","PNEUMONIA"]',
      backbone: BACKBONE.id,
      featuresOf: BACKBONE.id,
      ...metadata,
    },
  );
}

async function useHead(path: string): Promise<readonly string[]> {
  const file = await openHead(path);
  checkHeadFits(file, BACKBONE);
  return file.head.classes;
}

function head(name: string, bytes: () => Uint8Array | string, expected: HostileCase['expected']): HostileCase {
  const make = (folder: string) => {
    writeFileSync(`${folder}/head.safetensors`, bytes());
    return `${folder}/head.safetensors`;
  };
  return { kind: 'heads', name, make, use: useHead, expected };
}

const parts = (given: HeadParts) => () => bytesOfHead(given);
const metadata = (given: Metadata) => () => bytesOfHead({ metadata: given });

export const HEADS: readonly HostileCase[] = [
  head('valid', parts({}), { value: ['NORMAL', 'PNEUMONIA'] }),
  head(
    'trained on another backbone',
    metadata({ backbone: 'resnet18.tv_in1k_v1', featuresOf: 'x' }),
    /was trained on resnet18\.tv_in1k_v1/,
  ),
  head(
    'for a different number of features',
    parts({ weight: [2, 8] }),
    /\(8 features\), not on resnet50\.caffe_in1k \(4 features\)/,
  ),
  head(
    'with the hash of another file',
    metadata({ featuresOf: 'file:x', weightsHash: 'b'.repeat(64) }),
    /: was trained on /,
  ),
  head('without classes', metadata({ classes: '' }), /has no classes in its metadata/),
  head('whose classes are numbers', metadata({ classes: '[1, 2]' }), /has no classes in its metadata/),
  head('whose classes are one text', metadata({ classes: '"NORMAL"' }), /has no classes in its metadata/),
  head(
    'with three classes for two rows',
    metadata({ classes: '["a","b","c"]' }),
    /has 3 classes, expected fc\.0\.weight \[3, F\]/,
  ),
  head(
    'with 100,000 classes for two rows',
    metadata({ classes: JSON.stringify(Array(100_000).fill('x')) }),
    /has 100000 classes/,
  ),
  head('with a class named __proto__', metadata({ classes: '["__proto__","constructor"]' }), {
    value: ['__proto__', 'constructor'],
  }),
  head('with a bias of rank 2', parts({ bias: [2, 1] }), /fc\.0\.bias \[2\], got/),
  head('with a weight of rank 3', parts({ weight: [2, 2, 2] }), /got \[2, 2, 2\]/),
  head('with a scalar for a weight', parts({ weight: [] }), /expected fc\.0\.weight/),
  head(
    'with 5 million weights',
    parts({ weight: [2, 2_500_000] }),
    /has too many weights \(5000000; the limit is 4194304\)/,
  ),
  head(
    'without weights',
    () => writeSafetensors([{ name: 'fc.0.bias', shape: [2], values: new Float32Array(2) }]),
    /is not a head file \(it has no fc\.0\.weight\)/,
  ),
  head(
    'with preprocessing that is a list',
    metadata({ preprocessing: '[]' }),
    /is damaged \(its "preprocessing" is not a JSON object\)/,
  ),
  head(
    'with preprocessing of 1.3 million brackets',
    metadata({ preprocessing: '['.repeat(1_300_000) }),
    /is damaged \(its "preprocessing"/,
  ),
  head(
    'with classes of 240,000 brackets',
    metadata({ classes: '['.repeat(240_000) + ']'.repeat(240_000) }),
    /has no classes in its metadata/,
  ),
  head('with training that is not JSON', metadata({ training: '{' }), /is damaged \(its "training"/),
  head('with metrics that reach for prototypes', metadata({ metrics: '{"__proto__":{"polluted":true}}' }), {
    value: ['NORMAL', 'PNEUMONIA'],
  }),
  head(
    'with 8-bit weights',
    () =>
      safetensors(
        {
          __metadata__: { classes: '["a","b"]' },
          'fc.0.weight': { dtype: 'F8_E4M3', shape: [2, 4], data_offsets: [0, 8] },
          'fc.0.bias': { dtype: 'F32', shape: [2], data_offsets: [8, 16] },
        },
        new Uint8Array(16),
      ),
    /F8_E4M3 cannot be converted to float32/,
  ),
  head('cut in half', () => bytesOfHead({}).subarray(0, 200), /ends early \(200 bytes of \d+ bytes\)/),
  head(
    'with an extra byte',
    () => Buffer.concat([bytesOfHead({}), Buffer.alloc(1)]),
    /has 1 bytes after the last tensor/,
  ),
  head('that is a picture', () => '\x89PNG\r\n', /is not a PyTorch checkpoint/),
  head('that is empty', () => '', /is empty/),
];
