/**
 * The files in which `raycam tune` keeps its measurements: one per adapter, in the format that pages read and write.
 */
import { cacheDirectory, fileExists, joinPath, makeDirectory, readTextFile, writeFileAtomic } from '#platform';
import type { BuildOptions } from '../../inference/network.ts';
import { MOST_TUNING_BYTES, type TunedAdapter, Tuning } from '../../nn/tuning.ts';

/** Returns the path for an adapter. A GPU's file is named after its family, because pages cannot see the GPU's name. */
function tuningFile({ kind, ...adapter }: TunedAdapter, cacheDir = cacheDirectory()): string {
  const { vendor, architecture, description } = adapter;
  const name = [vendor, architecture, ...(kind === 'gpu' ? [] : [description])].filter(Boolean).join('-');
  return joinPath(cacheDir, 'tuning', `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.json`);
}

/** Returns undefined if the adapter was never tuned. @throws InputError  the file is not a tuning of this version */
export async function readTuning(adapter: TunedAdapter, cacheDir?: string): Promise<Tuning | undefined> {
  const path = tuningFile(adapter, cacheDir);
  if (!(await fileExists(path))) return undefined;
  const tuning = Tuning.decode(await readTextFile(path, MOST_TUNING_BYTES), path);
  return tuning.isOf(adapter) ? tuning : undefined;
}

/** Returns a function that finds the tuning of the adapter that a network opens; undefined with --no-tuning. */
export function tuningFor(flags: { readonly tuning?: boolean; readonly cacheDir?: string }): BuildOptions['tuningFor'] {
  return flags.tuning === false ? undefined : adapter => readTuning(adapter, flags.cacheDir);
}

/** Merges a tuning into the adapter's file, and returns the path. */
export async function keepTuning(tuning: Tuning, cacheDir?: string): Promise<string> {
  const path = tuningFile(tuning.adapter, cacheDir);
  // A file of an older version is replaced.
  const before = await readTuning(tuning.adapter, cacheDir).catch(() => undefined);
  await makeDirectory(joinPath(cacheDir ?? cacheDirectory(), 'tuning'));
  await writeFileAtomic(path, (before?.with(tuning) ?? tuning).encode());
  return path;
}
