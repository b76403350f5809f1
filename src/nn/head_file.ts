/** Head files: safetensors with PyTorch's names for the Sequential, and metadata that names the head's backbone. */
import { InputError } from '../errors/index.ts';
import type { Backbone } from '../weights/backbone.ts';
import { openWeights } from '../weights/open_weights.ts';
import type { Preprocessing } from '../weights/preprocessing.ts';
import { RESNET_LAYOUTS } from '../weights/resnet_shapes.ts';
import { writeSafetensors } from '../weights/safetensors_writer.ts';
import type { WeightsFile } from '../weights/tensor_entry.ts';
import type { HeadValues } from './head.ts';

const FORMAT = 'raycam head 1';
const WEIGHT = 'fc.0.weight';
const BIAS = 'fc.0.bias';
/** Twice the weights of a thousand classes on ResNet-152's 2048 features. */
const MAX_ELEMENTS = 2 ** 22;
/** A training record, or the names of a thousand classes, takes about 50 kB. */
const MAX_JSON_CHARACTERS = 500_000;

/** A JSON object of any content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The backbone and the training of a head. */
export interface HeadMetadata {
  /** The backbone's id. */
  readonly backbone: string;
  /**
   * The id of the backbone whose function `backbone` computes. Heads are interchangeable between backbones with the
   * same value.
   */
  readonly featuresOf: string;
  /** SHA-256 of the backbone's file. */
  readonly weightsHash: string;
  /** The transform of an X-ray into the backbone's input. */
  readonly preprocessing: JsonObject;
  /** Which convolution of a bottleneck has the stride in the backbone. Absent in files of earlier versions. */
  readonly strideOn?: string;
  /** The number that the backbone's batch norms add to the variance. Absent in files of earlier versions. */
  readonly eps?: number;
  /** Epochs, learning rate, seed, images, the epoch whose weights were selected, … */
  readonly training: JsonObject;
  /** Loss, accuracy, AUROC, … and the images on which they were measured. */
  readonly metrics: JsonObject;
}

export interface HeadFile {
  /** The file's name, for messages. */
  readonly name: string;
  readonly head: HeadValues;
  readonly metadata: HeadMetadata;
}

/** Returns the file's bytes. The same head and metadata give the same bytes. */
export function encodeHead(head: HeadValues, metadata: HeadMetadata): Uint8Array {
  const { classes, featureCount, weight, bias } = head;
  const { backbone, featuresOf, weightsHash, preprocessing, strideOn, eps, training, metrics } = metadata;
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
      ...(strideOn !== undefined && { strideOn }),
      ...(eps !== undefined && { eps: String(eps) }),
      training: JSON.stringify(training),
      metrics: JSON.stringify(metrics),
    },
  );
}

/**
 * Reads an opened file.
 *
 * @throws InputError    it is not a head file, or its classes and tensors do not match
 * @throws WeightsError  its values are damaged
 */
export async function readHead(file: WeightsFile): Promise<HeadFile> {
  const { name, metadata, tensors } = file;
  const [weight, bias] = [tensors.get(WEIGHT), tensors.get(BIAS)];
  if (!weight || !bias)
    throw new InputError(
      `head: ${name}: is not a head file (it has no ${[WEIGHT, BIAS].filter(tensor => !tensors.has(tensor)).join(' and no ')}). Train one with \`raycam train\``,
    );
  const classes = classesOf(file);
  const [K, featureCount] = weight.shape;
  if (weight.shape.length !== 2 || K !== classes.length || bias.shape.length !== 1 || bias.shape[0] !== K)
    throw new InputError(
      `head: ${name}: has ${classes.length} classes, expected ${WEIGHT} [${classes.length}, F] and ${BIAS} [${classes.length}], got [${weight.shape.join(', ')}] and [${bias.shape.join(', ')}]`,
    );
  if (weight.shape[0]! * weight.shape[1]! > MAX_ELEMENTS)
    throw new InputError(
      `head: ${name}: has too many weights (${weight.shape[0]! * weight.shape[1]!}; the limit is ${MAX_ELEMENTS})`,
    );
  return {
    name,
    head: { classes, featureCount: featureCount!, weight: await weight.read(), bias: await bias.read() },
    metadata: {
      backbone: metadata.backbone ?? 'an unnamed backbone',
      featuresOf: metadata.featuresOf ?? metadata.backbone ?? '',
      weightsHash: metadata.weightsHash ?? '',
      preprocessing: objectOf(file, 'preprocessing'),
      ...(metadata.strideOn !== undefined && { strideOn: metadata.strideOn }),
      ...(metadata.eps !== undefined && { eps: Number(metadata.eps) }),
      training: objectOf(file, 'training'),
      metrics: objectOf(file, 'metrics'),
    },
  };
}

/**
 * Reads the head file at `path`.
 *
 * @throws InputError | WeightsError  it cannot be read, is damaged, or is not a head file
 */
export async function openHead(path: string): Promise<HeadFile> {
  const file = await openWeights(path);
  try {
    return await readHead({ ...file, name: path });
  } finally {
    await file.close();
  }
}

