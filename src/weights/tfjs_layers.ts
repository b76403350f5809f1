/**
 * Reads TensorFlow.js layers models. model.json lists the weights in groups. The shards of a group contain its weights
 * back to back.
 * Source: tensorflow/tfjs, tfjs-core/src/io/io_utils.ts
 */
import { InputError, WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { formatSizes, readUpTo } from './byte_source.ts';
import { type DType, elementBits, toFloat32 } from './dtypes.ts';
import { isRecord, MAX_JSON_BYTES, parseJsonObject } from './json_text.ts';
import { elementCount, isShape, type TensorEntry, type WeightsFile } from './tensor_entry.ts';

const DTYPES: ReadonlyMap<unknown, DType> = new Map([
  ['float32', 'F32'],
  ['float16', 'F16'],
  ['int32', 'I32'],
  ['bool', 'BOOL'],
  ['uint8', 'U8'],
  ['uint16', 'U16'],
]);
/** At the usual 4 MB per shard, this is 4 GB. */
const MAX_SHARDS = 1000;

/** Opens a file in the folder of model.json. Rejects with InputError if it does not exist. */
export type OpenSibling = (fileName: string) => Promise<ByteSource>;

interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** The stored dtype: the quantised one if the weight is quantised. */
  readonly dtype: DType;
  /** value = stored * scale + min */
  readonly scale: number;
  readonly min: number;
  readonly isInteger: boolean;
}

interface Group {
  readonly paths: readonly string[];
  readonly weights: readonly WeightSpec[];
}

/**
 * Opens a model.
 *
 * @throws WeightsError  model.json is damaged, shards are missing (all are listed), or their sizes do not add up
 */
