/** What `raycam weights` does: list the zoo, describe a file, convert one. */
import { cacheDirectory, createAtomicWriter } from '#platform';
import { WeightsError } from '../errors/index.ts';
import { METADATA_NAMES } from './backbone.ts';
import { findCached, sourcesSha256 } from './cache.ts';
import { checkStateDict, detectArchitecture } from './check_state_dict.ts';
import type { DType } from './dtypes.ts';
import { openWeights } from './open_weights.ts';
import type { ResNetArchitecture } from './resnet_shapes.ts';
import { type Metadata, saveSafetensors } from './safetensors_writer.ts';
import { type TensorNames, toStateDict } from './state_dict.ts';
import { elementCount, type StateDict, type WeightsFormat } from './tensor_entry.ts';
import { ZOO, type ZooEntry, zooEntry } from './zoo.ts';

export interface ZooListing {
  readonly id: string;
  readonly architecture: ResNetArchitecture;
  readonly licence: string;
  readonly note: string;
  /** The first place it comes from: a host, `npm NAME@VERSION`, or `made from ID`. */
  readonly from: string;
  /** Its file in the cache, or that of the entry it is made from. */
  readonly cachedPath?: string;
  readonly cachedBytes?: number;
}

/** Every entry of the zoo, and whether it is at hand. */
export async function listZoo({
  cacheDir = cacheDirectory(),
}: {
  readonly cacheDir?: string;
} = {}): Promise<ZooListing[]> {
  const listings: ZooListing[] = [];
  for (const entry of ZOO) {
    const { id, architecture, licence, note } = entry;
    const cached = await findCached(fileEntry(entry), cacheDir);
    const found = { cachedPath: cached?.path, cachedBytes: cached?.sizeBytes };
    listings.push({ id, architecture, licence, note, from: origin(entry), ...found });
  }
  return listings;
}

/** The entry whose file this one uses. */
function fileEntry(entry: ZooEntry): ZooEntry {
  const [source] = entry.sources;
  return source?.kind === 'net2net' ? fileEntry(zooEntry(source.from)) : entry;
}

function origin({ sources: [source] }: ZooEntry): string {
  switch (source!.kind) {
    case 'https':
      return new URL(source!.url).host;
    case 'npm':
      return `npm ${source!.package}@${source!.version}`;
    case 'net2net':
      return `made from ${source!.from}`;
  }
}

export interface WeightsDescription {
  readonly file: string;
  readonly format: WeightsFormat;
  readonly sizeBytes: number;
  /** Of the file; of a TensorFlow.js model, of model.json and its shards end to end. */
  readonly sha256: string;
  /** Whose names the tensors have. */
  readonly names: TensorNames;
  /** Absent where the tensors are not a ResNet's. */
  readonly architecture?: ResNetArchitecture;
  /** Why they are none, or what keeps them from being all of one. */
  readonly problem?: string;
  /** Values in all tensors, running statistics included. */
  readonly elements: number;
  readonly metadata: Metadata;
  /** As the file has them. */
  readonly tensors: readonly { readonly name: string; readonly dtype: DType; readonly shape: readonly number[] }[];
}

/** Everything about a file but its values. With `prefix`, about the network whose names begin with it. @throws InputError | WeightsError */
export async function describeWeights(
  path: string,
  { prefix }: { readonly prefix?: string } = {},
): Promise<WeightsDescription> {
  const file = await openWeights(path);
  try {
    const tensors = [...file.tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape }));
    const { stateDict, names } = toStateDict(file.tensors, prefix);
    return {
      file: file.name,
      format: file.format,
      sizeBytes: file.sizeBytes,
      sha256: await sourcesSha256(file.sources),
      names,
      ...fitOf(stateDict, file.name),
      elements: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
      metadata: file.metadata,
      tensors,
    };
  } finally {
    await file.close();
  }
}

function fitOf(stateDict: StateDict, fileName: string): Pick<WeightsDescription, 'architecture' | 'problem'> {
  let architecture: ResNetArchitecture | undefined;
  try {
    architecture = detectArchitecture(stateDict, fileName);
    checkStateDict(stateDict, architecture, fileName);
    return { architecture };
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    return { architecture, problem: error.message };
  }
}

export interface ConvertOptions {
  /** `torchvision` (the default) translates names and layouts, `keep` leaves both. */
  readonly names?: 'torchvision' | 'keep';
  /** Takes the tensors whose names begin with it; not with `keep`. */
  readonly prefix?: string;
}

/**
 * Any weights file as float32 safetensors, one tensor in memory at a time. `num_batches_tracked` is left out, for inference never reads it.
 *
 * @throws InputError | WeightsError  nothing is left half-written
 */
export async function convertWeights(
  input: string,
  output: string,
  { names = 'torchvision', prefix }: ConvertOptions = {},
): Promise<void> {
  const file = await openWeights(input);
  try {
    const translated = toStateDict(file.tensors, prefix);
    const tensors = names === 'keep' ? file.tensors : translated.stateDict;
    const metadata = { [METADATA_NAMES]: translated.names, ...file.metadata, format: 'pt' };
    const kept = [...tensors.values()].filter(({ name }) => !name.endsWith('num_batches_tracked'));
    const writer = await createAtomicWriter(output);
    try {
      await saveSafetensors(writer, kept, metadata);
      await writer.commit();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    await file.close();
  }
}