/** The properties of a backbone that `checkHeadFits` compares. */
export type HeadBackbone = Pick<Backbone, 'id' | 'featuresOf' | 'weightsHash'> &
  Partial<Pick<Backbone, 'preprocessing' | 'strideOn' | 'eps' | 'architecture'>> & {
    /** F, the length of its feature vectors. */
    readonly featureCount: number;
  };

/**
 * Checks that the head was trained on this backbone's features, and with this preprocessing, stride and eps: with others,
 * its scores would be noise. Settings that the caller or the head's file lacks are not compared.
 *
 * @throws InputError
 */
export function checkHeadFits(file: HeadFile, backbone: HeadBackbone): void {
  checkSameFeatures(file, backbone);
  checkSameSettings(file, backbone);
}

/** Checks that the network prepares images as the head's did, and computes with the same stride and eps. */
function checkSameSettings({ name, metadata }: HeadFile, backbone: HeadBackbone): void {
  const { preprocessing: own, strideOn, eps, architecture } = backbone;
  const theirs = normalizationOf(metadata.preprocessing);
  const differs = own !== undefined && theirs !== undefined && !sameNormalization(theirs, own);
  if (differs)
    throw new InputError(
      `head: ${name}: was trained with images normalised to ${normalizationText(theirs)}, but ${backbone.id} gets ${normalizationText(own)}. Omit --preprocess, --mean and --std to use the head's, or train a head for this preprocessing`,
    );
  const hasStride = architecture === undefined || RESNET_LAYOUTS[architecture].block === 'bottleneck';
  if (hasStride && metadata.strideOn !== undefined && strideOn !== undefined && metadata.strideOn !== strideOn)
    throw new InputError(
      `head: ${name}: was trained with the stride on the ${metadata.strideOn}, but ${backbone.id} has it on the ${strideOn}. Omit --stride-on to use the head's, or train a head for this stride`,
    );
  if (metadata.eps !== undefined && eps !== undefined && metadata.eps !== eps)
    throw new InputError(
      `head: ${name}: was trained with batch norms whose eps is ${metadata.eps}, but ${backbone.id} has ${eps}. Train a head for ${backbone.id}`,
    );
}

type Normalization = Pick<Preprocessing, 'channelOrder' | 'scale' | 'mean' | 'std'>;

/** Returns a head's normalisation, or undefined if its file has none. */
export function normalizationOf(preprocessing: JsonObject): Normalization | undefined {
  const { channelOrder, scale, mean, std } = preprocessing;
  const isTriple = (value: unknown): value is [number, number, number] =>
    Array.isArray(value) && value.length === 3 && value.every(Number.isFinite);
  if ((channelOrder !== 'RGB' && channelOrder !== 'BGR') || typeof scale !== 'number') return undefined;
  return isTriple(mean) && isTriple(std) ? { channelOrder, scale, mean, std } : undefined;
}

function sameNormalization(a: Normalization, b: Normalization): boolean {
  return (
    a.channelOrder === b.channelOrder && a.scale === b.scale && `${a.mean}` === `${b.mean}` && `${a.std}` === `${b.std}`
  );
}

function normalizationText({ channelOrder, mean, std }: Normalization): string {
  return `${channelOrder} with mean ${mean.join(', ')} and std ${std.join(', ')}`;
}

function checkSameFeatures({ name, head, metadata }: HeadFile, backbone: HeadBackbone): void {
  const sameSize = head.featureCount === backbone.featureCount;
  const sameHash = metadata.weightsHash !== '' && metadata.weightsHash === backbone.weightsHash;
  // The id of a file outside the zoo is its name, which does not identify its contents.
  const sameId = metadata.featuresOf === backbone.featuresOf && !backbone.featuresOf.startsWith('file:');
  if (sameSize && (sameId || sameHash)) return;
  const isNamed = !metadata.backbone.startsWith('file:') && metadata.backbone !== backbone.id;
  const remedy = isNamed ? `Pass --backbone ${metadata.backbone}` : 'Pass the weights that it was trained with';
  throw new InputError(
    `head: ${name}: was trained on ${metadata.backbone} (${head.featureCount} features), not on ${backbone.id} (${backbone.featureCount} features). ${remedy}, or train a head for ${backbone.id} with \`raycam train\``,
  );
}

function classesOf({ name, metadata }: WeightsFile): string[] {
  const value = parse(metadata.classes);
  if (Array.isArray(value) && value.length > 0 && value.every(item => typeof item === 'string')) return value;
  throw new InputError(
    `head: ${name}: has no classes in its metadata, expected a JSON array of strings. Train it again with \`raycam train\``,
  );
}

function objectOf({ name, metadata }: WeightsFile, key: string): JsonObject {
  const text = metadata[key];
  const value = text === undefined ? {} : parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new InputError(`head: ${name}: is damaged (its "${key}" is not a JSON object). Download or copy it again`);
}

function parse(text = ''): unknown {
  if (text.length > MAX_JSON_CHARACTERS) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
