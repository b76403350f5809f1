/** Resolves a zoo id or a file's path to a network that is ready to build. */
import { sha256 } from '#platform';
import { type Backbone, backboneOfEntry, backboneOfFile, checkOneSource, type FileOptions } from './backbone.ts';
import { sourcesSha256 } from './cache.ts';
import { openWeights } from './open_weights.ts';
import { type PullOptions, pullWeights } from './pull.ts';
import type { WeightsFile } from './tensor_entry.ts';
import { DEFAULT_BACKBONE, zooEntry } from './zoo.ts';

export interface ResolveOptions extends FileOptions, PullOptions {
  /** A zoo id. The default backbone is used if neither `id` nor `file` is given. */
  readonly id?: string;
  /** A weights file of any format. */
  readonly file?: string;
}

/**
 * Finds a backbone, downloads it if necessary, opens it and checks it. The caller closes it.
 *
 * `arch`, `strideOn`, `preprocess` and `prefix` apply to a `file` only. The zoo's entries have their own.
 *
 * @throws UsageError          both an id and a file, or an id that is not in the zoo
 * @throws WeightsUnavailable  not in the cache, and every source failed
 * @throws WeightsError        the file is damaged or contains another network
 */
export async function resolveBackbone(options: ResolveOptions = {}): Promise<Backbone> {
  checkOneSource(options);
  if (options.file !== undefined) {
    return withFile(await openWeights(options.file, { ema: options.ema }), async file =>
      backboneOfFile(file, await hashOf(file, options), options),
    );
  }
  const entry = zooEntry(options.id ?? DEFAULT_BACKBONE);
  const cached = await pullWeights(entry.id, options);
  return withFile(await openWeights(cached.path), file => backboneOfEntry(entry, file, cached.sha256));
}

/** Returns the file's hash. Includes the choice of one of several networks in the file, so that their hashes differ. */
async function hashOf(file: WeightsFile, { prefix = '', ema }: FileOptions): Promise<string> {
  const hash = await sourcesSha256(file.sources);
  const choice = ema ? `${prefix} ema` : prefix;
  return choice === '' ? hash : sha256(new TextEncoder().encode(`${hash} ${choice}`));
}

/** Passes ownership of the file to the backbone that `use` returns. Closes the file if `use` throws. */
async function withFile(
  file: WeightsFile,
  use: (file: WeightsFile) => Backbone | Promise<Backbone>,
): Promise<Backbone> {
  try {
    return await use(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}
