/** Reads head files, and finds the site's head for a network. */
import { bytesSource } from '#platform';
import { InputError } from '../../errors/index.ts';
import type { Network } from '../../inference/network.ts';
import { checkHeadFits, type HeadFile, readHead } from '../../nn/head_file.ts';
import { openWeightsSource } from '../../weights/open_weights.ts';
import { RESNET_LAYOUTS } from '../../weights/resnet_shapes.ts';
import type { Site } from '../shared/site.ts';

/** Returns the first of the site's heads that fits, if any. */
export async function findHead(site: Site, baseUrl: string, network: Network): Promise<HeadFile | undefined> {
  for (const { name, url } of site.heads) {
    // If the site is unreachable, go on with the next head.
    const response = await fetch(new URL(url, baseUrl)).catch(() => undefined);
    if (!response?.ok) continue;
    const file = await parseHead(name, new Uint8Array(await response.arrayBuffer()));
    if (isHeadOf(file, network)) return file;
  }
  return undefined;
}

/** Checks that a head fits a network. @throws InputError  the head was trained on other features */
export function requireHeadOf(file: HeadFile, { backbone }: Network): void {
  checkHeadFits(file, { ...backbone, featureCount: RESNET_LAYOUTS[backbone.architecture].features });
}

export function isHeadOf(file: HeadFile, network: Network): boolean {
  try {
    requireHeadOf(file, network);
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** Reads a head file. @throws InputError | WeightsError  the bytes are not a head */
export async function parseHead(name: string, bytes: Uint8Array): Promise<HeadFile> {
  const file = await openWeightsSource(bytesSource(name, bytes));
  try {
    return await readHead(file);
  } finally {
    await file.close();
  }
}
