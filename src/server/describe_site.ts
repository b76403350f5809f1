/** Describes what a site offers, from the built page's folder, the zoo, and this computer's weights cache. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, sha256 } from '#platform';
import { version } from '../../package.json';
import { openHead } from '../nn/head_file.ts';
import type { Site, SiteHead, SiteImage, SiteModel } from '../web/shared/site.ts';
import { type CachedFile, findCached } from '../weights/cache.ts';
import { ZOO, type ZooEntry, zooEntry } from '../weights/zoo.ts';

export interface StaticSiteOptions {
  /** The built page, including samples and heads. */
  readonly folder: string;
  readonly weightsUrl: string;
  /** Also copies this computer's cached weights to `weights/`. */
  readonly copyWeights?: boolean;
}

export interface CopiedFile {
  readonly from: string;
  readonly to: string;
}

/** Describes a site for a host that only serves static files, and lists the weights files to copy. */
export async function describeStaticSite({
  folder,
  weightsUrl,
  copyWeights = false,
}: StaticSiteOptions): Promise<{ site: Site; files: CopiedFile[] }> {
  const cached = copyWeights ? await cachedWeights(cacheDirectory()) : new Map<string, CachedFile>();
  const models = siteModels(cached).map(model => ({ ...model, isHere: true }));
  const site = { ...(await describeFolder(folder)), models, weightsUrl, isLocal: false, canPull: false };
  const files = [...cached].map(([id, { path }]) => ({
    from: path,
    to: `weights/${models.find(model => model.id === id)!.file}`,
  }));
  return { site, files };
}

/** Returns the samples, the heads, and the default network: that of the first head. */
export async function describeFolder(folder: string): Promise<Pick<Site, 'version' | 'model' | 'heads' | 'images'>> {
  const heads = await siteHeads(folder);
  return { version, model: heads[0]?.backbone ?? ZOO[0]!.id, heads, images: await siteImages(folder) };
}

/** Returns the zoo's files that this computer has, by id. */
export async function cachedWeights(cacheDir: string): Promise<Map<string, CachedFile>> {
  const found = new Map<string, CachedFile>();
  for (const entry of ZOO) {
    const cached = await findCached(fileEntry(entry), cacheDir);
    if (cached) found.set(entry.id, cached);
  }
  return found;
}

export function siteModels(cached: ReadonlyMap<string, CachedFile>): SiteModel[] {
  return ZOO.map(entry => {
    const { id, architecture, note, licence } = entry;
    const here = cached.get(id);
    const source = fileEntry(entry).sources.find(({ kind }) => kind !== 'net2net')!;
    const { file, sha256: digest = '' } = source as { file: string; sha256?: string };
    return {
      id,
      architecture,
      note,
      licence,
      file: here ? here.path.split(/[\\/]/).at(-1)! : file,
      sizeBytes: here?.sizeBytes ?? 0,
      sha256: here?.sha256 ?? digest,
      isHere: here !== undefined,
    };
  });
}

/** Returns the entry whose file this one uses. */
function fileEntry(entry: ZooEntry): ZooEntry {
  const [source] = entry.sources;
  return source?.kind === 'net2net' ? fileEntry(zooEntry(source.from)) : entry;
}

async function siteHeads(folder: string): Promise<SiteHead[]> {
  const heads: SiteHead[] = [];
  for (const name of (await readdir(join(folder, 'heads'))).sort()) {
    const { backbone } = (await openHead(join(folder, 'heads', name))).metadata;
    heads.push({ name, url: `heads/${encodeURIComponent(name)}`, backbone });
  }
  return heads;
}

async function siteImages(folder: string): Promise<SiteImage[]> {
  const images: SiteImage[] = [];
  for (const split of ['test', 'train'] as const) {
    const sample = join(folder, 'sample', 'chest_xray', split);
    for (const label of (await readdir(sample)).sort())
      for (const name of (await readdir(join(sample, label))).sort()) {
        const digest = await sha256(await readFile(join(sample, label, name)));
        const url = ['sample', 'chest_xray', split, label, name].map(encodeURIComponent).join('/');
        images.push({ name, label, split, url, sha256: digest });
      }
  }
  return images;
}