export async function openTfjsLayers(modelJson: ByteSource, openSibling: OpenSibling): Promise<WeightsFile> {
  const groups = await readManifest(modelJson);
  const shards = await openShards(modelJson.name, groups, openSibling);
  const close = async () => {
    for (const source of [modelJson, ...shards.values()]) await source.close();
  };
  try {
    const tensors = new Map<string, TensorEntry>();
    for (const group of groups) addGroup(tensors, group, new ShardChain(modelJson.name, group, shards));
    const sources = [modelJson, ...shards.values()];
    const sizeBytes = sources.reduce((sum, source) => sum + source.sizeBytes, 0);
    const metadata = Object.create(null);
    return { name: modelJson.name, format: 'tfjs-layers', sizeBytes, tensors, metadata, sources, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readManifest(modelJson: ByteSource): Promise<Group[]> {
  const where = `tfjs: ${modelJson.name}`;
  if (modelJson.sizeBytes > MAX_JSON_BYTES) {
    const [size, limit] = formatSizes(modelJson.sizeBytes, MAX_JSON_BYTES);
    throw new WeightsError(`${where}: is too large (${size}; the limit is ${limit})`);
  }
  const model = parseJsonObject(await readUpTo(modelJson, 0, modelJson.sizeBytes), where);
  const manifest = model.weightsManifest;
  if (!Array.isArray(manifest))
    throw new WeightsError(`${where}: is not a TensorFlow.js model (it has no weightsManifest)`);
  return manifest.map((group: unknown) => {
    if (!isRecord(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
      throw new WeightsError(`${where}: weightsManifest has a group without paths or weights`);
    }
    return {
      paths: group.paths.map(path => checkedPath(where, path)),
      weights: group.weights.map(weight => weightSpec(where, weight)),
    };
  });
}

/** Accepts only plain file names, so that a malicious model.json cannot reach outside its folder. */
function checkedPath(where: string, path: unknown): string {
  if (typeof path === 'string' && /^[^/\\:\0]+$/.test(path) && path !== '.' && path !== '..') return path;
  throw new WeightsError(
    `${where}: a shard must be the name of a file in the same folder, got ${JSON.stringify(path)}`,
  );
}

function weightSpec(where: string, value: unknown): WeightSpec {
  if (!isRecord(value) || typeof value.name !== 'string')
    throw new WeightsError(`${where}: has a weight without a name`);
  const { name, shape, dtype, quantization } = value;
  if (!isShape(shape)) throw new WeightsError(`${where}, ${name}: ${JSON.stringify(shape)} is not a valid shape`);
  const isInteger = dtype === 'int32';
  if (quantization === undefined) {
    return { name, shape, dtype: knownDType(where, name, dtype), scale: 1, min: 0, isInteger: false };
  }
  if (!isRecord(quantization)) {
    throw new WeightsError(`${where}, ${name}: quantization must be an object, got ${JSON.stringify(quantization)}`);
  }
  const stored = knownDType(where, name, quantization.dtype);
  if (stored === 'F16') return { name, shape, dtype: stored, scale: 1, min: 0, isInteger: false };
  const { scale, min } = quantization;
  if (!Number.isFinite(scale) || !Number.isFinite(min)) {
    throw new WeightsError(`${where}, ${name}: scale and min must be finite numbers, got ${scale} and ${min}`);
  }
  return { name, shape, dtype: stored, scale: scale as number, min: min as number, isInteger };
}

function knownDType(where: string, name: string, dtype: unknown): DType {
  const known = DTYPES.get(dtype);
  if (known === undefined)
    throw new WeightsError(
      `${where}, ${name}: unknown dtype ${JSON.stringify(dtype)}. Known: ${[...DTYPES.keys()].join(', ')}`,
    );
  return known;
}

async function openShards(
  where: string,
  groups: readonly Group[],
  openSibling: OpenSibling,
): Promise<Map<string, ByteSource>> {
  const names = new Set(groups.flatMap(group => group.paths));
  if (names.size > MAX_SHARDS) {
    throw new WeightsError(`tfjs: ${where}: has too many shards (${names.size}; the limit is ${MAX_SHARDS})`);
  }
  const shards = new Map<string, ByteSource>();
  const missing: string[] = [];
  try {
    for (const name of names) {
      const shard = await openSibling(name).catch(error => {
        if (!(error instanceof InputError)) throw error;
        missing.push(name);
      });
      if (shard) shards.set(name, shard);
    }
    if (missing.length > 0) throw missingShards(where, missing, names.size);
    return shards;
  } catch (error) {
    for (const shard of shards.values()) await shard.close();
    throw error;
  }
}

function missingShards(where: string, missing: readonly string[], total: number): WeightsError {
  const named = missing.slice(0, 8).join(', ');
  const more = missing.length > 8 ? ` and ${missing.length - 8} more` : '';
  return new WeightsError(
    `tfjs: ${where}: ${missing.length} of ${total} shards are missing (${named}${more}). Put them into the same folder`,
  );
}

/** The shards of one group, read as one contiguous range of bytes. */
class ShardChain {
  private readonly parts: { readonly source: ByteSource; readonly start: number }[] = [];
  readonly sizeBytes: number;

  constructor(where: string, group: Group, shards: ReadonlyMap<string, ByteSource>) {
    let position = 0;
    for (const path of group.paths) {
      const source = shards.get(path)!;
      this.parts.push({ source, start: position });
      position += source.sizeBytes;
    }
    this.sizeBytes = position;
    const expected = group.weights.reduce((sum, { shape, dtype }) => sum + bytesIn(shape, dtype), 0);
    if (expected !== position) {
      throw new WeightsError(`tfjs: ${where}: the shards have ${position} bytes but the weights need ${expected}`);
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (const { source, start } of this.parts) {
      const from = Math.max(offset, start);
      const to = Math.min(offset + length, start + source.sizeBytes);
      if (from < to) bytes.set(await source.read(from - start, to - from), from - offset);
    }
    return bytes;
  }
}

function addGroup(tensors: Map<string, TensorEntry>, group: Group, chain: ShardChain): void {
  let position = 0;
  for (const spec of group.weights) {
    if (tensors.has(spec.name)) throw new WeightsError(`tfjs: two weights are named ${JSON.stringify(spec.name)}`);
    const begin = position;
    const length = bytesIn(spec.shape, spec.dtype);
    position += length;
    tensors.set(spec.name, {
      name: spec.name,
      dtype: spec.dtype,
      shape: spec.shape,
      read: async () => dequantise(toFloat32(await chain.read(begin, length), spec.dtype), spec),
    });
  }
}

function dequantise(values: Float32Array, { scale, min, isInteger }: WeightSpec): Float32Array {
  if (scale === 1 && min === 0) return values;
  return values.map(isInteger ? value => Math.round(value * scale + min) : value => value * scale + min);
}

function bytesIn(shape: readonly number[], dtype: DType): number {
  return (elementCount(shape) * elementBits(dtype)) / 8;
}
