/** Which of the site's heads reads a network's features. */
import { bytesSource } from '#platform';
import { InputError } from '../../errors.ts';
import type { Network } from '../../inference/network.ts';
import { checkHeadFits, type HeadFile, readHead } from '../../nn/head_file.ts';
import { openWeightsSource } from '../../weights/open_weights.ts';
import { RESNET_LAYOUTS } from '../../weights/resnet_shapes.ts';
import type { Site } from '../site.ts';

/** The first of the site's heads that fits, if any. */
export async function findHead(site: Site, baseUrl: string, { backbone }: Network): Promise<HeadFile | undefined> {
  const { features: featureCount } = RESNET_LAYOUTS[backbone.architecture];
  for (const { name, url } of site.heads) {
    const response = await fetch(new URL(url, baseUrl)).catch(() => undefined); // a site that is away is no reason to stop
    if (!response?.ok) continue;
    const file = await parseHead(name, new Uint8Array(await response.arrayBuffer()));
    try {
      checkHeadFits(file, { ...backbone, featureCount });
      return file;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  return undefined;
}

/** @throws InputError | WeightsError  the bytes are no head */
export async function parseHead(name: string, bytes: Uint8Array): Promise<HeadFile> {
  const file = await openWeightsSource(bytesSource(name, bytes));
  try {
    return await readHead(file);
  } finally {
    await file.close();
  }
}
