/** Where measurements of convolutions are kept: a file for each adapter, the same that a page gives and takes. */
import { cacheDirectory, fileExists, joinPath, makeDirectory, readTextFile, writeFileAtomic } from '#platform';
import type { BuildOptions } from '../inference/network.ts';
import { MOST_TUNING_BYTES, type TunedAdapter, Tuning } from '../nn/tuning.ts';

/** A GPU's by its family: what a page measured does not tell its name. */
export function tuningFile({ kind, ...adapter }: TunedAdapter, cacheDir = cacheDirectory()): string {
  const { vendor, architecture, description } = adapter;
  const name = [vendor, architecture, ...(kind === 'gpu' ? [] : [description])].filter(Boolean).join('-');
  return joinPath(cacheDir, 'tuning', `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.json`);
}

/** Nothing where the adapter was never tuned. @throws InputError  the file is no tuning of this version */
export async function readTuning(adapter: TunedAdapter, cacheDir?: string): Promise<Tuning | undefined> {
  const path = tuningFile(adapter, cacheDir);
  if (!(await fileExists(path))) return undefined;
  const tuning = Tuning.decode(await readTextFile(path, MOST_TUNING_BYTES), path);
  return tuning.isOf(adapter) ? tuning : undefined;
}

/** What `raycam tune` kept of the adapter that a network opens, unless it is to be left out. */
export function tuningFor(flags: { readonly tuning?: boolean; readonly cacheDir?: string }): BuildOptions['tuningFor'] {
  return flags.tuning === false ? undefined : adapter => readTuning(adapter, flags.cacheDir);
}

/** Beside what is there of other sizes. Returns the file. */
export async function keepTuning(tuning: Tuning, cacheDir?: string): Promise<string> {
  const path = tuningFile(tuning.adapter, cacheDir);
  const before = await readTuning(tuning.adapter, cacheDir).catch(() => undefined); // an older version's is replaced
  await makeDirectory(joinPath(cacheDir ?? cacheDirectory(), 'tuning'));
  await writeFileAtomic(path, (before?.with(tuning) ?? tuning).encode());
  return path;
}
