/** From a zoo id or a file's path to a network ready to build. */
import { sha256 } from '#platform';
import { type Backbone, backboneOfEntry, backboneOfFile, checkOneSource, type FileOptions } from './backbone.ts';
import { sourcesSha256 } from './cache.ts';
import { openWeights } from './open_weights.ts';
import { type PullOptions, pullWeights } from './pull.ts';
import type { WeightsFile } from './tensor_entry.ts';
import { DEFAULT_BACKBONE, zooEntry } from './zoo.ts';

export interface ResolveOptions extends FileOptions, PullOptions {
  /** Of the zoo. Neither `id` nor `file` means the default backbone. */
  readonly id?: string;
  /** A weights file of any format. */
  readonly file?: string;
}

/**
 * Finds, fetches if need be, opens and checks a backbone. The caller closes it.
 *
 * `arch`, `strideOn`, `preprocess` and `prefix` say what a `file` cannot; zoo entries know theirs.
 *
 * @throws UsageError          both an id and a file, or an id that the zoo does not have
 * @throws WeightsUnavailable  not cached, and no source gives it
 * @throws WeightsError        the file is damaged or of another network
 */
export async function resolveBackbone(options: ResolveOptions = {}): Promise<Backbone> {
  checkOneSource(options);
  if (options.file !== undefined) {
    return withFile(await openWeights(options.file), async file =>
      backboneOfFile(file, await hashOf(file, options.prefix), options),
    );
  }
  const entry = zooEntry(options.id ?? DEFAULT_BACKBONE);
  const cached = await pullWeights(entry.id, options);
  return withFile(await openWeights(cached.path), file => backboneOfEntry(entry, file, cached.sha256));
}

/** Two networks in one file must not be taken for each other. */
async function hashOf(file: WeightsFile, prefix = ''): Promise<string> {
  const hash = await sourcesSha256(file.sources);
  return prefix === '' ? hash : sha256(new TextEncoder().encode(`${hash} ${prefix}`));
}

/** What `use` makes of the file owns it; if it makes nothing, the file is closed. */
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
