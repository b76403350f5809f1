/** Implements `raycam weights`: lists the zoo, describes a file, and converts a file. */
import { cacheDirectory, createAtomicWriter, directoryName, fileIdentity, joinPath } from '#platform';
import { InputError, WeightsError } from '../errors/index.ts';
import { METADATA_NAMES } from './backbone.ts';
import { findCached, sourcesSha256 } from './cache.ts';
import { checkStateDict, detectArchitecture } from './check_state_dict.ts';
import type { DType } from './dtypes.ts';
import { openWeights } from './open_weights.ts';
import type { ResNetArchitecture } from './resnet_shapes.ts';
import { type Metadata, saveSafetensors } from './safetensors_writer.ts';
import { type TensorNames, toStateDict } from './state_dict.ts';
import { elementCount, type StateDict, type WeightsFile, type WeightsFormat } from './tensor_entry.ts';
import { ZOO, type ZooEntry, zooEntry } from './zoo.ts';

export interface ZooListing {
  readonly id: string;
  readonly architecture: ResNetArchitecture;
  readonly licence: string;
  readonly note: string;
  /** The first source: a host, `npm NAME@VERSION`, or `made from ID`. */
  readonly from: string;
  /** Its file in the cache, or the file of the entry that it is derived from. */
  readonly cachedPath?: string;
  readonly cachedBytes?: number;
}

/** Lists every entry of the zoo, and whether it is in the cache. */
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

/** Returns the entry whose file this one uses. */
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
  /** SHA-256 of the file. For a TensorFlow.js model, of model.json followed by its shards. */
  readonly sha256: string;
  /** The tensors' naming scheme. */
  readonly names: TensorNames;
  /** Absent if the tensors are not a ResNet's. */
  readonly architecture?: ResNetArchitecture;
  /** Why the tensors are not a ResNet, or not a complete one. */
  readonly problem?: string;
  /** Number of values in all tensors, including running statistics. */
  readonly elements: number;
  readonly metadata: Metadata;
  /** What a user should know about the choice of the tensors. */
  readonly notes?: readonly string[];
  /** Python globals that the file names. They became placeholders and were not run. */
  readonly inertGlobals?: readonly string[];
  readonly classes?: readonly string[];
  /** Under their names in the file. `unreadable` says why a tensor's values cannot be read. */
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: DType;
    readonly shape: readonly number[];
    readonly unreadable?: string;
  }[];
}

/**
 * Describes a file without its values. `prefix` selects the network whose names start with it.
 *
 * @throws InputError | WeightsError
 */
export async function describeWeights(
  path: string,
  { prefix, ema }: { readonly prefix?: string; readonly ema?: boolean } = {},
): Promise<WeightsDescription> {
  const file = await openWeights(path, { ema });
  try {
    const tensors = [...file.tensors.values()].map(({ name, dtype, shape, unreadable }) => ({
      name,
      dtype,
      shape,
      unreadable,
    }));
    return {
      file: file.name,
      format: file.format,
      sizeBytes: file.sizeBytes,
      sha256: await sourcesSha256(file.sources),
      ...fitOf(file, prefix),
      elements: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
      metadata: file.metadata,
      notes: file.notes,
      inertGlobals: file.inertGlobals,
      classes: file.classes,
      tensors,
    };
  } finally {
    await file.close();
  }
}

function fitOf(
  { tensors, name }: WeightsFile,
  prefix?: string,
): Pick<WeightsDescription, 'names' | 'architecture' | 'problem'> {
  let names: TensorNames = 'torchvision';
  let architecture: ResNetArchitecture | undefined;
  try {
    const found = toStateDict(tensors, prefix, name);
    names = found.names;
    architecture = detectArchitecture(found.stateDict, name);
    checkStateDict(found.stateDict, architecture, name);
    return { names, architecture, problem: found.classifierProblem };
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    return { names, architecture, problem: error.message };
  }
}

/** Returns the tensors under their own names, and the naming scheme if the file contains just one network. */
function kept({ tensors, name }: WeightsFile): { readonly stateDict: StateDict; readonly names?: TensorNames } {
  try {
    return { stateDict: tensors, names: toStateDict(tensors, '', name).names };
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    return { stateDict: tensors };
  }
}

export interface ConvertOptions {
  /** `torchvision` (the default) translates names and layouts, `keep` keeps both. */
  readonly names?: 'torchvision' | 'keep';
  /** Selects the tensors whose names start with it. Ignored with `keep`. */
  readonly prefix?: string;
  /** Converts the averaged weights (EMA) that lie beside the state dict. */
  readonly ema?: boolean;
  /** Allows `output` to be a file that is read. By default that is an error. */
  readonly replaceInput?: boolean;
}

/**
 * Converts any weights file to float32 safetensors, with one tensor in memory at a time. Omits `num_batches_tracked`,
 * which inference never reads. Keeps the names of the classes.
 *
 * @throws InputError | WeightsError  no partial file is left behind, and no file that is read is replaced
 */
export async function convertWeights(
  input: string,
  output: string,
  { names = 'torchvision', prefix, ema, replaceInput = false }: ConvertOptions = {},
): Promise<void> {
  const file = await openWeights(input, { ema });
  try {
    // The shards of a model are beside the file that lists them.
    const read = [input, ...file.sources.map(({ name }) => joinPath(directoryName(input), name))];
    if (!replaceInput) await expectOther(output, read);
    const { stateDict: tensors, names: scheme } =
      names === 'keep' ? kept(file) : toStateDict(file.tensors, prefix, file.name);
    const metadata = {
      ...(scheme && { [METADATA_NAMES]: scheme }),
      ...(file.classes && { classes: JSON.stringify(file.classes) }),
      ...file.metadata,
      format: 'pt',
    };
    const written = [...tensors.values()].filter(({ name }) => !name.endsWith('num_batches_tracked'));
    const writer = await createAtomicWriter(output);
    try {
      await saveSafetensors(writer, written, metadata);
      await writer.commit();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** @throws InputError  the output is one of the files that are read */
async function expectOther(output: string, inputs: readonly string[]): Promise<void> {
  const identityOf = (path: string) => fileIdentity(path).catch(() => undefined);
  const own = await identityOf(output);
  if (own !== undefined && (await Promise.all(inputs.map(identityOf))).includes(own))
    throw new InputError(`${output}: is an input of this conversion, which would replace it. Choose another output`);
}
