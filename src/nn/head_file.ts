/** Head files: safetensors with PyTorch's names for the Sequential, and metadata that says what the head belongs to. */
import { InputError } from '../errors/index.ts';
import type { Backbone } from '../weights/backbone.ts';
import { openWeights } from '../weights/open_weights.ts';
import { writeSafetensors } from '../weights/safetensors_writer.ts';
import type { WeightsFile } from '../weights/tensor_entry.ts';
import type { HeadValues } from './head.ts';

const FORMAT = 'raycam head 1';
const WEIGHT = 'fc.0.weight';
const BIAS = 'fc.0.bias';
/** A thousand classes on a ResNet-152's 2048 features, twice. */
const MAX_ELEMENTS = 2 ** 22;
/** What was trained how, or a thousand classes, in 50 kB. */
const MAX_JSON_CHARACTERS = 500_000;

/** Anything that JSON can hold. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What the head was trained on, and how. */
export interface HeadMetadata {
  /** The backbone's id. */
  readonly backbone: string;
  /** The id of the backbone whose function it computes: heads pass between backbones that agree here. */
  readonly featuresOf: string;
  /** SHA-256 of the backbone's file. */
  readonly weightsHash: string;
  /** What an X-ray went through before the backbone saw it. */
  readonly preprocessing: JsonObject;
  /** Epochs, learning rate, seed, images, which epoch's weights were selected, … */
  readonly training: JsonObject;
  /** Loss, accuracy, AUROC, … and on what they were measured. */
  readonly metrics: JsonObject;
}

export interface HeadFile {
  /** The file's name, for messages. */
  readonly name: string;
  readonly head: HeadValues;
  readonly metadata: HeadMetadata;
}

/** The file's bytes; the same head and metadata give the same bytes. */
export function encodeHead(head: HeadValues, metadata: HeadMetadata): Uint8Array {
  const { classes, featureCount, weight, bias } = head;
  const { backbone, featuresOf, weightsHash, preprocessing, training, metrics } = metadata;
  return writeSafetensors(
    [
      { name: WEIGHT, shape: [classes.length, featureCount], values: weight },
      { name: BIAS, shape: [classes.length], values: bias },
    ],
    {
      format: FORMAT,
      classes: JSON.stringify(classes),
      backbone,
      featuresOf,
      weightsHash,
      preprocessing: JSON.stringify(preprocessing),
      training: JSON.stringify(training),
      metrics: JSON.stringify(metrics),
    },
  );
}

/**
 * Reads an opened file.
 *
 * @throws InputError  it is no head, or its classes and tensors do not fit one another
 * @throws WeightsError  its values are damaged
 */
export async function readHead(file: WeightsFile): Promise<HeadFile> {
  const { name, metadata, tensors } = file;
  const [weight, bias] = [tensors.get(WEIGHT), tensors.get(BIAS)];
  if (!weight || !bias)
    throw new InputError(
      `head: ${name} has no ${[WEIGHT, BIAS].filter(tensor => !tensors.has(tensor)).join(' and no ')}, so it is no head file. Train one with \`raycam train\``,
    );
  const classes = classesOf(file);
  const [K, featureCount] = weight.shape;
  if (weight.shape.length !== 2 || K !== classes.length || bias.shape.length !== 1 || bias.shape[0] !== K)
    throw new InputError(
      `head: ${name} names ${classes.length} classes, expected ${WEIGHT} [${classes.length}, F] and ${BIAS} [${classes.length}], got [${weight.shape.join(', ')}] and [${bias.shape.join(', ')}]`,
    );
  if (weight.shape[0]! * weight.shape[1]! > MAX_ELEMENTS)
    throw new InputError(`head: ${name} has [${weight.shape.join(', ')}] weights, at most ${MAX_ELEMENTS} are read`);
  return {
    name,
    head: { classes, featureCount: featureCount!, weight: await weight.read(), bias: await bias.read() },
    metadata: {
      backbone: metadata.backbone ?? 'an unnamed backbone',
      featuresOf: metadata.featuresOf ?? metadata.backbone ?? '',
      weightsHash: metadata.weightsHash ?? '',
      preprocessing: objectOf(file, 'preprocessing'),
      training: objectOf(file, 'training'),
      metrics: objectOf(file, 'metrics'),
    },
  };
}

/** Reads the head file at `path`. @throws InputError | WeightsError  it cannot be read, is damaged, or is not a head file */
export async function openHead(path: string): Promise<HeadFile> {
  const file = await openWeights(path);
  try {
    return await readHead({ ...file, name: path });
  } finally {
    await file.close();
  }
}

/** What `checkHeadFits` must know of a backbone. */
export type HeadBackbone = Pick<Backbone, 'id' | 'featuresOf' | 'weightsHash'> & {
  /** F, the length of its feature vectors. */
  readonly featureCount: number;
};

/** @throws InputError  the head was trained on another backbone's features: its scores would be noise */
export function checkHeadFits({ name, head, metadata }: HeadFile, backbone: HeadBackbone): void {
  const sameSize = head.featureCount === backbone.featureCount;
  const sameHash = metadata.weightsHash !== '' && metadata.weightsHash === backbone.weightsHash;
  // The id of a file outside the zoo is its name, which proves nothing.
  const sameId = metadata.featuresOf === backbone.featuresOf && !backbone.featuresOf.startsWith('file:');
  if (sameSize && (sameId || sameHash)) return;
  const isNamed = !metadata.backbone.startsWith('file:') && metadata.backbone !== backbone.id;
  const remedy = isNamed ? `Pass --backbone ${metadata.backbone}` : 'Pass the weights that it was trained with';
  throw new InputError(
    `head: ${name} was trained on features of ${metadata.backbone} (${head.featureCount} numbers), not of ${backbone.id} (${backbone.featureCount} numbers). ${remedy}, or train a head for ${backbone.id} with \`raycam train\``,
  );
}

function classesOf({ name, metadata }: WeightsFile): string[] {
  const value = parse(metadata.classes);
  if (Array.isArray(value) && value.length > 0 && value.every(item => typeof item === 'string')) return value;
  throw new InputError(
    `head: the metadata of ${name} names no classes, expected a JSON array of texts. Train it again with \`raycam train\``,
  );
}

function objectOf({ name, metadata }: WeightsFile, key: string): JsonObject {
  const text = metadata[key];
  const value = text === undefined ? {} : parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new InputError(`head: the metadata of ${name} has a damaged "${key}", expected a JSON object`);
}

function parse(text = ''): unknown {
  if (text.length > MAX_JSON_CHARACTERS) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
